#include <cstdlib>

#include "control/jobs/host.h"
#include "os/file.h"

namespace howdah::control {
namespace {

constexpr uint64_t kMiB = 1024 * 1024;

// A field of /proc/meminfo, in bytes.
uint64_t meminfo(std::string_view name) {
  const auto text = os::read_file("/proc/meminfo");
  if (!text.ok()) return 0;
  const size_t at = text->find(std::string(name) + ":");
  if (at == std::string::npos) return 0;
  return std::strtoull(text->c_str() + at + name.size() + 1, nullptr, 10) * 1024;
}

class LocalHost final : public Host {
 public:
  explicit LocalHost(const apps::InstanceTypes& types)
      : types_(types), total_(meminfo("MemTotal")) {}
  uint64_t total_memory() override { return total_; }
  uint64_t available_memory() override { return meminfo("MemAvailable"); }
  uint64_t declared_memory(const std::string& name) override {
    const apps::InstanceType* type = types_.find(name);
    return type ? type->memory_mib() * kMiB : 0;
  }

 private:
  const apps::InstanceTypes& types_;
  const uint64_t total_;
};

}  // namespace

std::unique_ptr<Host> make_local_host(const apps::InstanceTypes& types) {
  return std::make_unique<LocalHost>(types);
}

}  // namespace howdah::control
