#include "apps/class_archive.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "apps/child.h"
#include "apps/files.h"
#include "base/text.h"

namespace howdah::apps {
namespace {

namespace fs = std::filesystem;

base::Status run(const fs::path& log, const std::string& what, std::vector<std::string> argv) {
  Child child = TRY(Child::start({.argv = std::move(argv), .environment = {}, .log = log}));
  const int code = child.wait();
  if (code == 0) return base::ok();
  return base::internal(fmt::format("{} ended with exit code {}: {} (log: {})", what, code,
                                    last_lines(log, 2), log.string()));
}

// Each jar of `folder`, which is below `root`, as a path below `root`.
base::Status add_jars(const fs::path& root, const char* folder,
                      const std::function<void(const fs::path&)>& add) {
  std::error_code error;
  for (fs::directory_iterator at(root / folder, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    if (at->path().extension() == ".jar") add(fs::path(folder) / at->path().filename());
  }
  return error ? base::from_errno((root / folder).string(), error.value()) : base::ok();
}

}  // namespace

base::Status write_java_arguments(const fs::path& folder, const fs::path& final_folder,
                                  std::vector<fs::path> jars,
                                  const std::vector<std::string>& behind) {
  std::sort(jars.begin(), jars.end());
  std::vector<std::string> paths;
  for (const fs::path& jar : jars) paths.push_back((final_folder / jar).string());
  const std::string class_path = base::join(paths, ":");
  for (const std::string& each : behind) paths.push_back((final_folder / each).string());
  TRY(make_folders(folder / "java"));
  TRY(write_file(folder / "java/classpath", class_path));
  return write_file(folder / "java/arguments",
                    fmt::format("{}\n--add-opens=java.base/java.lang=ALL-UNNAMED\n-cp\n\"{}\"\n",
                                class_archive_options(final_folder), base::join(paths, ":")));
}

std::string class_archive_options(const fs::path& root) {
  // Mapped at the address it was made for: moved elsewhere (the default of hardened builds) every
  // page of it would be patched, and be each process's own.
  return fmt::format(
      "-XX:SharedArchiveFile={} -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 "
      "-Xlog:disable -Xlog:all=error:stderr",
      (root / "java/classes.jsa").string());
}

base::Status ensure_java_arguments(const Manifest& manifest, const fs::path& root) {
  if (!manifest.home) return base::ok();
  // An installation of before had YARN's client in the archive.
  const base::Result<std::string> there = read_file(root / "java/classpath");
  if (there.ok() && there->find("/spark/yarn/") == std::string::npos) return base::ok();
  ::unlink((root / "java/classes.jsa").c_str());
  std::vector<fs::path> jars;
  std::vector<std::string> behind;
  TRY(add_jars(root, "spark/jars", [&](const fs::path& jar) { jars.push_back(jar); }));
  TRY(add_jars(root, "spark/yarn", [&](const fs::path& jar) { behind.push_back(jar.string()); }));
  behind.insert(behind.end(), {"/etc/spark/conf", "/etc/hadoop/conf"});
  return write_java_arguments(root, root, std::move(jars), behind);
}

bool has_class_archive(const fs::path& root) {
  return ::access((root / "java/classes.jsa").c_str(), R_OK) == 0;
}

bool has_class_list(const fs::path& sources) {
  return ::access((sources / "classes.lst.gz").c_str(), R_OK) == 0;
}

base::Status make_class_archive(const ClassArchiveSpec& spec) {
  const fs::path list = spec.root / "java/classes.lst";
  const fs::path archive = spec.root / "java/classes.jsa";
  const fs::path partial = archive.string() + ".new";
  const std::string class_path = TRY(read_file(spec.root / "java/classpath"));
  ::unlink(spec.log.c_str());
  TRY(run(spec.log, "unpacking the list of classes",
          {"python3", "-c",
           "import gzip, sys; open(sys.argv[2], 'wb').write(gzip.open(sys.argv[1]).read())",
           (spec.sources / "classes.lst.gz").string(), list.string()}));
  TRY(run(spec.log, "java -Xshare:dump",
          {(spec.java_home / "bin/java").string(), "-Xshare:dump", "-XX:+UseG1GC", "-Xmx512m",
           "-Xlog:cds=error", "-Xlog:cds+class=off", "-XX:SharedClassListFile=" + list.string(),
           "-XX:SharedArchiveFile=" + partial.string(), "-cp", class_path}));
  ::unlink(list.c_str());
  ::chmod(partial.c_str(), 0444);
  if (::rename(partial.c_str(), archive.c_str()) != 0) return base::from_errno(archive.string());
  return base::ok();
}

}  // namespace howdah::apps
