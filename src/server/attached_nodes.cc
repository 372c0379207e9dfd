#include "server/attached_nodes.h"

namespace howdah::server {
namespace {

using base::Fd;
using base::Result;
using base::Status;
using nodes::NodeSeen;

class AttachedNodes final : public nodes::Provider {
 public:
  AttachedNodes(std::unique_ptr<nodes::Provider> real,
                std::function<void(const std::string&)> ending)
      : real_(std::move(real)), ending_(std::move(ending)) {}

  Status stop(const std::string& id) override {
    ending_(id);
    return real_->stop(id);
  }
  Status remove(const std::string& id) override {
    ending_(id);
    return real_->remove(id);
  }
  Status ensure(const nodes::NodeSpec& spec) override {
    if (const auto seen = real_->look(spec.id); !seen.ok() || !seen->alive) ending_(spec.id);
    return real_->ensure(spec);
  }

  Result<std::string> ensure_network(const std::string& id) override {
    return real_->ensure_network(id);
  }
  Status remove_network(const std::string& id) override { return real_->remove_network(id); }
  Status stop_network(const std::string& id) override { return real_->stop_network(id); }
  Result<std::vector<std::string>> networks() override { return real_->networks(); }
  Result<Fd> connect_inside(const std::string& id, uint16_t port, base::Millis timeout) override {
    return real_->connect_inside(id, port, timeout);
  }
  Result<Fd> listen_inside(const std::string& id, const std::string& address,
                           uint16_t port) override {
    return real_->listen_inside(id, address, port);
  }
  Status update(const nodes::NodeSpec& spec) override { return real_->update(spec); }
  Result<std::string> public_address(const std::string& id) override {
    return real_->public_address(id);
  }
  Result<std::vector<NodeSeen>> list() override { return real_->list(); }
  Result<NodeSeen> look(const std::string& id) override { return real_->look(id); }
  Result<std::map<std::string, nodes::NodeUsage>> usage() override { return real_->usage(); }
  Status forget(const std::string& id) override { return real_->forget(id); }
  Status start(const std::string& id, const nodes::ProcessSpec& spec) override {
    return real_->start(id, spec);
  }
  Status signal(const std::string& id, const std::string& process, nodes::Signal signal) override {
    return real_->signal(id, process, signal);
  }
  Result<std::filesystem::path> host_path(const std::string& id,
                                          const std::filesystem::path& inside) override {
    return real_->host_path(id, inside);
  }
  Result<Fd> open_file(const std::string& id, const std::filesystem::path& inside) override {
    return real_->open_file(id, inside);
  }
  Result<std::vector<nodes::FolderEntry>> list_folder(
      const std::string& id, const std::filesystem::path& inside) override {
    return real_->list_folder(id, inside);
  }
  Result<Fd> open_log(const std::string& id, const std::filesystem::path& inside) override {
    return real_->open_log(id, inside);
  }
  void wait_for_change(base::Millis timeout, std::stop_token stop) override {
    real_->wait_for_change(timeout, std::move(stop));
  }

 private:
  std::unique_ptr<nodes::Provider> real_;
  std::function<void(const std::string&)> ending_;
};

}  // namespace

std::unique_ptr<nodes::Provider> attached_nodes(std::unique_ptr<nodes::Provider> real,
                                                std::function<void(const std::string&)> ending) {
  return std::make_unique<AttachedNodes>(std::move(real), std::move(ending));
}

}  // namespace howdah::server
