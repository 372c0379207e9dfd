#pragma once

// What lies where in a data directory, and why. One server owns one data directory (lock.h).
//
// clang-format off
//   <data>/                   $XDG_DATA_HOME/howdah, for root /var/lib/howdah; mode 0700: no one
//   │                         but the server's user looks in, nodes neither
//   ├── lock                  held (flock) by the one server; its text is the holder's pid
//   ├── installation          6 characters a-z0-9, made once: part of every cgroup name and
//   │                         process tag, so that two servers never touch each other's nodes
//   ├── secret                what jobs' credential tokens are derived from; mode 0600
//   ├── server.json           endpoint and pid of the running server, for the CLI; gone when down
//   ├── howdah.json           the user's configuration (its place; nothing reads it yet)
//   ├── control.db            wanted, is, events (SQLite; each database has its own writer)
//   ├── serverless.db         the same of EMR Serverless: applications and job runs
//   ├── iam.db                accounts, keys, roles, policies
//   ├── objects.db            buckets, object index, objects up to 64 KiB
//   ├── objects/              larger objects, a file each
//   ├── telemetry.db          metric points and log events, kept as long as AWS keeps them
//   ├── engines/              what is installed, a read-only folder per package and checksum;
//   │                         several data directories may share one (--engines)
//   ├── installs/             the supervised installations and what they printed
//   ├── trash/                what is being erased: moved here at once, emptied behind
//   ├── networks/
//   │   └── j-3SD9…/          a network of nodes
//   │       ├── network.json  its subnet and names; made once, goes with the network
//   │       ├── holder        identity of the process that keeps its namespace
//   │       ├── door          socket of the holder: sockets inside nodes are asked for here
//   │       ├── fronts/       what the gateway shows at the host's loopback: a file a node
//   │       ├── gateway       socket of slirp4netns: a frame a message
//   │       └── gateway.log   what it said
//   └── nodes/
//       └── j-3SD9…~i-0123…/  a node; '/' of its id is written '~'
//           ├── node.json     the spec it was last made from; without it the folder keeps only logs
//           ├── container.json  what its init builds: mounts, files, id map
//           ├── changes.json  files on their way into the running node
//           ├── init          identity of its init: how it is found again after a restart
//           ├── run/
//           │   └── s-3LZC…/
//           │       ├── spec.json  what to run; written before its shim
//           │       ├── started    the claim: whose shim runs it (pid, start, boot); made once
//           │       └── exit       how it ended; written at once (rename), synced
//           └── fs/           owned by the node's root, the only part that is seen inside
//               ├── upper/    what the node changed below /usr, /etc, /opt, /var/lib/dpkg …
//               ├── work/     overlayfs's own, on the same file system as upper/
//               ├── mnt/      /mnt, with its var/lib, s3, tmp …
//               ├── mnt1/ …   /mnt1 …, of nodes with more than one volume
//               ├── log/      /mnt/var/log = /var/log; outlives the node until forget()
//               ├── home/     /home
//               ├── root/     /root
//               ├── tmp/      /tmp and /var/tmp
//               └── var/      the rest of /var
// clang-format on
//
// Values and free functions only; threads: any.

#include <filesystem>
#include <string>

#include "base/ids.h"
#include "base/result.h"

namespace howdah::os {

using Path = std::filesystem::path;

/// $XDG_DATA_HOME/howdah (or ~/.local/share/howdah); /var/lib/howdah for root.
Path default_data_folder();

/// "j-1/i-2" -> "j-1~i-2" and back. Ids are of A-Z a-z 0-9 . _ - and '/', at most 200 characters,
/// no empty, "." or ".." part: kInvalidArgument otherwise.
base::Result<std::string> folder_name_of(const std::string& id);
std::string id_of_folder_name(const std::string& name);

class Layout {
 public:
  explicit Layout(Path data) : data_(std::move(data)) {}

  const Path& data() const { return data_; }
  Path lock() const { return data_ / "lock"; }
  Path installation() const { return data_ / "installation"; }
  Path server_json() const { return data_ / "server.json"; }
  Path config() const { return data_ / "howdah.json"; }
  Path control_db() const { return data_ / "control.db"; }
  Path serverless_db() const { return data_ / "serverless.db"; }
  Path iam_db() const { return data_ / "iam.db"; }
  Path objects_db() const { return data_ / "objects.db"; }
  Path objects() const { return data_ / "objects"; }
  Path telemetry_db() const { return data_ / "telemetry.db"; }
  Path engines() const { return data_ / "engines"; }
  Path trash() const { return data_ / "trash"; }
  Path networks() const { return data_ / "networks"; }
  Path network(const std::string& folder_name) const { return networks() / folder_name; }
  Path nodes() const { return data_ / "nodes"; }
  Path node(const std::string& folder_name) const { return nodes() / folder_name; }

  /// Makes the data directory (mode 0700) and its nodes/, networks/ and trash/; idempotent.
  base::Status prepare() const;

  /// The id of this installation: 6 characters a-z0-9, made by the first call.
  base::Result<std::string> installation_id(base::Ids& ids) const;

 private:
  Path data_;
};

/// Within a node's folder.
struct NodeFolder {
  Path path;
  Path spec() const { return path / "node.json"; }
  Path container() const { return path / "container.json"; }
  Path changes() const { return path / "changes.json"; }
  Path init() const { return path / "init"; }
  Path runs() const { return path / "run"; }
  Path run(const std::string& folder_name) const { return runs() / folder_name; }
  Path fs() const { return path / "fs"; }
  Path mnt() const { return fs() / "mnt"; }
  Path log() const { return fs() / "log"; }
};

/// Within a network's folder.
struct NetworkFolder {
  Path path;
  Path spec() const { return path / "network.json"; }
  Path holder() const { return path / "holder"; }
  Path door() const { return path / "door"; }
  Path fronts() const { return path / "fronts"; }
  Path gateway_log() const { return path / "gateway.log"; }
};

/// Within a process's folder.
struct RunFolder {
  Path path;
  Path spec() const { return path / "spec.json"; }
  Path started() const { return path / "started"; }
  Path exit() const { return path / "exit"; }
};

}  // namespace howdah::os
