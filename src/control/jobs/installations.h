#pragma once

// The applications of release labels on this host: looked for, and installed by a supervised
// `howdah install <label> --applications …` that outlives the server. Ownership: borrows the
// release table. Threads: concurrent calls allowed. Failure: what cannot be installed is a look
// that failed, with package and cause.

#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apps/install.h"
#include "apps/node_view.h"
#include "apps/releases.h"
#include "base/result.h"
#include "nodes/provider.h"
#include "os/supervisor.h"

namespace howdah::control {

/// How far an installation is.
struct InstallationSeen {
  enum class State { kMissing, kInstalling, kInstalled, kFailed };
  State state = State::kMissing;
  std::string text;  // kInstalling: how far; kFailed: package and cause
};

class Installations {
 public:
  /// `data`: its folder installs/ has the runs and logs of installers; `installation`: the
  /// 6-character id.
  Installations(std::filesystem::path data, std::filesystem::path engines,
                const std::string& installation, const apps::Releases& releases)
      : data_(std::move(data)),
        engines_(std::move(engines)),
        releases_(releases),
        supervisor_(os::Launcher(installation)) {}

  /// Of `names` and what they need; `name` is what runs and logs are called.
  InstallationSeen look(const std::string& label, const std::vector<std::string>& names,
                        const std::string& name);
  /// Starts it unless it runs. Returns at once.
  base::Status install(const std::string& label, const std::vector<std::string>& names,
                       const std::string& name);
  /// kUnavailable, with what to do, when it is not installed (any more).
  base::Result<apps::Installed> installed(const std::string& label,
                                          const std::vector<std::string>& names) const;
  const apps::Releases& releases() const { return releases_; }

 private:
  std::filesystem::path run_folder(const std::string& name) const;
  std::filesystem::path log_file(const std::string& name) const;
  std::string last_words(const std::string& name, const os::ProcessStatus& process) const;

  const std::filesystem::path data_, engines_;
  const apps::Releases& releases_;
  os::Supervisor supervisor_;
  std::mutex mutex_;
  std::set<std::string> started_here_;  // what somebody asked for since this server's start
};

/// What of a label and applications a folder may be called.
std::string installation_name(const std::string& label, const std::vector<std::string>& names);

/// A node's view becomes part of its specification: mounts, files, environment; `runtime` is shown
/// at /usr/lib/howdah.
void add_view(const apps::NodeView& view, const std::filesystem::path& runtime,
              nodes::NodeSpec& spec);

}  // namespace howdah::control
