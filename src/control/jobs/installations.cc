#include "control/jobs/installations.h"

#include <fmt/format.h>

#include <cctype>
#include <cstdlib>

#include "apps/progress.h"
#include "base/digest.h"
#include "base/log.h"
#include "os/file.h"

namespace howdah::control {
namespace {

using State = InstallationSeen::State;

constexpr const char* kRuntimeInside = "/usr/lib/howdah";

std::string command_to_install(const std::string& label, const std::vector<std::string>& names) {
  std::string out = fmt::format("howdah install {}", label);
  if (!names.empty()) out += fmt::format(" --applications {}", fmt::join(names, ","));
  return out;
}

}  // namespace

InstallationSeen Installations::look(const std::string& label,
                                     const std::vector<std::string>& names,
                                     const std::string& name) {
  if (apps::installed(releases_, label, names, engines_)) return {State::kInstalled, ""};
  const auto progress = apps::read_progress(engines_, label);
  const os::ProcessStatus process = os::Supervisor::look(run_folder(name));
  if (process.state == os::ProcessStatus::State::kRunning) {
    return {State::kInstalling,
            progress && !progress->text.empty() ? progress->text : "Preparing the download"};
  }
  std::lock_guard lock(mutex_);
  if (!started_here_.contains(name) || process.state == os::ProcessStatus::State::kUnknown)
    return {State::kMissing, ""};
  if (process.state == os::ProcessStatus::State::kExited && process.exit_code == 0)
    return {State::kMissing, ""};
  const std::string cause =
      progress && !progress->error.empty() ? progress->error : last_words(name, process);
  return {State::kFailed, fmt::format("Installing {} failed: {}. Try: {}", label, cause,
                                      command_to_install(label, names))};
}

base::Status Installations::install(const std::string& label, const std::vector<std::string>& names,
                                    const std::string& name) {
  std::lock_guard lock(mutex_);
  const os::ProcessStatus process = os::Supervisor::look(run_folder(name));
  if (process.state == os::ProcessStatus::State::kRunning) {
    started_here_.insert(name);
    return base::ok();
  }
  // One that ended before anybody asked here is no answer: the next try gets a fresh folder.
  if (process.state != os::ProcessStatus::State::kUnknown) TRY(os::erase_tree(run_folder(name)));
  os::ProcessPlan plan;
  plan.argv = {"/proc/self/exe", "install", label, "--engines", engines_.string()};
  if (!names.empty()) plan.argv.push_back(fmt::format("--applications={}", fmt::join(names, ",")));
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (!failed) plan.argv[0] = self.string();
  for (const char* variable :
       {"PATH", "HOME", "JAVA_HOME", "HOWDAH_CACHE", "HOWDAH_PYTHON", "HTTP_PROXY", "HTTPS_PROXY",
        "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "PIP_CONFIG_FILE",
        "PIP_EXTRA_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "MAVEN_OPTS"}) {
    if (const char* value = ::getenv(variable)) plan.environment.emplace_back(variable, value);
  }
  plan.stdout_path = log_file(name);
  plan.stderr_path = log_file(name);
  started_here_.insert(name);
  base::log_info("control", "installing {}; its output: {}", name, log_file(name).string());
  // A name that no node can have: what is left of nodes is looked for among the labels.
  return supervisor_.start(run_folder(name), plan, "install:" + name);
}

base::Result<apps::Installed> Installations::installed(
    const std::string& label, const std::vector<std::string>& names) const {
  auto out = apps::installed(releases_, label, names, engines_);
  if (out) return std::move(*out);
  return base::unavailable(fmt::format("{} is not installed any more; try: {}", label,
                                       command_to_install(label, names)));
}

std::filesystem::path Installations::run_folder(const std::string& name) const {
  return data_ / "installs" / name;
}

std::filesystem::path Installations::log_file(const std::string& name) const {
  return data_ / "installs" / (name + ".log");
}

std::string Installations::last_words(const std::string& name,
                                      const os::ProcessStatus& process) const {
  const std::string text = os::read_file(log_file(name)).value_or("");
  const size_t end = text.find_last_not_of(" \n");
  const size_t begin = end == std::string::npos ? 0 : text.rfind('\n', end) + 1;
  const std::string last =
      end == std::string::npos ? process.reason : text.substr(begin, end - begin + 1);
  return fmt::format("{} (exit code {}, log {})", last, process.exit_code, log_file(name).string());
}

std::string installation_name(const std::string& label, const std::vector<std::string>& names) {
  std::string out = label;
  for (const std::string& name : names) out += "-" + name;
  // A path is made only of what cannot lead anywhere, and of what fits into a file's name.
  for (char& c : out)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') c = '_';
  if (out.size() <= 100) return out;
  return out.substr(0, 80) + "-" + base::sha256_hex(out).substr(0, 12);
}

void add_view(const apps::NodeView& view, const std::filesystem::path& runtime,
              nodes::NodeSpec& spec) {
  for (const apps::Mount& mount : view.mounts)
    spec.mounts.push_back({mount.source, mount.target, mount.read_only});
  spec.mounts.push_back({runtime, kRuntimeInside, true});
  for (const apps::File& file : view.files)
    spec.files.push_back({file.path, file.contents, file.mode});
  spec.environment = view.environment;
}

}  // namespace howdah::control
