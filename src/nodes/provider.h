#pragma once

// Where nodes come from: this host's namespaces (nodes/local), later SSH hosts and Kubernetes.
// Everything has a deterministic name, every call is idempotent and returns within a second: what
// takes longer is a supervised process whose progress is looked at. A crash between any two calls
// is repaired by calling again. Ownership: the provider owns nodes and processes in the world, not
// in memory: they outlive the server. Threads: all methods may be called concurrently; calls for
// one node are serialised inside.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace howdah::nodes {

/// A folder or file of the host shown inside a node.
struct Mount {
  std::filesystem::path source;  // on the host; must exist
  std::filesystem::path target;  // absolute, inside the node; made when missing
  bool read_only = true;
};

struct NodeSpec {
  std::string id;        // "j-3SD91U2E1L2QX/i-0123456789abcdef0": cluster and instance
  std::string hostname;  // "ip-10-0-0-1.ec2.internal"
  std::vector<Mount> mounts;
  /// Files written into the node before anything runs in it: path inside the node, contents, mode.
  struct File {
    std::filesystem::path path;
    std::string contents;
    uint32_t mode = 0644;
  };
  std::vector<File> files;
  std::vector<std::pair<std::string, std::string>> environment;  // of every process in the node
  /// Its place in a network of nodes, which ensure_network() has made. Without one (an empty
  /// `network`) the node shares the host's network.
  std::string network;  // "j-3SD91U2E1L2QX"
  std::string address;  // IPv4, of the network's subnet: "10.64.12.10"
  /// Lines of /etc/hosts beside localhost and the node's own: address, names.
  std::vector<std::pair<std::string, std::vector<std::string>>> hosts;
  /// Data volumes: /mnt is the first, /mnt1 … follow; sizes in GiB (EbsConfiguration). A size is
  /// what the node advertises; it is enforced only where the host can (said in ensure()'s
  /// warnings).
  std::vector<uint64_t> volumes_gib;
  /// Of all its processes together, beside what each may take; 0: none. Enforced by a cgroup where
  /// there is one; processes that run already when it changes keep what they had.
  uint64_t memory_limit_bytes = 0;
};

struct ProcessSpec {
  std::string id;  // "s-3LZC0QUT43AM/attempt-1", unique within its node
  std::vector<std::string>
      argv;  // argv[0] is looked up in PATH inside the node; never a shell string
  std::vector<std::pair<std::string, std::string>> environment;  // beside the node's own
  /// Where a node can have one user only, "root" means that one.
  std::string user = "hadoop";
  std::filesystem::path working_directory;  // inside the node; made (owned by `user`) when missing
  std::filesystem::path stdout_path;        // inside the node; folders are made; appended to
  std::filesystem::path stderr_path;
  uint64_t memory_limit_bytes = 0;  // 0: none. Enforced by a cgroup where there is one
  /// The id of a process of the node that was started with a limit: from now on this one's limit is
  /// of both together, and either's end by it is this one's (ProcessSeen::out_of_memory).
  std::string memory_with;
  /// What the process leaves running goes on after its end, until the node's: bootstrap actions
  /// start daemons. Without it the end of the process ends all its descendants.
  bool linger = false;
};

struct ProcessSeen {
  enum class State {
    kUnknown,  // nobody started it
    kRunning,
    kExited,  // exit_code, or signal, is set
    kLost,    // it was started, does not run and left no exit status: the host went down, or it was
              // killed with its shim
  };
  State state = State::kUnknown;
  int exit_code = 0;
  int signal = 0;  // that ended it; 0: none
  bool out_of_memory = false;
  std::string reason;  // for kLost: what is known
  std::optional<base::Time> started;
  std::optional<base::Time> ended;
};

struct NodeSeen {
  std::string id;
  bool alive = false;  // its init runs and its mounts stand
  std::string reason;  // when not alive
  std::vector<std::pair<std::string, ProcessSeen>> processes;
};

enum class Signal { kTerminate, kKill };

/// What the processes of a node use together.
struct NodeUsage {
  base::Millis cpu{0};        // since they began; it may shrink when some of them have ended
  uint64_t memory_bytes = 0;  // resident now; what several share counts for each
  uint64_t read_bytes = 0;    // that came from the host's storage since they began, or went there
  uint64_t written_bytes = 0;
};

/// One thing in a folder of a node: a plain file or a folder; anything else is left out.
struct FolderEntry {
  std::string name;
  bool folder = false;
  uint64_t size = 0;
  base::Time modified;
};

class Provider {
 public:
  virtual ~Provider() = default;

  // ---- networks of nodes

  /// Makes the network that the nodes of a cluster share, or mends it, and gives its subnet:
  /// "10.64.12.0/22". The first address is the host's (or the gateway's), the next nine are kept
  /// free; the same id always gets the same subnet until remove_network(). kFailedPrecondition
  /// where there can be none, with what to allow.
  virtual base::Result<std::string> ensure_network(const std::string& network_id) = 0;
  virtual base::Status remove_network(const std::string& network_id) = 0;
  /// Ends its processes and links; what is written down stays, so that ensure_network() brings it
  /// back with the same subnet. Succeeds when it does not run.
  virtual base::Status stop_network(const std::string& network_id) = 0;
  /// All networks of this installation, wanted or not.
  virtual base::Result<std::vector<std::string>> networks() = 0;
  /// A connection to what listens inside the node, at its own address or at loopback there.
  /// kUnavailable when nothing listens; kNotFound when there is no such node.
  virtual base::Result<base::Fd> connect_inside(const std::string& node_id, uint16_t port,
                                                base::Millis timeout) = 0;
  /// A listening TCP socket bound inside the node's network namespace ("127.0.0.1", 4566), for this
  /// process to accept on. kAlreadyExists when something inside listens there. For a node that
  /// shares the host's network: kFailedPrecondition.
  virtual base::Result<base::Fd> listen_inside(const std::string& node_id,
                                               const std::string& address, uint16_t port) = 0;
  /// Writes the spec's files, hosts and names that differ into the running node (the hosts file in
  /// place: bind mounts follow the inode) and remembers the spec for a later ensure().
  virtual base::Status update(const NodeSpec& spec) = 0;
  /// The address at which this host reaches the node from outside: its own with root, 127.x.y.z in
  /// front of it without; "127.0.0.1" for one that shares the host's network.
  virtual base::Result<std::string> public_address(const std::string& node_id) = 0;

  // ---- nodes

  /// Makes the node, or mends what is missing of it.
  virtual base::Status ensure(const NodeSpec& spec) = 0;
  /// Every node that bears this installation's id, wanted or not.
  virtual base::Result<std::vector<NodeSeen>> list() = 0;
  /// One node; kNotFound when there is none.
  virtual base::Result<NodeSeen> look(const std::string& node_id) = 0;
  /// Of every node in which something runs, by id; for metrics, not for decisions.
  virtual base::Result<std::map<std::string, NodeUsage>> usage() = 0;
  /// Ends every process of the node, as a power cut would: what it holds on disk stays, ensure()
  /// brings it back. Succeeds when there is no such node.
  virtual base::Status stop(const std::string& node_id) = 0;
  /// Ends every process of the node, and removes its mounts, cgroups and folders; but what lies
  /// below /mnt/var/log inside it is kept until forget(). Succeeds when there is no such node.
  virtual base::Status remove(const std::string& node_id) = 0;
  virtual base::Status forget(const std::string& node_id) = 0;
  /// Starts the process unless it was started before: the shim claims it (O_EXCL), so that two
  /// calls, or two servers, run it once.
  virtual base::Status start(const std::string& node_id, const ProcessSpec& spec) = 0;
  /// To the process and all its descendants. Succeeds when it does not run.
  virtual base::Status signal(const std::string& node_id, const std::string& process_id,
                              Signal signal) = 0;
  /// Where a path below /mnt inside the node lies on this host, for reading logs. Confined:
  /// kInvalidArgument for a path that leaves the node's /mnt, symbolic links included.
  virtual base::Result<std::filesystem::path> host_path(const std::string& node_id,
                                                        const std::filesystem::path& inside) = 0;
  /// Opens that file for reading: as host_path(), but nothing can be put in its place in between,
  /// and only plain files open (kInvalidArgument). Prefer it for whatever user code may have
  /// written.
  virtual base::Result<base::Fd> open_file(const std::string& node_id,
                                           const std::filesystem::path& inside) = 0;
  /// What lies in a folder, sorted by name, at most 10,000 entries; confined as open_file().
  /// kNotFound when there is no such folder.
  virtual base::Result<std::vector<FolderEntry>> list_folder(
      const std::string& node_id, const std::filesystem::path& inside) = 0;
  /// Opens a log of ours for reading and appending, made with its folders when missing; confined
  /// likewise.
  virtual base::Result<base::Fd> open_log(const std::string& node_id,
                                          const std::filesystem::path& inside) = 0;
  /// Blocks until a process of any node may have ended, or `timeout` passed: a hint for the control
  /// loop.
  virtual void wait_for_change(base::Millis timeout, std::stop_token stop) = 0;
};

}  // namespace howdah::nodes
