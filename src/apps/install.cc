#include "apps/install.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "apps/class_archive.h"
#include "apps/fetch.h"
#include "apps/files.h"
#include "apps/java.h"
#include "apps/lay_out.h"
#include "apps/start_fast.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace howdah::apps {
namespace {

namespace fs = std::filesystem;

base::Error precondition(std::string message) {
  return {base::Code::kFailedPrecondition, std::move(message), {}, {}};
}

/// One installation: the places it works in, and how far it is.
struct Work {
  const Releases& releases;
  const Release& release;
  const Manifest& manifest;
  const InstallOptions& options;
  base::Clock& clock;
  ProgressFile& progress;
  fs::path final_folder;
  fs::path temporary;
  fs::path store;  // the verified files: the user's cache, or our own downloads
  fs::path logs;

  std::string name() const { return manifest.application + " " + manifest.version; }
};

base::Result<base::Fd> lock(Work& work) {
  const fs::path path =
      work.options.engines_root / (".lock-" + work.final_folder.filename().string());
  base::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.valid()) return base::from_errno(path.string());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  work.progress.announce(
      {.phase = "waiting", .text = fmt::format("Another process is installing {}", work.name())});
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return base::from_errno(path.string());
  }
  return fd;
}

base::Status check_machine(const Manifest& manifest) {
  struct utsname host {};
  ::uname(&host);
  if (!manifest.machine.empty() && manifest.machine != host.machine) {
    return precondition(fmt::format("{} {}: the files of its manifest are for {}, this host is {}",
                                    manifest.application, manifest.version, manifest.machine,
                                    host.machine));
  }
  if (manifest.python.empty()) return base::ok();
  const std::string python = "/usr/bin/python" + manifest.python;
  if (::access(python.c_str(), X_OK) == 0) return base::ok();
  return precondition(fmt::format("{} {} needs {} (Debian 12 has it: package python3)",
                                  manifest.application, manifest.version, python));
}

base::Status check_disk(const fs::path& folder, uint64_t needed) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return base::from_errno(folder.string());
  const uint64_t free = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (free >= needed) return base::ok();
  return base::Error{
      base::Code::kResourceExhausted,
      fmt::format(
          "{} has {} MB free, {} MB are needed: make room, or set another folder for engines",
          folder.string(), free / 1000000, needed / 1000000),
      {},
      {}};
}

// Splits into what is there, verified, and what has to come. A broken file counts as missing,
// unless nothing may be fetched: then it is the error.
base::Result<std::vector<Artifact>> missing_files(Work& work) {
  std::vector<Artifact> missing;
  uint64_t done = 0;
  for (const Artifact& artifact : work.manifest.artifacts()) {
    const fs::path file = work.store / artifact.file;
    if (::access(file.c_str(), R_OK) != 0) {
      missing.push_back(artifact);
      continue;
    }
    work.progress.update({.phase = "verifying",
                          .text = fmt::format("Checking the files of {}", work.name()),
                          .done_bytes = done,
                          .total_bytes = work.manifest.download_bytes()});
    const base::Status verified = verify(artifact, file);
    if (!verified.ok() && work.options.offline) return verified.error();
    if (!verified.ok()) {
      base::log_warn("apps", "{}; fetching it anew", verified.error().message);
      missing.push_back(artifact);
    }
    done += artifact.bytes;
  }
  if (!missing.empty() && work.options.offline) {
    return precondition(fmt::format(
        "{} {} is not in {} ({} of {} files are missing), and --offline forbids to fetch it",
        missing[0].name, missing[0].file, work.store.string(), missing.size(),
        work.manifest.artifacts().size()));
  }
  return missing;
}

std::vector<std::string> pythons(const Work& work) {
  const char* named = std::getenv("HOWDAH_PYTHON");
  return {work.options.python, named ? named : "",
          (work.releases.folder() / "../.venv/bin/python").lexically_normal().string(),
          "/usr/bin/python3", "python3"};
}

fs::path cache_of(const InstallOptions& options) {
  if (!options.cache.empty()) return options.cache;
  const char* named = std::getenv("HOWDAH_CACHE");
  return named ? named : "";
}

base::Status move_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return base::ok();
  if (errno != EXDEV) return base::from_errno(to.string());
  std::error_code error;
  const fs::path partial = to.string() + ".partial";
  fs::copy_file(from, partial, fs::copy_options::overwrite_existing, error);
  if (error) return base::from_errno(to.string(), error.value());
  if (::rename(partial.c_str(), to.c_str()) != 0) return base::from_errno(to.string());
  return base::ok();
}

base::Status download(Work& work, const std::vector<Artifact>& missing, const std::string& python,
                      const fs::path& java_home) {
  uint64_t coming = 0;
  for (const Artifact& artifact : missing) coming += artifact.bytes;
  const uint64_t total = work.manifest.download_bytes();
  uint64_t most = 0;  // a client that moves its files about shows fewer for a moment
  const auto say = [&](uint64_t bytes) {
    most = std::max(most, bytes);
    const uint64_t done = total - coming + most;
    work.progress.update({.phase = "downloading",
                          .text = download_text(work.name(), done, total),
                          .done_bytes = done,
                          .total_bytes = total});
  };
  say(0);
  FetchSpec spec{.wanted = missing,
                 .python_version = work.manifest.python,
                 .machine = work.manifest.machine,
                 .incoming = work.temporary / "incoming",
                 .scratch = work.temporary / "scratch",
                 .logs = work.logs,
                 .python = python,
                 .java_home = java_home,
                 .on_bytes = say};
  TRY(make_folders(spec.incoming));
  TRY(make_folders(spec.scratch));
  const base::Status fetched = fetch(spec, work.clock);
  work.progress.update({.phase = "verifying",
                        .text = fmt::format("Checking the files of {}", work.name()),
                        .done_bytes = total,
                        .total_bytes = total});
  // What did come is kept even when something else failed: the next attempt starts from there.
  for (const Artifact& artifact : missing) {
    const fs::path file = spec.incoming / artifact.file;
    if (::access(file.c_str(), R_OK) != 0) continue;
    const base::Status verified = verify(artifact, file);
    if (verified.ok()) {
      TRY(move_file(file, work.store / artifact.file));
    } else if (fetched.ok()) {
      return verified.error();
    }
  }
  return fetched;
}

base::Status build(Work& work) {
  const base::Result<fs::path> java = find_java(work.manifest.java);
  if (!java.ok()) return java.error();
  TRY(check_machine(work.manifest));
  std::error_code ignored;
  fs::remove_all(work.temporary, ignored);
  TRY(make_folders(work.temporary));
  const std::vector<Artifact> missing = TRY(missing_files(work));
  uint64_t needed = work.manifest.unpacked_bytes;
  for (const Artifact& artifact : missing) needed += artifact.bytes;
  TRY(check_disk(work.options.engines_root, needed));
  const std::string python = TRY(find_pip_python(pythons(work), work.logs / "python.log"));
  if (!missing.empty()) TRY(download(work, missing, python, *java));

  work.progress.update({.phase = "unpacking", .text = fmt::format("Unpacking {}", work.name())});
  TRY(lay_out({.manifest = work.manifest,
               .sources = work.releases.folder() / base::to_lower(work.manifest.application),
               .store = work.store,
               .folder = work.temporary / "tree",
               .final_folder = work.final_folder,
               .scratch = work.temporary / "scratch",
               .logs = work.logs,
               .python = python,
               .java_home = *java}));
  work.progress.update({.phase = "finishing", .text = fmt::format("Finishing {}", work.name())});
  ::sync();  // the name below promises that all of it is on disk
  if (::rename((work.temporary / "tree").c_str(), work.final_folder.c_str()) != 0) {
    return base::from_errno(work.final_folder.string());
  }
  fs::remove_all(work.temporary, ignored);
  if (cache_of(work.options).empty()) {
    for (const Artifact& artifact : work.manifest.artifacts())
      fs::remove(work.store / artifact.file, ignored);
  }
  return base::ok();
}

// What makes its programs start faster. Nothing depends on it, so nothing fails with it.
void make_archive(Work& work) {
  const fs::path sources = work.releases.folder() / base::to_lower(work.manifest.application);
  if (work.manifest.home) {
    const base::Status done =
        ensure_bytecode(sources, work.final_folder, work.logs / "bytecode.log");
    if (!done.ok()) base::log_warn("apps", "{}", done.error().message);
  }
  const base::Result<fs::path> java = find_java(work.manifest.java);
  if (!java.ok() || has_class_archive(work.final_folder) || !has_class_list(sources)) return;
  work.progress.update(
      {.phase = "finishing", .text = fmt::format("Making the class archive of {}", work.name())});
  const base::Status made = make_class_archive({.sources = sources,
                                                .root = work.final_folder,
                                                .java_home = *java,
                                                .log = work.logs / "class-archive.log"});
  if (!made.ok())
    base::log_warn("apps", "{} starts without a class archive, slower: {}", work.name(),
                   made.error().message);
}

base::Status install_manifest(const Releases& releases, const Release& release,
                              const Manifest& manifest, const InstallOptions& options,
                              ProgressFile& progress, base::Clock& clock) {
  const fs::path engines = fs::absolute(options.engines_root);
  const fs::path cache = cache_of(options);
  Work work{.releases = releases,
            .release = release,
            .manifest = manifest,
            .options = options,
            .clock = clock,
            .progress = progress,
            .final_folder = engines / manifest.folder_name(),
            .temporary = engines / (".tmp-" + manifest.folder_name()),
            .store = cache.empty() ? engines / "downloads" : fs::absolute(cache),
            .logs = engines / "logs"};
  TRY(make_folders(work.logs));
  if (options.offline && !fs::exists(work.store)) {
    return precondition(
        fmt::format("there is no cache folder {}, and --offline forbids to fetch {}",
                    work.store.string(), work.name()));
  }
  TRY(make_folders(work.store));
  const base::Fd held = TRY(lock(work));
  if (!fs::exists(work.final_folder / "installed.json")) TRY(build(work));
  TRY(ensure_java_arguments(manifest, work.final_folder));
  make_archive(work);
  return base::ok();
}

}  // namespace

base::Result<const Release*> runnable_release(const Releases& releases, std::string_view label) {
  const Release* release = releases.find(label);
  const std::string runnable = base::join(releases.runnable_labels(), ", ");
  if (!release) {
    return base::not_found(
        fmt::format("release label '{}' is not known; runnable here: {}", label, runnable));
  }
  if (!release->is_runnable()) {
    return precondition(fmt::format(
        "release label '{}' is known but cannot run here yet; runnable: {}", label, runnable));
  }
  return release;
}

const InstalledApplication* Installed::find(std::string_view name) const {
  const auto at = std::find_if(applications.begin(), applications.end(),
                               [&](const auto& each) { return each.name == name; });
  return at == applications.end() ? nullptr : &*at;
}

std::vector<std::string> needed_applications(const Release& release,
                                             const std::vector<std::string>& applications,
                                             bool several_nodes) {
  std::vector<std::string> out;
  const auto has = [&](std::string_view name) {
    return std::find(out.begin(), out.end(), name) != out.end();
  };
  const auto add = [&](const auto& self, const std::string& name) -> void {
    const Manifest* manifest = release.manifest_of(name);
    if (!manifest || has(name)) return;
    for (const std::string& need : manifest->needs) self(self, need);
    if (!has(name)) out.push_back(name);
  };
  add(add, "Spark");
  if (several_nodes) add(add, "Hadoop");
  for (const std::string& wanted : applications) {
    const std::string* spelled = find_application(release, wanted);
    if (spelled) add(add, *spelled);
  }
  for (const std::string& part : release.parts) {
    const Manifest* manifest = release.manifest_of(part);
    if (std::all_of(manifest->needs.begin(), manifest->needs.end(), has)) out.push_back(part);
  }
  return out;
}

base::Result<Installed> install(const Releases& releases, std::string_view label,
                                const std::vector<std::string>& applications,
                                const InstallOptions& options, base::Clock& clock) {
  const Release* release = TRY(runnable_release(releases, label));
  TRY(make_folders(options.engines_root));
  ProgressFile progress(progress_path(options.engines_root, label), options.on_progress, clock);
  for (const std::string& name : needed_applications(*release, applications, false)) {
    const base::Status done =
        install_manifest(releases, *release, *release->manifest_of(name), options, progress, clock);
    if (done.ok()) continue;
    progress.fail(done.error().message);
    return done.error();
  }
  progress.finish();
  std::optional<Installed> out = installed(releases, label, applications, options.engines_root);
  if (!out) return base::internal(fmt::format("{} was installed, but cannot be found", label));
  return *std::move(out);
}

base::Result<Installed> install(const Releases& releases, std::string_view label,
                                const InstallOptions& options, base::Clock& clock) {
  return install(releases, label, {}, options, clock);
}

std::optional<Installed> installed(const Releases& releases, std::string_view label,
                                   const std::vector<std::string>& applications,
                                   const fs::path& engines_root) {
  const Release* release = releases.find(label);
  if (!release || !release->is_runnable()) return std::nullopt;
  Installed out;
  out.label = release->label;
  for (const std::string& name : needed_applications(*release, applications, false)) {
    const Manifest& manifest = *release->manifest_of(name);
    const fs::path root = fs::absolute(engines_root) / manifest.folder_name();
    if (::access((root / "installed.json").c_str(), R_OK) != 0) return std::nullopt;
    base::Result<fs::path> java = find_java(manifest.java);
    if (!java.ok()) return std::nullopt;
    out.applications.push_back(
        {.name = name, .version = manifest.version, .root = root, .java_home = *java});
    if (name != "Spark") continue;
    out.spark_version = manifest.version;
    out.root = root;
    out.spark_home = root / "spark";
    out.local_yarn = out.spark_home / "local-yarn";
    out.python_path = root / "python";
    out.java_home = *java;
    if (has_class_archive(root))
      out.spark_class_path = read_file(root / "java/classpath").value_or("");
    out.warm_programs = warm_programs();
  }
  return out;
}

std::optional<Installed> installed(const Releases& releases, std::string_view label,
                                   const fs::path& engines_root) {
  return installed(releases, label, {}, engines_root);
}

}  // namespace howdah::apps
