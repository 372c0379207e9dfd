#include "os/container.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/json.h"
#include "base/text.h"
#include "os/accounts.h"
#include "os/file.h"
#include "os/layout.h"

namespace howdah::os {
namespace {

constexpr uint32_t kIdsPerContainer = 65536;

base::JsonArray array_of(const std::vector<std::string>& texts) {
  base::JsonArray array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

base::JsonObject to_json(const BuildStep& step) {
  return {{"kind", static_cast<int>(step.kind)},
          {"target", step.target},
          {"source", step.source},
          {"name", step.name},
          {"mode", step.mode},
          {"uid", step.uid},
          {"gid", step.gid},
          {"read_only", step.read_only},
          {"optional", step.optional},
          {"hidden", array_of(step.hidden)},
          {"open_depth", step.open_depth},
          {"open_below", array_of(step.open_below)},
          {"open_files", step.open_files},
          {"copyable", step.copyable}};
}

uint32_t number_at(const base::JsonObject& object, std::string_view key) {
  return static_cast<uint32_t>(base::int_at(object, key));
}

BuildStep step_from(const base::JsonObject& object) {
  BuildStep step;
  step.kind = static_cast<BuildStep::Kind>(base::int_at(object, "kind"));
  step.target = base::text_at(object, "target");
  step.source = base::text_at(object, "source");
  step.name = base::text_at(object, "name");
  step.mode = number_at(object, "mode");
  step.uid = number_at(object, "uid");
  step.gid = number_at(object, "gid");
  step.read_only = base::bool_at(object, "read_only");
  step.optional = base::bool_at(object, "optional");
  step.hidden = base::texts_at(object, "hidden");
  step.open_depth = static_cast<int>(base::int_at(object, "open_depth"));
  step.open_below = base::texts_at(object, "open_below");
  step.open_files = base::bool_at(object, "open_files");
  step.copyable = base::bool_at(object, "copyable");
  return step;
}

ContainerFile file_from(const base::JsonObject& object) {
  ContainerFile file;
  file.path = base::text_at(object, "path");
  file.contents = base::from_base64(base::text_at(object, "contents")).value_or("");
  file.mode = number_at(object, "mode");
  file.uid = number_at(object, "uid");
  file.gid = number_at(object, "gid");
  file.in_place = base::bool_at(object, "in_place");
  return file;
}

base::JsonObject to_json(const ContainerNetwork& network) {
  return {{"folder", network.folder.string()},
          {"bridge", network.bridge},
          {"link", network.link},
          {"address", network.address},
          {"gateway", network.gateway}};
}

ContainerNetwork network_from(const base::JsonObject& object) {
  ContainerNetwork network;
  network.folder = std::string(base::text_at(object, "folder"));
  network.bridge = base::text_at(object, "bridge");
  network.link = base::text_at(object, "link");
  network.address = base::text_at(object, "address");
  network.gateway = base::text_at(object, "gateway");
  return network;
}

}  // namespace

base::JsonObject to_json(const IdMap& ids) {
  return {{"kind", static_cast<int>(ids.kind)},
          {"base", ids.base},
          {"count", ids.count},
          {"inside", ids.inside}};
}

IdMap id_map_from(const base::JsonObject& object) {
  return {static_cast<IdMap::Kind>(base::int_at(object, "kind")), number_at(object, "base"),
          number_at(object, "count"), number_at(object, "inside")};
}

IdMap best_id_map(uint32_t base, uint32_t inside) {
  if (::geteuid() == 0) return {IdMap::Kind::kRange, base, kIdsPerContainer, inside};
  const auto uids = find_subordinate_ids(::geteuid(), "/etc/subuid");
  const auto gids = find_subordinate_ids(::geteuid(), "/etc/subgid");
  const bool tools =
      ::access("/usr/bin/newuidmap", X_OK) == 0 && ::access("/usr/bin/newgidmap", X_OK) == 0;
  if (tools && uids && gids && uids->start == gids->start && uids->count >= kIdsPerContainer &&
      gids->count >= kIdsPerContainer)
    return {IdMap::Kind::kSubordinate, uids->start, kIdsPerContainer, inside};
  return {IdMap::Kind::kSingle, ::geteuid(), 1, inside};
}

std::string to_text(const ContainerSpec& spec) {
  base::JsonArray steps, files;
  for (const auto& step : spec.steps) steps.emplace_back(to_json(step));
  for (const auto& file : spec.files)
    files.emplace_back(base::JsonObject{{"path", file.path},
                                        {"contents", base::to_base64(file.contents)},
                                        {"mode", file.mode},
                                        {"uid", file.uid},
                                        {"gid", file.gid},
                                        {"in_place", file.in_place}});
  return base::to_text(base::JsonObject{{"version", 1},
                                        {"hostname", spec.hostname},
                                        {"fs", spec.fs.string()},
                                        {"ids", to_json(spec.ids)},
                                        {"network", to_json(spec.network)},
                                        {"steps", steps},
                                        {"files", files}});
}

base::Result<ContainerSpec> container_spec_from(const std::string& text) {
  const auto json = TRY(base::parse_json(text));
  if (!json.is_object() || base::int_at(json.as_object(), "version") != 1)
    return base::invalid_argument("not a container spec of version 1");
  const auto& object = json.as_object();
  ContainerSpec spec;
  spec.hostname = base::text_at(object, "hostname");
  spec.fs = std::string(base::text_at(object, "fs"));
  if (const auto* ids = base::find_object(object, "ids")) spec.ids = id_map_from(*ids);
  if (const auto* network = base::find_object(object, "network"))
    spec.network = network_from(*network);
  if (const auto* steps = base::find_array(object, "steps"))
    for (const auto& step : *steps)
      if (step.is_object()) spec.steps.push_back(step_from(step.as_object()));
  if (const auto* files = base::find_array(object, "files"))
    for (const auto& file : *files)
      if (file.is_object()) spec.files.push_back(file_from(file.as_object()));
  return spec;
}

base::Result<ContainerStarted> start_container(const Launcher& launcher,
                                               const std::filesystem::path& node_folder,
                                               const ContainerSpec& spec,
                                               const std::string& label) {
  const NodeFolder folder{node_folder};
  TRY(write_file(folder.container(), to_text(spec), 0600, Durability::kProcess));
  const std::string report = TRY(launcher.run("container", node_folder.string(), label));
  ContainerStarted started;
  for (const auto warning : base::split(report, '\t'))
    if (!warning.empty()) started.warnings.emplace_back(warning);
  const auto init = saved_init(node_folder);
  if (!init) return base::internal("the container of " + label + " left no identity");
  started.init = *init;
  return started;
}

base::Status rewrite_files(const Launcher& launcher, const std::filesystem::path& node_folder,
                           const ContainerSpec& spec, const std::string& label) {
  const NodeFolder folder{node_folder};
  ContainerSpec old, changed = spec;
  if (auto text = read_file(folder.container()); text.ok())
    if (auto parsed = container_spec_from(*text); parsed.ok()) old = std::move(*parsed);
  std::erase_if(changed.files, [&](const ContainerFile& file) {
    return std::find(old.files.begin(), old.files.end(), file) != old.files.end();
  });
  if (!changed.files.empty()) {
    changed.steps.clear();
    TRY(write_file(folder.changes(), to_text(changed), 0600, Durability::kProcess));
    TRY(launcher.run("files", node_folder.string(), label));
    ::unlink(folder.changes().c_str());
  }
  return write_file(folder.container(), to_text(spec), 0600, Durability::kProcess);
}

std::optional<ProcessIdentity> saved_init(const std::filesystem::path& node_folder) {
  const auto text = read_file(NodeFolder{node_folder}.init());
  if (!text.ok()) return std::nullopt;
  const auto json = base::parse_json(*text);
  if (!json.ok() || !json->is_object()) return std::nullopt;
  const auto* init = base::find_object(json->as_object(), "init");
  if (init == nullptr) return std::nullopt;
  return identity_from(*init);
}

base::Status end_container(const ProcessIdentity& init) {
  auto pidfd = open_pidfd(init);
  if (!pidfd.ok()) return base::ok();
  if (::syscall(SYS_pidfd_send_signal, pidfd->get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH)
    return base::from_errno("end process " + std::to_string(init.pid));
  // Its pidfd is readable when init has ended, which is after everything in its PID namespace has.
  pollfd waiting = {pidfd->get(), POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&waiting, 1, 5000)) < 0 && errno == EINTR) {
  }
  if (ready == 0)
    return base::unavailable("process " + std::to_string(init.pid) +
                             " and what runs below it have not ended within 5 s of SIGKILL");
  return base::ok();
}

base::Status erase_behind(const Launcher& launcher, const std::filesystem::path& trash) {
  TRY(launcher.run("erase", trash.string(), "trash"));
  return base::ok();
}

}  // namespace howdah::os
