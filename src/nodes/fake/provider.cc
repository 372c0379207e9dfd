#include "nodes/fake/provider.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

namespace howdah::nodes {
namespace {

using State = ProcessSeen::State;

base::Error no_node(const std::string& id) { return base::not_found("there is no node " + id); }

// The log folder has two names inside a node.
std::string plain(const std::filesystem::path& inside) {
  std::string path = inside.lexically_normal().string();
  if (path.rfind("/var/log", 0) == 0) path = "/mnt" + path;
  return path;
}

}  // namespace

void FakeProvider::changed_locked() {
  ++changes_;
  condition_.notify_all();
}

void FakeProvider::change(const std::string& node_id, const std::string& process_id,
                          const std::function<void(ProcessSeen&)>& edit) {
  std::lock_guard lock(mutex_);
  auto node = nodes_.find(node_id);
  CHECK(node != nodes_.end());
  auto process = node->second.processes.find(process_id);
  CHECK(process != node->second.processes.end());
  CHECK(process->second.state == State::kRunning);
  edit(process->second);
  process->second.ended = clock_.now();
  changed_locked();
}

void FakeProvider::end_all(Node& node, const std::function<void(ProcessSeen&)>& edit) {
  for (auto& [id, process] : node.processes)
    if (process.state == State::kRunning) {
      edit(process);
      process.ended = clock_.now();
    }
}

void FakeProvider::finish(const std::string& node_id, const std::string& process_id,
                          int exit_code) {
  change(node_id, process_id, [&](ProcessSeen& process) {
    process.state = State::kExited;
    process.exit_code = exit_code;
  });
}

void FakeProvider::finish_by_signal(const std::string& node_id, const std::string& process_id,
                                    int signal, bool out_of_memory) {
  change(node_id, process_id, [&](ProcessSeen& process) {
    process.state = State::kExited;
    process.signal = signal;
    process.out_of_memory = out_of_memory;
  });
}

void FakeProvider::lose(const std::string& node_id, const std::string& process_id,
                        std::string reason) {
  change(node_id, process_id, [&](ProcessSeen& process) {
    process.state = State::kLost;
    process.reason = std::move(reason);
  });
}

void FakeProvider::kill_node(const std::string& node_id, std::string reason) {
  std::lock_guard lock(mutex_);
  auto node = nodes_.find(node_id);
  CHECK(node != nodes_.end());
  node->second.alive = false;
  node->second.reason = std::move(reason);
  end_all(node->second, [](ProcessSeen& process) {
    process.state = State::kExited;
    process.signal = SIGKILL;
  });
  changed_locked();
}

void FakeProvider::restart_host() {
  std::lock_guard lock(mutex_);
  for (auto& [id, node] : nodes_) {
    node.alive = false;
    node.reason = "the host was restarted";
    end_all(node, [](ProcessSeen& process) {
      process.state = State::kLost;
      process.reason = "the host was restarted while it ran";
    });
  }
  changed_locked();
}

void FakeProvider::write(const std::string& node_id, const std::filesystem::path& inside,
                         std::string text) {
  base::Fd fd(::memfd_create("fake-node-file", MFD_CLOEXEC));
  CHECK(fd.valid());
  CHECK(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  std::lock_guard lock(mutex_);
  files_[{node_id, plain(inside)}] = std::move(fd);
  written_[{node_id, plain(inside)}] = clock_.now();
}

void FakeProvider::listen_for(const std::string& node_id, uint16_t port, uint16_t host_port) {
  std::lock_guard lock(mutex_);
  doors_[{node_id, port}] = host_port;
}

void FakeProvider::ignore_terminate(std::string part) {
  std::lock_guard lock(mutex_);
  deaf_.push_back(std::move(part));
}

void FakeProvider::set_script(Script script) {
  std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

void FakeProvider::set_fault(Fault fault) {
  std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

void FakeProvider::fail_next(Call call, base::Error error, int times) {
  std::lock_guard lock(mutex_);
  for (int i = 0; i < times; ++i) failures_[call].push_back(error);
}

std::optional<base::Error> FakeProvider::fault(Call call, When when, const std::string& node_id,
                                               const std::string& process_id) {
  Fault asked;
  {
    std::lock_guard lock(mutex_);
    if (when == When::kBefore) {
      ++counts_[call];
      if (auto& queue = failures_[call]; !queue.empty()) {
        base::Error error = queue.front();
        queue.pop_front();
        return error;
      }
    }
    asked = fault_;
  }
  if (!asked) return std::nullopt;
  return asked(call, when, node_id, process_id);
}

std::vector<FakeProvider::Started> FakeProvider::started() const {
  std::lock_guard lock(mutex_);
  return started_;
}

std::vector<std::string> FakeProvider::running() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [id, node] : nodes_)
    for (const auto& [process_id, process] : node.processes)
      if (process.state == State::kRunning) names.push_back(id + " " + process_id);
  return names;
}

std::optional<NodeSpec> FakeProvider::spec_of(const std::string& node_id) const {
  std::lock_guard lock(mutex_);
  auto node = nodes_.find(node_id);
  if (node == nodes_.end()) return std::nullopt;
  return node->second.spec;
}

int FakeProvider::count(Call call) const {
  std::lock_guard lock(mutex_);
  auto found = counts_.find(call);
  return found == counts_.end() ? 0 : found->second;
}

base::Status FakeProvider::ensure(const NodeSpec& spec) {
  if (auto error = fault(Call::kEnsure, When::kBefore, spec.id)) return *error;
  {
    std::lock_guard lock(mutex_);
    Node& node = nodes_[spec.id];
    node.spec = spec;
    node.alive = true;
    node.reason.clear();
  }
  if (auto error = fault(Call::kEnsure, When::kAfter, spec.id)) return *error;
  return base::ok();
}

base::Status FakeProvider::update(const NodeSpec& spec) {
  if (auto error = fault(Call::kUpdate, When::kBefore, spec.id)) return *error;
  {
    std::lock_guard lock(mutex_);
    auto node = nodes_.find(spec.id);
    if (node == nodes_.end()) return no_node(spec.id);
    node->second.spec = spec;
  }
  if (auto error = fault(Call::kUpdate, When::kAfter, spec.id)) return *error;
  return base::ok();
}

base::Result<std::string> FakeProvider::ensure_network(const std::string& network_id) {
  if (auto error = fault(Call::kEnsureNetwork, When::kBefore, network_id)) return *error;
  int number = 0;
  {
    std::lock_guard lock(mutex_);
    std::set<int> taken;
    for (const auto& [id, used] : networks_) taken.insert(used);
    while (taken.contains(number)) ++number;
    number = networks_.emplace(network_id, number).first->second;
  }
  if (auto error = fault(Call::kEnsureNetwork, When::kAfter, network_id)) return *error;
  return "10." + std::to_string(64 + number / 64) + "." + std::to_string(number % 64 * 4) + ".0/22";
}

base::Status FakeProvider::remove_network(const std::string& network_id) {
  if (auto error = fault(Call::kRemoveNetwork, When::kBefore, network_id)) return *error;
  {
    std::lock_guard lock(mutex_);
    networks_.erase(network_id);
  }
  if (auto error = fault(Call::kRemoveNetwork, When::kAfter, network_id)) return *error;
  return base::ok();
}

base::Result<std::vector<std::string>> FakeProvider::networks() {
  std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [id, number] : networks_) ids.push_back(id);
  return ids;
}

base::Result<base::Fd> FakeProvider::connect_inside(const std::string& node_id, uint16_t port,
                                                    base::Millis) {
  sockaddr_in address{};
  {
    std::lock_guard lock(mutex_);
    if (!nodes_.contains(node_id)) return no_node(node_id);
    const auto door = doors_.find({node_id, port});
    if (door == doors_.end() || door->second == 0)
      return base::unavailable("nothing listens in a node in memory");
    address.sin_port = htons(door->second);
  }
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return base::unavailable("nothing listens on port " + std::to_string(port));
  return socket;
}

base::Result<base::Fd> FakeProvider::listen_inside(const std::string& node_id, const std::string&,
                                                   uint16_t) {
  std::lock_guard lock(mutex_);
  if (!nodes_.contains(node_id)) return no_node(node_id);
  return base::Fd(::memfd_create("listener", MFD_CLOEXEC));
}

base::Result<std::string> FakeProvider::public_address(const std::string& node_id) {
  std::lock_guard lock(mutex_);
  auto node = nodes_.find(node_id);
  if (node == nodes_.end()) return no_node(node_id);
  return node->second.spec.address.empty() ? "127.0.0.1" : node->second.spec.address;
}

NodeSeen FakeProvider::seen_of(const std::string& id, const Node& node) const {
  NodeSeen seen{id, node.alive, node.reason, {}};
  for (const auto& [process_id, process] : node.processes)
    seen.processes.emplace_back(process_id, process);
  return seen;
}

base::Result<std::vector<NodeSeen>> FakeProvider::list() {
  if (auto error = fault(Call::kList, When::kBefore, "")) return *error;
  std::lock_guard lock(mutex_);
  std::vector<NodeSeen> seen;
  for (const auto& [id, node] : nodes_) seen.push_back(seen_of(id, node));
  return seen;
}

void FakeProvider::use(const std::string& node_id, NodeUsage usage) {
  std::lock_guard lock(mutex_);
  const auto node = nodes_.find(node_id);
  CHECK(node != nodes_.end());
  node->second.usage = usage;
}

base::Result<std::map<std::string, NodeUsage>> FakeProvider::usage() {
  std::lock_guard lock(mutex_);
  std::map<std::string, NodeUsage> out;
  for (const auto& [id, node] : nodes_)
    if (node.alive && node.usage) out[id] = *node.usage;
  return out;
}

base::Result<NodeSeen> FakeProvider::look(const std::string& node_id) {
  if (auto error = fault(Call::kLook, When::kBefore, node_id)) return *error;
  std::lock_guard lock(mutex_);
  auto node = nodes_.find(node_id);
  if (node == nodes_.end()) return no_node(node_id);
  return seen_of(node_id, node->second);
}

base::Status FakeProvider::stop(const std::string& node_id) {
  bool there = false;
  {
    std::lock_guard lock(mutex_);
    there = nodes_.count(node_id) != 0;
  }
  if (there) kill_node(node_id, "it was stopped");
  return base::ok();
}

base::Status FakeProvider::remove(const std::string& node_id) {
  if (auto error = fault(Call::kRemove, When::kBefore, node_id)) return *error;
  {
    std::lock_guard lock(mutex_);
    if (nodes_.erase(node_id) != 0) changed_locked();
  }
  if (auto error = fault(Call::kRemove, When::kAfter, node_id)) return *error;
  return base::ok();
}

base::Status FakeProvider::forget(const std::string& node_id) {
  if (auto error = fault(Call::kForget, When::kBefore, node_id)) return *error;
  {
    std::lock_guard lock(mutex_);
    if (nodes_.count(node_id) != 0)
      return base::Error{
          base::Code::kFailedPrecondition, "remove the node " + node_id + " first", {}, {}};
    std::erase_if(files_, [&](const auto& file) { return file.first.first == node_id; });
  }
  if (auto error = fault(Call::kForget, When::kAfter, node_id)) return *error;
  return base::ok();
}

base::Status FakeProvider::start(const std::string& node_id, const ProcessSpec& spec) {
  if (auto error = fault(Call::kStart, When::kBefore, node_id, spec.id)) return *error;
  Script script;
  bool began = false;
  {
    std::lock_guard lock(mutex_);
    auto node = nodes_.find(node_id);
    if (node == nodes_.end() || node->second.processes.count(spec.id) == 0) {
      if (node == nodes_.end() || !node->second.alive)
        return base::Error{
            base::Code::kFailedPrecondition, "the node " + node_id + " does not run", {}, {}};
      ProcessSeen& process = node->second.processes[spec.id];
      process.state = State::kRunning;
      process.started = clock_.now();
      started_.push_back({node_id, spec});
      script = script_;
      began = true;
    }
  }
  if (began && script)
    if (const auto code = script(node_id, spec)) finish(node_id, spec.id, *code);
  if (auto error = fault(Call::kStart, When::kAfter, node_id, spec.id)) return *error;
  return base::ok();
}

base::Status FakeProvider::signal(const std::string& node_id, const std::string& process_id,
                                  Signal signal) {
  if (auto error = fault(Call::kSignal, When::kBefore, node_id, process_id)) return *error;
  {
    std::lock_guard lock(mutex_);
    auto node = nodes_.find(node_id);
    const bool deaf = std::any_of(deaf_.begin(), deaf_.end(), [&](const std::string& part) {
      return process_id.find(part) != std::string::npos;
    });
    if (node != nodes_.end() && !(deaf && signal == Signal::kTerminate)) {
      auto process = node->second.processes.find(process_id);
      if (process != node->second.processes.end() && process->second.state == State::kRunning) {
        process->second.state = State::kExited;
        process->second.signal = signal == Signal::kKill ? SIGKILL : SIGTERM;
        process->second.ended = clock_.now();
        changed_locked();
      }
    }
  }
  if (auto error = fault(Call::kSignal, When::kAfter, node_id, process_id)) return *error;
  return base::ok();
}

base::Result<std::filesystem::path> FakeProvider::host_path(const std::string& node_id,
                                                            const std::filesystem::path& inside) {
  const std::string path = plain(inside);
  if (path.rfind("/mnt/", 0) != 0)
    return base::invalid_argument("'" + inside.string() + "' is not a path below /mnt of a node");
  std::lock_guard lock(mutex_);
  auto file = files_.find({node_id, path});
  if (file == files_.end()) return base::not_found("there is no " + path + " in " + node_id);
  return std::filesystem::path("/proc/self/fd/" + std::to_string(file->second.get()));
}

base::Result<base::Fd> FakeProvider::open_file(const std::string& node_id,
                                               const std::filesystem::path& inside) {
  const auto path = TRY(host_path(node_id, inside));
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return base::from_errno("open " + inside.string());
  return fd;
}

base::Result<std::vector<FolderEntry>> FakeProvider::list_folder(
    const std::string& node_id, const std::filesystem::path& inside) {
  const std::string folder = plain(inside) + "/";
  std::map<std::string, FolderEntry> found;
  std::lock_guard lock(mutex_);
  for (const auto& [where, file] : files_) {
    const auto& [node, path] = where;
    if (node != node_id || path.rfind(folder, 0) != 0) continue;
    const size_t slash = path.find('/', folder.size());
    const std::string name = path.substr(folder.size(), slash - folder.size());
    FolderEntry& entry = found[name];
    entry.name = name;
    entry.folder = slash != std::string::npos;
    struct stat info {};
    if (!entry.folder && ::fstat(file.get(), &info) == 0)
      entry.size = static_cast<uint64_t>(info.st_size);
    if (const auto at = written_.find(where); at != written_.end())
      entry.modified = std::max(entry.modified, at->second);
  }
  if (found.empty()) return base::not_found("there is no " + folder + " in " + node_id);
  std::vector<FolderEntry> out;
  for (auto& [name, entry] : found) out.push_back(std::move(entry));
  return out;
}

base::Result<base::Fd> FakeProvider::open_log(const std::string& node_id,
                                              const std::filesystem::path& inside) {
  if (!host_path(node_id, inside).ok()) write(node_id, inside, "");
  const auto path = TRY(host_path(node_id, inside));
  base::Fd fd(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  if (!fd.valid()) return base::from_errno("open " + inside.string());
  return fd;
}

void FakeProvider::wait_for_change(base::Millis, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  condition_.wait(lock, stop, [&] { return changes_ != reported_; });
  reported_ = changes_;
}

}  // namespace howdah::nodes
