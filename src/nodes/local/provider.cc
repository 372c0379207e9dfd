#include "nodes/local/provider.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "nodes/local/networks.h"
#include "nodes/local/node_root.h"
#include "nodes/local/watch.h"
#include "os/cgroup.h"
#include "os/container.h"
#include "os/file.h"
#include "os/layout.h"
#include "os/network.h"
#include "os/supervisor.h"
#include "os/usage.h"

extern "C" const char howdah_sudo_begin[], howdah_sudo_end[];

namespace howdah::nodes {
namespace {

constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr uint32_t kFirstId = 524288, kIdsPerCluster = 65536, kClusterSlots = 20000;
constexpr int kOrphanWaitMillis = 2000;

base::Error shares_host(const std::string& node_id) {
  return {base::Code::kFailedPrecondition,
          "the node " + node_id + " shares the host's network",
          {},
          {}};
}

// What of a node is shown at the host's loopback without root: the ports that EMR's users speak to
// (EMR Management Guide, "Service ports"). ssh's is not among what a user may have.
const std::vector<uint16_t> kShownPorts = {2181,  8020,  8032,  8042,  8088, 8188,
                                           8443,  8998,  9083,  9864,  9870, 10000,
                                           10002, 16010, 18080, 19888, 20888};

/// "10.64.12.10" -> "127.64.12.10"
std::string front_of(const std::string& address) {
  return "127" + address.substr(address.find('.'));
}

using Environment = std::vector<std::pair<std::string, std::string>>;

// The same range for all nodes of a cluster, another for (nearly) every other cluster; above what
// distributions give to users (/etc/login.defs), below 2^31.
uint32_t first_id_of(const std::string& installation, const std::string& node_id) {
  const std::string cluster = node_id.substr(0, node_id.find('/'));
  const std::string hash = base::sha256_hex(installation + " " + cluster).substr(0, 8);
  const auto number = std::strtoul(hash.c_str(), nullptr, 16);
  return kFirstId + static_cast<uint32_t>(number % kClusterSlots) * kIdsPerCluster;
}

void set(Environment& environment, const std::string& name, const std::string& value) {
  for (auto& [key, old] : environment)
    if (key == name) {
      old = value;
      return;
    }
  environment.emplace_back(name, value);
}

// Built from nothing: the server's own environment never reaches a node.
Environment environment_of(const std::string& user, const Environment& node,
                           const Environment& process) {
  Environment environment = {
      {"PATH", kPath},        {"HOME", user == "root" ? "/root" : "/home/" + user},
      {"USER", user},         {"LOGNAME", user},
      {"SHELL", "/bin/bash"}, {"LANG", "C.UTF-8"}};
  for (const auto& [name, value] : node) set(environment, name, value);
  for (const auto& [name, value] : process) set(environment, name, value);
  return environment;
}

ProcessSeen seen_of(const os::ProcessStatus& status) {
  ProcessSeen seen;
  seen.state = static_cast<ProcessSeen::State>(status.state);
  seen.exit_code = status.exit_code;
  seen.signal = status.signal;
  seen.out_of_memory = status.out_of_memory;
  seen.reason = status.reason;
  seen.started = status.started;
  seen.ended = status.ended;
  return seen;
}

// Nothing in a folder that is not there; any other error is one: what cannot be looked at now is
// not gone.
base::Result<std::vector<std::string>> names_there(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed))
    names.push_back(at->path().filename().string());
  if (failed && failed != std::errc::no_such_file_or_directory)
    return base::unavailable(folder.string() + ": " + failed.message());
  return names;
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  return names_there(folder).value_or({});
}

// What node.json keeps: enough to say whether the spec changed, and the environment of new
// processes.
struct NodeRecord {
  std::string container_digest, mounts_digest;
  std::string network, address;  // empty: the host's
  os::ProcessIdentity holder;    // of the network as the node was joined to it
  uint64_t memory_limit_bytes = 0;
  Environment environment;

  bool operator==(const NodeRecord&) const = default;
};

std::string to_text(const NodeRecord& record) {
  base::JsonArray environment;
  for (const auto& [name, value] : record.environment)
    environment.emplace_back(base::JsonArray{base::Json(name), base::Json(value)});
  return base::to_text(base::JsonObject{{"version", 1},
                                        {"container", record.container_digest},
                                        {"mounts", record.mounts_digest},
                                        {"network", record.network},
                                        {"address", record.address},
                                        {"holder", os::to_json(record.holder)},
                                        {"memory", record.memory_limit_bytes},
                                        {"environment", environment}});
}

NodeRecord record_from(const std::string& text) {
  NodeRecord record;
  const auto json = base::parse_json(text);
  if (!json.ok() || !json->is_object()) return record;
  record.container_digest = base::text_at(json->as_object(), "container");
  record.mounts_digest = base::text_at(json->as_object(), "mounts");
  record.network = base::text_at(json->as_object(), "network");
  record.address = base::text_at(json->as_object(), "address");
  record.memory_limit_bytes = static_cast<uint64_t>(base::int_at(json->as_object(), "memory"));
  if (const auto* holder = base::find_object(json->as_object(), "holder"))
    record.holder = os::identity_from(*holder);
  if (const auto* environment = base::find_array(json->as_object(), "environment"))
    for (const auto& pair : *environment)
      if (pair.is_array() && pair.as_array().size() == 2)
        set(record.environment, std::string(pair.as_array()[0].as_string()),
            std::string(pair.as_array()[1].as_string()));
  return record;
}

class LocalProvider final : public Provider {
 public:
  explicit LocalProvider(LocalOptions options)
      : options_(std::move(options)),
        layout_(options_.data),
        supervisor_(os::Launcher(options_.installation, options_.shim_binary)),
        networks_(supervisor_.launcher(), layout_, options_.installation),
        cgroups_(supervisor_.launcher().name()) {
    if (!cgroups_.warning().empty()) base::log_warn("nodes", "{}", cgroups_.warning());
    empty_trash();  // of an earlier life
    looking_ = std::jthread([this] { private_paths(); });
  }

  base::Result<std::string> ensure_network(const std::string& network_id) override {
    return networks_.ensure(network_id);
  }
  base::Status remove_network(const std::string& network_id) override {
    return networks_.remove(network_id);
  }
  base::Status stop_network(const std::string& network_id) override {
    return networks_.stop(network_id);
  }
  base::Result<std::vector<std::string>> networks() override { return networks_.list(); }
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
  void wait_for_change(base::Millis timeout, std::stop_token stop) override {
    watch_.wait(timeout, stop);
  }

 private:
  base::Result<os::NodeFolder> folder_of(const std::string& node_id) const {
    return os::NodeFolder{layout_.node(TRY(os::folder_name_of(node_id)))};
  }
  std::mutex& mutex_of(const std::string& node_id);
  const std::vector<std::string>& private_paths();
  base::Result<std::filesystem::path> sudo_program();
  base::Status make(const NodeSpec& spec, const os::NodeFolder& folder,
                    const os::ContainerSpec& container, const NodeRecord& record);
  struct Planned {
    os::ContainerSpec container;
    NodeRecord record;
  };
  base::Result<Planned> plan(const NodeSpec& spec, const os::NodeFolder& folder);
  base::Status renew(const NodeSpec& spec, const os::NodeFolder& folder, const Planned& planned);
  struct Place {
    os::ProcessIdentity init;
    NodeRecord record;
    std::filesystem::path network;
  };
  base::Result<Place> place_of(const std::string& node_id) const;
  std::string link_of(const std::string& node_id) const;
  base::Result<base::Fd> open_confined(const std::string& node_id,
                                       const std::filesystem::path& inside, int flags) const;
  base::Status end_processes(const std::string& node_id, const os::NodeFolder& folder);
  base::Status throw_away(const std::filesystem::path& path);
  void empty_trash();

  const LocalOptions options_;
  const os::Layout layout_;
  const os::Supervisor supervisor_;
  Networks networks_;
  const os::Cgroups cgroups_;
  Watch watch_;
  std::mutex mutex_;
  std::map<std::string, std::mutex> node_mutexes_;
  std::once_flag private_paths_found_;
  std::vector<std::string> private_paths_;
  std::atomic<uint64_t> trash_counter_{0};
  std::jthread looking_;  // for private paths, so that the first ensure() need not
};

std::mutex& LocalProvider::mutex_of(const std::string& node_id) {
  std::lock_guard lock(mutex_);
  return node_mutexes_[node_id];
}

const std::vector<std::string>& LocalProvider::private_paths() {
  std::call_once(private_paths_found_, [this] { private_paths_ = find_private_paths(); });
  return private_paths_;
}

base::Result<std::filesystem::path> LocalProvider::sudo_program() {
  const std::string_view bytes(howdah_sudo_begin,
                               static_cast<size_t>(howdah_sudo_end - howdah_sudo_begin));
  const auto path = layout_.nodes() / ".sudo";
  struct stat info;
  if (::stat(path.c_str(), &info) != 0 || static_cast<size_t>(info.st_size) != bytes.size())
    TRY(os::write_file(path, bytes, 0755, os::Durability::kProcess));
  return path;
}

// ---- nodes -------------------------------------------------------------------------------------

base::Status LocalProvider::make(const NodeSpec& spec, const os::NodeFolder& folder,
                                 const os::ContainerSpec& container, const NodeRecord& record) {
  TRY(end_processes(spec.id, folder));  // of an earlier life, and of a start that was cut off
  TRY(os::make_folders(folder.runs(), 0700));
  // First node.json: from here on the node is listed, so that whatever follows can be cleaned up.
  TRY(os::write_file(folder.spec(), to_text(record), 0600, os::Durability::kProcess));
  const auto started =
      TRY(os::start_container(supervisor_.launcher(), folder.path, container, spec.id));
  for (const auto& warning : started.warnings) base::log_warn("nodes", "{}: {}", spec.id, warning);
  watch_.add(started.init);
  if (record.network.empty() || ::geteuid() == 0) return base::ok();
  return os::show_front(layout_.network(TRY(os::folder_name_of(record.network))), record.address,
                        front_of(record.address), kShownPorts);
}

base::Result<LocalProvider::Planned> LocalProvider::plan(const NodeSpec& spec,
                                                         const os::NodeFolder& folder) {
  const auto ids = os::best_id_map(first_id_of(options_.installation, spec.id), kHadoopId);
  const auto sudo = TRY(sudo_program());
  RootPlan root{spec, folder.fs(), ids, sudo, layout_.data(), private_paths(), {}, {}};
  Planned planned;
  NodeRecord& record = planned.record;
  if (!spec.network.empty()) {
    const auto network = TRY(networks_.find(spec.network));
    const auto address = os::parse_address(spec.address);
    if (!address || !network.spec.subnet.holds(*address) || *address <= network.spec.name_server())
      return base::invalid_argument("'" + spec.address + "' is not an address for a node in " +
                                    os::to_text(network.spec.subnet));
    root.network.folder = network.folder;
    root.network.bridge = network.spec.bridge;
    root.network.link = link_of(spec.id);
    root.network.address = spec.address + "/" + std::to_string(network.spec.subnet.prefix);
    if (os::why_no_gateway().empty()) {
      root.network.gateway = os::address_text(network.spec.gateway());
      root.name_server = os::address_text(network.spec.name_server());
    }
    record.network = spec.network;
    record.address = spec.address;
    record.holder = network.holder;
  }
  planned.container = TRY(plan_root(root));
  record.container_digest = base::sha256_hex(os::to_text(planned.container));
  for (const auto& mount : spec.mounts)
    record.mounts_digest += mount.source.string() + ">" + mount.target.string() + "\n";
  record.mounts_digest = base::sha256_hex(record.mounts_digest + root.network.address);
  record.memory_limit_bytes = spec.memory_limit_bytes;
  record.environment = spec.environment;
  return planned;
}

// A node that runs gets what can be changed in it.
base::Status LocalProvider::renew(const NodeSpec& spec, const os::NodeFolder& folder,
                                  const Planned& planned) {
  const auto& record = planned.record;
  const auto text = os::read_file(folder.spec());
  const NodeRecord old = text.ok() ? record_from(*text) : NodeRecord{};
  if (old == record) return base::ok();
  if (!old.mounts_digest.empty() && old.mounts_digest != record.mounts_digest)
    base::log_warn("nodes", "{}: changed mounts and addresses count when the node is made again",
                   spec.id);
  if (old.container_digest != record.container_digest)
    TRY(os::rewrite_files(supervisor_.launcher(), folder.path, planned.container, spec.id));
  return os::write_file(folder.spec(), to_text(record), 0600, os::Durability::kProcess);
}

base::Status LocalProvider::ensure(const NodeSpec& spec) {
  const auto folder = TRY(folder_of(spec.id));
  std::lock_guard lock(mutex_of(spec.id));
  const auto planned = TRY(plan(spec, folder));
  const auto seen = look(spec.id);
  if (!seen.ok() || !seen->alive) return make(spec, folder, planned.container, planned.record);
  return renew(spec, folder, planned);
}

base::Status LocalProvider::update(const NodeSpec& spec) {
  const auto folder = TRY(folder_of(spec.id));
  std::lock_guard lock(mutex_of(spec.id));
  const auto seen = TRY(look(spec.id));
  if (!seen.alive) return base::ok();  // ensure() will make it of its spec
  return renew(spec, folder, TRY(plan(spec, folder)));
}

base::Result<NodeSeen> LocalProvider::look(const std::string& node_id) {
  const auto folder = TRY(folder_of(node_id));
  const auto text = os::read_file(folder.spec());
  if (!text.ok() && text.error().code == base::Code::kNotFound)
    return base::not_found("there is no node " + node_id);
  if (!text.ok()) return text.error();  // descriptors that are used up are no node that is gone
  NodeSeen seen;
  seen.id = node_id;
  const auto init = os::saved_init(folder.path);
  const auto record = record_from(*text);
  const bool connected = record.network.empty() || os::is_running(record.holder);
  const bool running = init && os::is_running(*init);
  seen.alive = running && connected;
  if (seen.alive)
    watch_.add(*init);
  else if (running)
    seen.reason = "its network " + record.network + " has ended";
  else if (!init)
    seen.reason = "its start was cut off";
  else if (init->boot_id != os::boot_id())
    seen.reason = "the host was restarted";
  else
    seen.reason = "its init (pid " + std::to_string(init->pid) + ") was ended";
  for (const std::string& name : TRY(names_there(folder.runs()))) {
    const auto status = os::Supervisor::look(folder.run(name));
    if (status.state == os::ProcessStatus::State::kUnknown) continue;
    if (status.state == os::ProcessStatus::State::kRunning) watch_.add(status.monitor);
    seen.processes.emplace_back(os::id_of_folder_name(name), seen_of(status));
  }
  return seen;
}

base::Result<std::map<std::string, NodeUsage>> LocalProvider::usage() {
  const os::ProcessTable table = os::ProcessTable::read();
  const auto all = supervisor_.launcher().find_all();
  std::set<pid_t> shims;
  for (const auto& found : all) shims.insert(found.identity.pid);
  std::map<std::string, NodeUsage> out;
  for (const auto& found : all) {
    // Everything that was started in a node is below the monitor of its run, init first.
    if (found.verb != "run" || shims.contains(table.parent_of(found.identity.pid))) continue;
    const os::Usage used = table.below(found.identity.pid);
    NodeUsage& node = out[found.label.substr(0, found.label.find(' '))];
    node.cpu += used.cpu;
    node.memory_bytes += used.memory_bytes;
    node.read_bytes += used.read_bytes;
    node.written_bytes += used.written_bytes;
  }
  return out;
}

base::Result<std::vector<NodeSeen>> LocalProvider::list() {
  std::set<std::string> ids;
  for (const std::string& name : TRY(names_there(layout_.nodes())))
    if (name[0] != '.' && ::access((layout_.node(name) / "node.json").c_str(), F_OK) == 0)
      ids.insert(os::id_of_folder_name(name));
  std::set<std::string> tagged;
  for (const auto& found : supervisor_.launcher().find_all())
    if (found.verb == "container" || found.verb == "run")
      tagged.insert(found.label.substr(0, found.label.find(' ')));
  for (const auto& name : cgroups_.nodes()) tagged.insert(os::id_of_folder_name(name));
  std::vector<NodeSeen> nodes;
  for (const auto& id : ids)
    if (auto seen = look(id); seen.ok()) nodes.push_back(std::move(*seen));
  for (const auto& id : tagged)
    if (ids.count(id) == 0 && os::folder_name_of(id).ok()) {
      NodeSeen orphan;
      orphan.id = id;
      orphan.reason = "processes or cgroups without a folder";
      nodes.push_back(std::move(orphan));
    }
  return nodes;
}

// The init first: with it everything inside ends. Then the monitors outside write how it ended, and
// go.
base::Status LocalProvider::end_processes(const std::string& node_id,
                                          const os::NodeFolder& folder) {
  if (const auto init = os::saved_init(folder.path)) TRY(os::end_container(*init));
  const auto mine = [&](const os::Launcher::Found& found) {
    return found.label == node_id || found.label.rfind(node_id + " ", 0) == 0;
  };
  const auto all = supervisor_.launcher().find_all();
  for (const auto& found : all)
    if (mine(found) && found.verb == "container") TRY(os::end_container(found.identity));
  for (const auto& found : all) {
    if (!mine(found) || found.verb != "run") continue;
    auto pidfd = os::open_pidfd(found.identity);
    if (!pidfd.ok()) continue;
    pollfd waiting = {pidfd->get(), POLLIN, 0};
    if (::poll(&waiting, 1, kOrphanWaitMillis) == 0) TRY(os::end_container(found.identity));
  }
  // Where its network has ended there is no link any more, and nobody to answer.
  const auto record = record_from(os::read_file(folder.spec()).value_or("{}"));
  if (!record.network.empty() && os::is_running(record.holder))
    TRY(os::remove_link_in(layout_.network(TRY(os::folder_name_of(record.network))),
                           link_of(node_id)));
  if (!record.network.empty() && ::geteuid() != 0)
    TRY(os::hide_front(layout_.network(TRY(os::folder_name_of(record.network))), record.address));
  return base::ok();
}

// Out of sight at once; what the node left behind may be large, and is erased by a process of its
// own.
base::Status LocalProvider::throw_away(const std::filesystem::path& path) {
  const auto trash =
      layout_.trash() / (std::to_string(::getpid()) + "." + std::to_string(trash_counter_++));
  if (::rename(path.c_str(), trash.c_str()) != 0 && errno != ENOENT)
    return base::from_errno("rename " + path.string());
  return base::ok();
}

void LocalProvider::empty_trash() {
  if (names_in(layout_.trash()).empty()) return;
  auto erasing = os::erase_behind(supervisor_.launcher(), layout_.trash());
  if (!erasing.ok())
    base::log_warn("nodes", "{}: {}", layout_.trash().string(), erasing.error().message);
}

base::Status LocalProvider::stop(const std::string& node_id) {
  const auto folder = TRY(folder_of(node_id));
  std::lock_guard lock(mutex_of(node_id));
  TRY(end_processes(node_id, folder));
  cgroups_.remove(TRY(os::folder_name_of(node_id)));
  return base::ok();
}

base::Status LocalProvider::remove(const std::string& node_id) {
  const auto folder = TRY(folder_of(node_id));
  std::lock_guard lock(mutex_of(node_id));
  TRY(end_processes(node_id, folder));
  cgroups_.remove(TRY(os::folder_name_of(node_id)));
  if (::access(folder.path.c_str(), F_OK) != 0) return base::ok();
  if (names_in(folder.log()).empty()) {
    TRY(throw_away(folder.path));
  } else {
    for (const auto& name : names_in(folder.fs()))
      if (name != "log") TRY(throw_away(folder.fs() / name));
    for (const auto& path : {folder.runs(), folder.container(), folder.init(), folder.spec()})
      TRY(throw_away(path));  // node.json last: until then it is listed
  }
  empty_trash();
  return base::ok();
}

base::Status LocalProvider::forget(const std::string& node_id) {
  const auto folder = TRY(folder_of(node_id));
  std::lock_guard lock(mutex_of(node_id));
  if (::access(folder.spec().c_str(), F_OK) == 0)
    return base::Error{
        base::Code::kFailedPrecondition, "remove the node " + node_id + " first", {}, {}};
  TRY(throw_away(folder.path));
  empty_trash();
  return base::ok();
}

// ---- the network from outside ------------------------------------------------------------------

// At most 15 characters: the installation and the node, for whoever looks with ip(8).
std::string LocalProvider::link_of(const std::string& node_id) const {
  return "v" + options_.installation + base::sha256_hex(node_id).substr(0, 8);
}

base::Result<LocalProvider::Place> LocalProvider::place_of(const std::string& node_id) const {
  const auto folder = TRY(folder_of(node_id));
  const auto text = os::read_file(folder.spec());
  if (!text.ok()) return base::not_found("there is no node " + node_id);
  Place place;
  place.record = record_from(*text);
  const auto init = os::saved_init(folder.path);
  if (!init || !os::is_running(*init))
    return base::unavailable("the node " + node_id + " does not run");
  place.init = *init;
  if (!place.record.network.empty())
    place.network = layout_.network(TRY(os::folder_name_of(place.record.network)));
  return place;
}

base::Result<base::Fd> LocalProvider::connect_inside(const std::string& node_id, uint16_t port,
                                                     base::Millis timeout) {
  const auto place = TRY(place_of(node_id));
  if (place.network.empty()) return os::connect_here("127.0.0.1", port, timeout);
  auto socket = os::connect_in(place.network, place.init, place.record.address, port, timeout);
  if (socket.ok() || socket.error().code != base::Code::kUnavailable) return socket;
  return os::connect_in(place.network, place.init, "127.0.0.1", port, timeout);
}

base::Result<base::Fd> LocalProvider::listen_inside(const std::string& node_id,
                                                    const std::string& address, uint16_t port) {
  const auto place = TRY(place_of(node_id));
  if (place.network.empty()) return shares_host(node_id);
  return os::listen_in(place.network, place.init, address, port);
}

base::Result<std::string> LocalProvider::public_address(const std::string& node_id) {
  const auto folder = TRY(folder_of(node_id));
  const auto text = os::read_file(folder.spec());
  if (!text.ok()) return base::not_found("there is no node " + node_id);
  const auto record = record_from(*text);
  if (record.network.empty()) return "127.0.0.1";
  return ::geteuid() == 0 ? record.address : front_of(record.address);
}

// ---- processes ---------------------------------------------------------------------------------

base::Status LocalProvider::start(const std::string& node_id, const ProcessSpec& spec) {
  const auto folder = TRY(folder_of(node_id));
  const auto name = TRY(os::folder_name_of(spec.id));
  std::lock_guard lock(mutex_of(node_id));
  const os::RunFolder run{folder.run(name)};
  if (::access(run.started().c_str(), F_OK) == 0) return base::ok();
  const auto init = os::saved_init(folder.path);
  if (!init || !os::is_running(*init))
    return base::Error{
        base::Code::kFailedPrecondition, "the node " + node_id + " does not run", {}, {}};
  const auto text = os::read_file(folder.spec());
  const NodeRecord record = text.ok() ? record_from(*text) : NodeRecord{};
  os::ProcessPlan plan;
  plan.argv = spec.argv;
  const bool single = os::best_id_map(0, kHadoopId).kind == os::IdMap::Kind::kSingle;
  plan.user = single && spec.user == "root" ? "hadoop" : spec.user;
  plan.environment = environment_of(plan.user, record.environment, spec.environment);
  plan.working_directory = spec.working_directory;
  if (plan.working_directory.empty())
    plan.working_directory = plan.user == "root" ? "/root" : "/home/" + plan.user;
  plan.stdout_path = spec.stdout_path;
  plan.stderr_path = spec.stderr_path;
  plan.linger = spec.linger;
  plan.container = init;
  const auto group = spec.memory_with.empty() ? name : TRY(os::folder_name_of(spec.memory_with));
  plan.cgroups = cgroups_.make(TRY(os::folder_name_of(node_id)), group, spec.memory_limit_bytes,
                               record.memory_limit_bytes);
  TRY(supervisor_.start(run.path, plan, node_id + " " + spec.id));
  const auto status = os::Supervisor::look(run.path);
  if (status.state == os::ProcessStatus::State::kRunning) watch_.add(status.monitor);
  return base::ok();
}

base::Status LocalProvider::signal(const std::string& node_id, const std::string& process_id,
                                   Signal signal) {
  const auto folder = TRY(folder_of(node_id));
  return os::Supervisor::signal(
      folder.run(TRY(os::folder_name_of(process_id))),
      signal == Signal::kKill ? os::StopSignal::kKill : os::StopSignal::kTerminate);
}

// ---- files -------------------------------------------------------------------------------------

base::Result<base::Fd> LocalProvider::open_confined(const std::string& node_id,
                                                    const std::filesystem::path& inside,
                                                    int flags) const {
  const auto folder = TRY(folder_of(node_id));
  const auto refused = [&] {
    return base::invalid_argument("'" + inside.string() + "' is not a path below /mnt of a node");
  };
  if (!inside.is_absolute()) return refused();
  for (const auto& part : inside)
    if (part == "..") return refused();
  const std::string path = inside.lexically_normal().string();
  for (const std::string log : {"/mnt/var/log", "/var/log"})
    if (path == log || path.rfind(log + "/", 0) == 0)
      return os::open_beneath(folder.log(), path.substr(log.size()), flags);
  if (path != "/mnt" && path.rfind("/mnt/", 0) != 0) return refused();
  return os::open_beneath(folder.mnt(), path.substr(4), flags);
}

base::Result<std::filesystem::path> LocalProvider::host_path(const std::string& node_id,
                                                             const std::filesystem::path& inside) {
  const auto fd = TRY(open_confined(node_id, inside, O_PATH));
  std::error_code error;
  const auto path =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd.get()), error);
  if (error) return base::from_errno("look at " + inside.string(), error.value());
  return path;
}

base::Result<base::Fd> LocalProvider::open_file(const std::string& node_id,
                                                const std::filesystem::path& inside) {
  auto fd = TRY(open_confined(node_id, inside, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat info;
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return base::invalid_argument("'" + inside.string() + "' is not a plain file");
  return fd;
}

base::Result<std::vector<FolderEntry>> LocalProvider::list_folder(
    const std::string& node_id, const std::filesystem::path& inside) {
  constexpr size_t kMost = 10000;  // user code may have made any number of them
  auto fd = TRY(open_confined(node_id, inside, O_RDONLY | O_DIRECTORY | O_NONBLOCK));
  DIR* folder = ::fdopendir(fd.get());
  if (folder == nullptr) return base::from_errno("read " + inside.string());
  (void)fd.release();  // closedir closes it
  std::vector<FolderEntry> out;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string name = entry->d_name;
    struct stat info;
    if (name == "." || name == ".." ||
        ::fstatat(::dirfd(folder), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
      continue;
    out.push_back({name, S_ISDIR(info.st_mode), static_cast<uint64_t>(info.st_size),
                   base::from_millis(info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000)});
    if (out.size() == kMost) break;
  }
  ::closedir(folder);
  std::sort(out.begin(), out.end(),
            [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  return out;
}

base::Result<base::Fd> LocalProvider::open_log(const std::string& node_id,
                                               const std::filesystem::path& inside) {
  // Each missing folder is made below one that is held open, and belongs to whom the one above it
  // belongs to: what runs inside must be able to write there too.
  std::filesystem::path made;
  for (const auto& part : inside.parent_path().relative_path()) {
    const auto above = made;
    made /= part;
    if (made == "mnt" || open_confined(node_id, "/" / made, O_PATH | O_DIRECTORY).ok()) continue;
    const auto parent = TRY(open_confined(node_id, "/" / above, O_RDONLY | O_DIRECTORY));
    struct stat owner;
    if (::fstat(parent.get(), &owner) != 0) return base::from_errno("look at " + above.string());
    if (::mkdirat(parent.get(), part.c_str(), 0755) != 0) {
      if (errno == EEXIST) continue;
      return base::from_errno("make /" + made.string());
    }
    if (::fchownat(parent.get(), part.c_str(), owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) !=
        0)
      return base::from_errno("give away /" + made.string());
  }
  auto fd = TRY(open_confined(node_id, inside,
                              O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat info;
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return base::invalid_argument("'" + inside.string() + "' is not a plain file");
  return fd;
}

}  // namespace

std::unique_ptr<Provider> make_local_provider(LocalOptions options) {
  return std::make_unique<LocalProvider>(std::move(options));
}

}  // namespace howdah::nodes
