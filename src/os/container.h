#pragma once

// A container: user, mount, PID, UTS and IPC namespaces (and a network one, when it has a place in
// a network) with an init (PID 1) that only reaps. What its root shows is data, a list of steps, so
// that policy (which folders, which users) stays with whoever makes the spec. Processes enter it by
// its init's identity (supervisor.h).
//
//   server ── launches ──> outside half: maps ids, opens what only the host's user may open
//                            └─> inside half: builds the root on a tmpfs, pivots, becomes init
//                          writes `init` (identity), reports, ends; init stays
//
// Interruptions: killed before `init` is written: the inside half hears its end and goes too.
// Killed after: the container stands and is found by `init`, or by the tag in its argv[0].
// Ownership: the world owns containers. Threads: concurrent calls for different folders allowed.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "os/boot.h"
#include "os/launch.h"

namespace howdah::os {

/// How ids inside map to the host's.
struct IdMap {
  enum class Kind {
    kRange,  // root on the host: 0..count-1 inside are base..base+count-1; host root is not among
             // them
    kSubordinate,  // newuidmap: 0 is the caller, 1..count are its subordinate ids from base
    kSingle,       // `inside` is the caller; nobody else exists
  };
  Kind kind = Kind::kSingle;
  uint32_t base = 0;
  uint32_t count = 1;
  uint32_t inside = 1000;
};

base::JsonObject to_json(const IdMap& ids);
IdMap id_map_from(const base::JsonObject& object);

/// What the caller can have: kRange at `base` for root, kSubordinate with newuidmap and an entry of
/// at least 65536 ids in /etc/subuid and /etc/subgid, else kSingle.
IdMap best_id_map(uint32_t base, uint32_t inside);

struct BuildStep {
  enum class Kind {
    kOverlay,  // source (host folder) with changes kept in fs/upper/<name>
    kBind,     // source (host file or folder)
    kOwn,      // fs/<name>, made when missing
    kTmpfs,
    kProc,
    kDevices,  // /dev: null zero full random urandom tty, pts, shm
    kLink,     // symbolic link to `source`
    kFolder,
    kCopy,  // a copy of the host file `source`
  };
  Kind kind = Kind::kFolder;
  std::string target;  // absolute, inside; made when missing
  std::string source;
  std::string name;
  uint32_t mode = 0755;
  uint32_t uid = 0, gid = 0;
  bool read_only = false;
  bool optional = false;            // nothing happens when source is missing
  std::vector<std::string> hidden;  // kOverlay: paths below source that are not shown
  int open_depth =
      0;  // kOverlay where the lower's owner is not mapped: folders down to this depth are
          // the container root's all the same, so that it can add and replace in them
  std::vector<std::string> open_below;  // likewise, at any depth below these
  bool open_files = false;              // likewise, the files directly in source (copied)
  bool copyable = false;                // kOverlay: small; copied where it cannot be a lower layer
};

struct ContainerFile {
  std::string path;  // absolute, inside
  std::string contents;
  uint32_t mode = 0644;
  uint32_t uid = 0, gid = 0;
  bool in_place = false;  // rewritten in the file that is there: bind mounts follow the inode
  bool operator==(const ContainerFile&) const = default;
};

/// Its place in a network (network.h).
struct ContainerNetwork {
  std::filesystem::path folder;  // of the network; empty: the container shares the host's
  std::string bridge;
  std::string link;     // the network's end of its cable, at most 15 characters; the other is eth0
  std::string address;  // with the length of the prefix: "10.64.12.10/22"
  std::string gateway;  // empty: no default route
};

struct ContainerSpec {
  std::string hostname;
  std::filesystem::path fs;  // host folder that the container's root owns
  IdMap ids;
  ContainerNetwork network;
  std::vector<BuildStep> steps;      // in this order
  std::vector<ContainerFile> files;  // after the steps
};

std::string to_text(const ContainerSpec& spec);
base::Result<ContainerSpec> container_spec_from(const std::string& text);

struct ContainerStarted {
  ProcessIdentity init;
  std::vector<std::string> warnings;  // what could not be had, and what was done instead
};

/// Writes container.json into `node_folder` and starts the container. kFailedPrecondition when the
/// kernel forbids namespaces; the message says which call.
base::Result<ContainerStarted> start_container(const Launcher& launcher,
                                               const std::filesystem::path& node_folder,
                                               const ContainerSpec& spec, const std::string& label);

/// Writes those files of the spec that differ from container.json's into the running container, and
/// the spec over container.json.
base::Status rewrite_files(const Launcher& launcher, const std::filesystem::path& node_folder,
                           const ContainerSpec& spec, const std::string& label);

/// The saved identity of the container's init; nullopt when none was saved.
std::optional<ProcessIdentity> saved_init(const std::filesystem::path& node_folder);

/// Ends every process of the container and waits until they are gone, at most 5 s.
base::Status end_container(const ProcessIdentity& init);

/// Erases everything in the folder (subordinate ids' files too), not the folder itself, in a
/// process of its own: returns at once, and goes on when the server ends.
base::Status erase_behind(const Launcher& launcher, const std::filesystem::path& trash);

}  // namespace howdah::os
