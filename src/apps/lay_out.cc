#include "apps/lay_out.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "apps/child.h"
#include "apps/class_archive.h"
#include "apps/files.h"
#include "base/json.h"
#include "base/text.h"

namespace howdah::apps {
namespace {

namespace fs = std::filesystem;

// The node's own Python: what compiles must be what imports (the folder is read-only in a node).
constexpr const char* kNodePython = "/usr/bin/python3";

base::Result<Child> start(const LayOutSpec& spec, const std::string& log,
                          std::vector<std::string> argv) {
  const fs::path path = spec.logs / log;
  ::unlink(path.c_str());
  return Child::start(
      {.argv = std::move(argv),
       .environment = {{"PIP_DISABLE_PIP_VERSION_CHECK", "1"}, {"PIP_NO_INPUT", "1"}},
       .log = path});
}

base::Status finish(const LayOutSpec& spec, const std::string& log, std::string_view what,
                    Child& child) {
  const int code = child.wait();
  if (code == 0) return base::ok();
  const fs::path path = spec.logs / log;
  return base::internal(fmt::format("{} ended with exit code {}: {} (log: {})", what, code,
                                    last_lines(path, 2), path.string()));
}

base::Status move(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return base::from_errno(fmt::format("{} -> {}", from.string(), to.string()));
  return base::ok();
}

std::vector<std::string> pip_install_argv(const LayOutSpec& spec) {
  std::vector<std::string> argv = {spec.python,
                                   "-m",
                                   "pip",
                                   "install",
                                   "--quiet",
                                   "--no-index",
                                   "--no-deps",
                                   "--no-compile",
                                   "--no-warn-script-location",
                                   "--only-binary",
                                   ":all:",
                                   "--python-version",
                                   spec.manifest.python,
                                   "--implementation",
                                   "cp",
                                   "--platform",
                                   "manylinux2014_" + spec.manifest.machine,
                                   "--target",
                                   (spec.folder / "python").string()};
  for (const Artifact& wheel : spec.manifest.python_packages)
    argv.push_back((spec.store / wheel.file).string());
  return argv;
}

// The source distribution keeps SPARK_HOME in deps/ and the Python half apart.
base::Status arrange_home(const LayOutSpec& spec, const fs::path& unpacked, const fs::path& home) {
  TRY(move(unpacked / "deps", home));
  TRY(make_folders(home / "python"));
  TRY(move(unpacked / "pyspark", home / "python/pyspark"));
  TRY(move(unpacked / "lib", home / "python/lib"));
  std::error_code error;
  for (const Artifact& jar : spec.manifest.jars) {
    fs::copy_file(spec.store / jar.file, home / "jars" / jar.file, error);
    if (error) return base::from_errno(jar.file, error.value());
  }
  // The master "yarn" is served by yarn/ on a cluster with YARN, by local-yarn/ on a single node:
  // one of the two is on the class path (SPARK_DIST_CLASSPATH, see node_view.h), never both.
  TRY(make_folders(home / "yarn"));
  const std::string yarn = fmt::format("spark-yarn_2.12-{}.jar", spec.manifest.version);
  TRY(move(home / "jars" / yarn, home / "yarn" / yarn));
  if (::symlink("/etc/spark/conf", (home / "conf").c_str()) != 0) return base::from_errno("conf");
  // Where EMR has the examples. The distribution holds those in Python only; ours in
  // Java are added by compile_sources().
  TRY(move(home / "examples", home / "python-examples"));
  TRY(make_folders(home / "examples/src/main"));
  TRY(make_folders(home / "examples/jars"));
  TRY(move(home / "python-examples", home / "examples/src/main/python"));
  return base::ok();
}

base::Result<std::string> class_path(const fs::path& jars) {
  std::string out;
  std::error_code error;
  for (fs::directory_iterator at(jars, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    if (at->path().extension() == ".jar") out += at->path().string() + ":";
  }
  if (error) return base::from_errno(jars.string(), error.value());
  return out;
}

/// The Java sources of apps/<application>/<name>/, being compiled.
struct Compilation {
  std::string name;
  fs::path classes;
  fs::path jar;  // empty: the classes stay a folder
  Child compiler;
};

base::Result<Compilation> compile(const LayOutSpec& spec, const std::string& name,
                                  const fs::path& home, const fs::path& classes,
                                  const fs::path& jar) {
  std::vector<std::string> argv = {(spec.java_home / "bin/java").string(),
                                   "-jar",
                                   (spec.store / spec.manifest.compiler->file).string(),
                                   fmt::format("-{}", spec.manifest.java),
                                   "-nowarn",
                                   "-proc:none",
                                   "-cp",
                                   TRY(class_path(home / "jars")),
                                   "-d",
                                   classes.string()};
  // A version whose interfaces differ has sources of its own: commit-3.1.2/.
  std::error_code error;
  fs::path sources = spec.sources / fmt::format("{}-{}", name, spec.manifest.version);
  if (!fs::exists(sources, error)) sources = spec.sources / name;
  for (fs::directory_iterator at(sources, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    if (at->path().extension() == ".java") argv.push_back(at->path().string());
  }
  if (error) return base::from_errno(sources.string(), error.value());
  return Compilation{name, classes, jar, TRY(start(spec, "compile-" + name + ".log", argv))};
}

base::Status finish(const LayOutSpec& spec, Compilation& running) {
  TRY(finish(spec, "compile-" + running.name + ".log", "compiling apps/spark/" + running.name,
             running.compiler));
  if (running.jar.empty()) return base::ok();
  Child jar = TRY(start(spec, "jar.log",
                        {spec.python, "-m", "zipfile", "-c", running.jar.string(),
                         (running.classes / "org").string()}));
  return finish(spec, "jar.log", "making " + running.jar.filename().string(), jar);
}

base::Status compile_sources(const LayOutSpec& spec, const fs::path& home) {
  constexpr const char* kService = "org.apache.spark.scheduler.ExternalClusterManager";
  const fs::path yarn = home / "local-yarn";
  const fs::path jars = spec.scratch / "jars";
  TRY(make_folders(yarn / "META-INF/services"));
  TRY(make_folders(jars));
  std::vector<Compilation> all;
  all.push_back(TRY(compile(spec, "local_yarn", home, yarn, {})));
  all.push_back(
      TRY(compile(spec, "commit", home, spec.scratch / "commit", jars / "howdah-commit.jar")));
  all.push_back(TRY(compile(spec, "credentials", home, spec.scratch / "credentials",
                            jars / "howdah-credentials.jar")));
  all.push_back(TRY(compile(spec, "examples", home, spec.scratch / "examples",
                            home / "examples/jars/spark-examples.jar")));
  TRY(write_file(yarn / "META-INF/services" / kService, "org.howdah.spark.LocalYarn\n"));
  for (Compilation& running : all) TRY(finish(spec, running));
  for (const char* jar : {"howdah-commit.jar", "howdah-credentials.jar"})
    TRY(move(jars / jar, home / "jars" / jar));
  return base::ok();
}

// ---- an application of jars alone

}  // namespace

fs::path folder_of(const Manifest& manifest, const std::string& file) {
  for (const auto& [prefix, folder] : manifest.folders) {
    if (file.starts_with(prefix)) return folder;
  }
  return "jars";
}

namespace {

base::Status unpack(const LayOutSpec& spec, const Unpacked& what) {
  const fs::path archive = spec.store / what.file;
  const fs::path into = spec.scratch / what.file;
  TRY(make_folders(into));
  const bool tar = what.file.ends_with(".tar.gz");
  std::vector<std::string> argv =
      tar ? std::vector<std::string>{"tar", "-xzf",       archive.string(), "--no-same-owner",
                                     "-C",  into.string()}
          : std::vector<std::string>{spec.python,      "-m",         "zipfile", "-e",
                                     archive.string(), into.string()};
  Child child = TRY(start(spec, "unpack.log", std::move(argv)));
  TRY(finish(spec, "unpack.log", "unpacking " + what.file, child));
  const fs::path to = spec.folder / what.to;
  TRY(make_folders(to));
  return move(into / what.members, to / fs::path(what.members).filename());
}

// apps/<application>/install: what an application makes out of its own files, once.
base::Status run_install_script(const LayOutSpec& spec) {
  const fs::path script = spec.sources / "install";
  if (::access(script.c_str(), X_OK) != 0) return base::ok();
  const fs::path log = spec.logs / "install.log";
  ::unlink(log.c_str());
  Child child =
      TRY(Child::start({.argv = {script.string(), spec.folder.string(), spec.scratch.string()},
                        .environment = {{"JAVA_HOME", spec.java_home.string()}},
                        .log = log}));
  return finish(spec, "install.log", script.string(), child);
}

base::Status lay_out_jars(const LayOutSpec& spec) {
  std::error_code error;
  const auto is_unpacked = [&](const std::string& file) {
    return std::any_of(spec.manifest.unpack.begin(), spec.manifest.unpack.end(),
                       [&](const Unpacked& each) { return each.file == file; });
  };
  for (const Artifact& jar : spec.manifest.jars) {
    if (is_unpacked(jar.file)) continue;
    const fs::path folder = spec.folder / folder_of(spec.manifest, jar.file);
    TRY(make_folders(folder));
    fs::copy_file(spec.store / jar.file, folder / jar.file, error);
    if (error) return base::from_errno(jar.file, error.value());
  }
  for (const Unpacked& each : spec.manifest.unpack) TRY(unpack(spec, each));
  std::vector<fs::path> jars;
  for (const Artifact& jar : spec.manifest.jars) {
    if (!is_unpacked(jar.file)) jars.push_back(folder_of(spec.manifest, jar.file) / jar.file);
  }
  TRY(write_java_arguments(spec.folder, spec.final_folder, jars, spec.manifest.class_path));
  for (const auto& [path, target] : spec.manifest.links) {
    TRY(make_folders((spec.folder / path).parent_path()));
    if (::symlink(target.c_str(), (spec.folder / path).c_str()) != 0)
      return base::from_errno((spec.folder / path).string());
  }
  return run_install_script(spec);
}

base::Status lay_out_spark(const LayOutSpec& spec) {
  const fs::path home = spec.folder / "spark";
  const fs::path archive = spec.store / spec.manifest.home->file;
  Child tar =
      TRY(start(spec, "tar.log",
                {"tar", "-xzf", archive.string(), "--no-same-owner", "-C", spec.scratch.string()}));
  Child pip = TRY(start(spec, "pip-install.log", pip_install_argv(spec)));
  TRY(finish(spec, "tar.log", "unpacking " + spec.manifest.home->file, tar));
  const std::string inner = spec.manifest.home->name + "-" + spec.manifest.home->version;
  TRY(arrange_home(spec, spec.scratch / inner, home));
  TRY(compile_sources(spec, home));
  TRY(finish(spec, "pip-install.log", "pip install of the node's Python packages", pip));
  TRY(run_install_script(spec));
  // Broken test files of packages make compileall return 1: what does not compile is compiled when
  // it is used.
  Child bytecode =
      TRY(start(spec, "compileall.log",
                {kNodePython, "-m", "compileall", "-q", "-j", "0",
                 (spec.folder / "python").string(), (home / "python/pyspark").string()}));
  bytecode.wait();
  return base::ok();
}

base::Status write_receipt(const LayOutSpec& spec) {
  base::JsonObject receipt;
  receipt["application"] = spec.manifest.application;
  receipt["version"] = spec.manifest.version;
  base::JsonObject files;
  for (const Artifact& artifact : spec.manifest.artifacts()) files[artifact.file] = artifact.sha256;
  receipt["files"] = std::move(files);
  return write_file(spec.folder / "installed.json", base::to_pretty_text(receipt) + "\n");
}

}  // namespace

base::Status lay_out(const LayOutSpec& spec) {
  TRY(make_folders(spec.folder));
  TRY(make_folders(spec.scratch));
  if (spec.manifest.home) {
    TRY(lay_out_spark(spec));
  } else {
    TRY(lay_out_jars(spec));
  }
  // Nodes run under other users than the one who installs, whatever his umask is.
  Child modes = TRY(start(spec, "chmod.log", {"chmod", "-R", "a+rX,go-w", spec.folder.string()}));
  TRY(finish(spec, "chmod.log", "chmod", modes));
  return write_receipt(spec);
}

}  // namespace howdah::apps
