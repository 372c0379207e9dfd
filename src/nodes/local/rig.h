#pragma once

// What tests of the local provider stand on: a data directory of their own, a node, and processes
// that are waited for by condition. For tests only.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "base/ids.h"
#include "nodes/local/provider.h"
#include "os/file.h"
#include "os/layout.h"

namespace howdah::nodes {

class Rig {
 public:
  Rig() {
    char path[] = "/tmp/howdah-test-XXXXXX";
    data_ = ::mkdtemp(path);
    base::RandomIds ids;
    const os::Layout layout(data_);
    EXPECT_TRUE(layout.prepare().ok());
    tag_ = layout.installation_id(ids).value();
    open();
  }
  ~Rig() {
    if (auto nodes = provider_->list(); nodes.ok())
      for (const auto& node : *nodes) {
        auto removed = provider_->remove(node.id);
        EXPECT_TRUE(removed.ok()) << removed.error().message;
        EXPECT_TRUE(provider_->forget(node.id).ok());
      }
    EXPECT_TRUE(provider_->forget("j-1/i-1").ok());  // logs that a test left
    if (auto networks = provider_->networks(); networks.ok())
      for (const auto& network : *networks) {
        auto removed = provider_->remove_network(network);
        EXPECT_TRUE(removed.ok()) << removed.error().message;
      }
    provider_.reset();
    base::SystemClock clock;  // what is erased behind may still be at it
    for (int i = 0; i < 500 && !os::erase_tree(data_).ok(); ++i) clock.wait(base::Millis(10), {});
    EXPECT_FALSE(std::filesystem::exists(data_));
  }

  /// As after a restart of the server: nothing but the world is remembered.
  void open() { provider_ = make_local_provider({data_, tag_, HOWDAH_SHIM}); }

  Provider& provider() { return *provider_; }
  const std::filesystem::path& data() const { return data_; }
  const std::string& tag() const { return tag_; }

  static NodeSpec node_spec(std::string id = "j-1/i-1") {
    NodeSpec spec;
    spec.id = std::move(id);
    spec.hostname = "ip-10-0-0-1.ec2.internal";
    return spec;
  }
  static ProcessSpec shell(std::string id, std::string script) {
    ProcessSpec spec;
    spec.id = std::move(id);
    spec.argv = {"bash", "-c", std::move(script)};
    spec.stdout_path = "/mnt/var/log/" + spec.id + "/stdout";
    spec.stderr_path = "/mnt/var/log/" + spec.id + "/stderr";
    return spec;
  }

  ProcessSeen look(const std::string& process, const std::string& node = "j-1/i-1") {
    auto seen = provider_->look(node);
    if (seen.ok())
      for (const auto& [id, state] : seen->processes)
        if (id == process) return state;
    return {};
  }

  /// Waits by condition, at most a minute.
  ProcessSeen wait_for_end(const std::string& process, const std::string& node = "j-1/i-1") {
    base::SystemClock clock;
    const auto until = clock.steady() + base::Millis(60'000);
    for (;;) {
      const auto seen = look(process, node);
      if (seen.state != ProcessSeen::State::kRunning || clock.steady() > until) return seen;
      provider_->wait_for_change(base::Millis(1000), {});
    }
  }

  struct Ran {
    ProcessSeen seen;
    std::string out, err;
  };
  Ran run(const ProcessSpec& spec, const std::string& node = "j-1/i-1") {
    auto started = provider_->start(node, spec);
    EXPECT_TRUE(started.ok()) << started.error().message;
    Ran ran;
    ran.seen = wait_for_end(spec.id, node);
    ran.out = text_of(spec.stdout_path, node);
    ran.err = text_of(spec.stderr_path, node);
    return ran;
  }
  Ran run(const std::string& id, const std::string& script) { return run(shell(id, script)); }

  std::string text_of(const std::filesystem::path& inside, const std::string& node = "j-1/i-1") {
    auto fd = provider_->open_file(node, inside);
    if (!fd.ok()) return "(" + fd.error().message + ")";
    return os::read_file("/proc/self/fd/" + std::to_string(fd->get())).value_or("(unreadable)");
  }

 private:
  std::filesystem::path data_;
  std::string tag_;
  std::unique_ptr<Provider> provider_;
};

}  // namespace howdah::nodes
