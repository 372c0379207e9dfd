#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "control/jobs/host.h"
#include "os/file.h"

namespace howdah::control {
namespace {

constexpr uint64_t kMiB = 1024 * 1024;
constexpr uint64_t kJiffiesASecond = 100;  // USER_HZ

// A field of /proc/meminfo, in bytes.
uint64_t meminfo(const std::filesystem::path& proc, std::string_view name) {
  const auto text = os::read_file(proc / "meminfo");
  if (!text.ok()) return 0;
  const size_t at = text->find(std::string(name) + ":");
  if (at == std::string::npos) return 0;
  return std::strtoull(text->c_str() + at + name.size() + 1, nullptr, 10) * 1024;
}

// Of all processors together since the host began, in 1/100 s.
struct Jiffies {
  uint64_t idle = 0;
  uint64_t all = 0;
};

// The first line of /proc/stat: "cpu  USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL GUEST …"
// (proc(5)); what guests used is counted in USER.
Jiffies jiffies(const std::filesystem::path& proc) {
  Jiffies out;
  const std::string text = os::read_file(proc / "stat").value_or("");
  const char* at = text.c_str() + std::min(text.size(), std::strlen("cpu"));
  for (int field = 0; field < 8; ++field) {
    char* end = nullptr;
    const uint64_t value = std::strtoull(at, &end, 10);
    at = end;
    out.all += value;
    if (field == 3 || field == 4) out.idle += value;
  }
  return out;
}

class LocalHost final : public Host {
 public:
  LocalHost(const apps::InstanceTypes& types, std::filesystem::path proc)
      : types_(types), proc_(std::move(proc)), total_(meminfo(proc_, "MemTotal")) {}
  uint64_t total_memory() override { return total_; }
  uint64_t available_memory() override { return meminfo(proc_, "MemAvailable"); }
  double idle_cpus() override {
    std::lock_guard lock(mutex_);
    const Jiffies now = jiffies(proc_);
    if (now.all >= newer_.all + kJiffiesASecond * cpus_) older_ = std::exchange(newer_, now);
    if (older_.all == 0 || now.all <= older_.all) return static_cast<double>(cpus_);
    // What a processor waited for storage may be taken back later (proc(5)).
    const uint64_t idle = now.idle - std::min(now.idle, older_.idle);
    return static_cast<double>(cpus_) * static_cast<double>(idle) /
           static_cast<double>(now.all - older_.all);
  }
  uint64_t declared_memory(const std::string& name) override {
    const apps::InstanceType* type = types_.find(name);
    return type ? type->memory_mib() * kMiB : 0;
  }

 private:
  const apps::InstanceTypes& types_;
  const std::filesystem::path proc_;
  const uint64_t total_;
  const uint64_t cpus_ = std::max(1u, std::thread::hardware_concurrency());
  std::mutex mutex_;
  Jiffies older_, newer_;
};

}  // namespace

std::unique_ptr<Host> make_local_host(const apps::InstanceTypes& types,
                                      std::filesystem::path proc) {
  return std::make_unique<LocalHost>(types, std::move(proc));
}

}  // namespace howdah::control
