#pragma once

// Nodes in memory: deterministic, instant, without any process. For tests of plan and control and
// for simulation. Processes run until they are told to end; any call can be made to fail, before
// its effect (nothing happened) or after it (the answer was lost). Ownership: holds the whole
// world; a simulated restart keeps it. Borrows the clock. Threads: all methods concurrently; hooks
// are called without the lock. Differs from the real one: wait_for_change ends by a change or by
// `stop`, not by time, since time is the test's.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "nodes/provider.h"

namespace howdah::nodes {

class FakeProvider final : public Provider {
 public:
  explicit FakeProvider(const base::Clock& clock) : clock_(clock) {}

  // ---- what a test does to the world; unknown ids abort (a bug of the test)
  // ----------------------

  void finish(const std::string& node_id, const std::string& process_id, int exit_code = 0);
  void finish_by_signal(const std::string& node_id, const std::string& process_id, int signal,
                        bool out_of_memory = false);
  void lose(const std::string& node_id, const std::string& process_id,
            std::string reason = "it was killed together with its supervisor (pid 1)");
  /// Its init is gone: it is no longer alive, and what ran in it has ended by SIGKILL.
  void kill_node(const std::string& node_id, std::string reason = "its init (pid 1) was ended");
  /// Of all nodes; running processes are lost, as a real restart leaves them.
  void restart_host();
  /// What a process would have written; read through open_file() and host_path().
  void write(const std::string& node_id, const std::filesystem::path& inside, std::string text);
  /// From now on connect_inside(node_id, port) leads to 127.0.0.1:`host_port`, where a test
  /// listens; 0: nothing listens there any more.
  void listen_for(const std::string& node_id, uint16_t port, uint16_t host_port);
  /// From now on usage() says so of the node, while it is alive.
  void use(const std::string& node_id, NodeUsage usage);
  /// Processes whose id contains `part` go on after SIGTERM.
  void ignore_terminate(std::string part);

  /// Called for every process that starts; an exit code ends it at once. Unset: they run on.
  using Script =
      std::function<std::optional<int>(const std::string& node_id, const ProcessSpec& spec)>;
  void set_script(Script script);

  enum class Call {
    kEnsure,
    kList,
    kLook,
    kRemove,
    kForget,
    kStart,
    kSignal,
    kUpdate,
    kEnsureNetwork,
    kRemoveNetwork
  };
  enum class When { kBefore, kAfter };
  /// Asked at every call, twice; an error becomes the call's answer.
  using Fault = std::function<std::optional<base::Error>(
      Call call, When when, const std::string& node_id, const std::string& process_id)>;
  void set_fault(Fault fault);
  /// The next `times` calls of that kind fail with `error`, without effect.
  void fail_next(Call call, base::Error error, int times = 1);

  // ---- what a test asks
  // ----------------------------------------------------------------------------

  struct Started {
    std::string node_id;
    ProcessSpec spec;
  };
  std::vector<Started> started() const;      // every process that really began, in order
  std::vector<std::string> running() const;  // "node process", sorted
  std::optional<NodeSpec> spec_of(const std::string& node_id) const;
  int count(Call call) const;  // calls, failed ones too

  // ---- Provider
  // ------------------------------------------------------------------------------------

  base::Result<std::string> ensure_network(const std::string& network_id) override;
  base::Status remove_network(const std::string& network_id) override;
  base::Status stop_network(const std::string&) override { return base::ok(); }
  base::Result<std::vector<std::string>> networks() override;
  /// kUnavailable but for what listen_for() has named.
  base::Result<base::Fd> connect_inside(const std::string& node_id, uint16_t port,
                                        base::Millis timeout) override;
  base::Result<base::Fd> listen_inside(const std::string& node_id, const std::string& address,
                                       uint16_t port) override;
  base::Status update(const NodeSpec& spec) override;
  base::Result<std::string> public_address(const std::string& node_id) override;
  base::Status ensure(const NodeSpec& spec) override;
  base::Result<std::vector<NodeSeen>> list() override;
  base::Result<NodeSeen> look(const std::string& node_id) override;
  base::Result<std::map<std::string, NodeUsage>> usage() override;
  base::Status stop(const std::string& node_id) override;
  base::Status remove(const std::string& node_id) override;
  base::Status forget(const std::string& node_id) override;
  base::Status start(const std::string& node_id, const ProcessSpec& spec) override;
  base::Status signal(const std::string& node_id, const std::string& process_id,
                      Signal signal) override;
  base::Result<std::filesystem::path> host_path(const std::string& node_id,
                                                const std::filesystem::path& inside) override;
  base::Result<base::Fd> open_file(const std::string& node_id,
                                   const std::filesystem::path& inside) override;
  base::Result<std::vector<FolderEntry>> list_folder(const std::string& node_id,
                                                     const std::filesystem::path& inside) override;
  base::Result<base::Fd> open_log(const std::string& node_id,
                                  const std::filesystem::path& inside) override;
  void wait_for_change(base::Millis timeout, std::stop_token stop) override;

 private:
  struct Node {
    NodeSpec spec;
    bool alive = true;
    std::string reason;
    std::map<std::string, ProcessSeen> processes;
    std::optional<NodeUsage> usage;
  };

  std::optional<base::Error> fault(Call call, When when, const std::string& node_id,
                                   const std::string& process_id = {});
  void change(const std::string& node_id, const std::string& process_id,
              const std::function<void(ProcessSeen&)>& edit);
  void end_all(Node& node, const std::function<void(ProcessSeen&)>& edit);
  NodeSeen seen_of(const std::string& id, const Node& node) const;
  void changed_locked();

  const base::Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any condition_;
  uint64_t changes_ = 0, reported_ = 0;
  std::map<std::string, Node> nodes_;
  std::map<std::string, int> networks_;                                // id -> which subnet
  std::map<std::pair<std::string, std::string>, base::Fd> files_;      // node, path -> memfd
  std::map<std::pair<std::string, std::string>, base::Time> written_;  // node, path
  std::map<std::pair<std::string, uint16_t>, uint16_t> doors_;  // node, port -> the host's port
  std::vector<Started> started_;
  std::vector<std::string> deaf_;
  std::map<Call, std::deque<base::Error>> failures_;
  std::map<Call, int> counts_;
  Script script_;
  Fault fault_;
};

}  // namespace howdah::nodes
