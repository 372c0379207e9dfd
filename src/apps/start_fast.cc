#include "apps/start_fast.h"

#include <fmt/format.h>
#include <unistd.h>

#include "apps/child.h"
#include "apps/class_archive.h"
#include "apps/files.h"
#include "base/json.h"
#include "base/text.h"

namespace howdah::apps {
namespace {

// "3.4.1" -> 304; what cannot be read is older than everything.
int number_of(std::string_view version) {
  const std::vector<std::string_view> parts = base::split(version, '.');
  if (parts.size() < 2) return 0;
  return std::atoi(std::string(parts[0]).c_str()) * 100 + std::atoi(std::string(parts[1]).c_str());
}

// What Spark's own launcher gives a driver: org.apache.spark.launcher.JavaModuleOptions.
base::JsonArray module_options(int version) {
  base::JsonArray out = {"-XX:+IgnoreUnrecognizedVMOptions"};
  for (const char* package :
       {"java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio",
        "java.util", "java.util.concurrent", "java.util.concurrent.atomic", "sun.nio.ch",
        "sun.nio.cs", "sun.security.action", "sun.util.calendar"})
    out.emplace_back(fmt::format("--add-opens=java.base/{}=ALL-UNNAMED", package));
  out.emplace_back("--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED");
  if (version >= 304) out.emplace_back("-Djdk.reflect.useDirectMethodHandle=false");
  return out;
}

}  // namespace

std::filesystem::path warm_programs() {
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  for (const std::filesystem::path& place :
       {self.parent_path() / "howdah-warm",
        self.parent_path().parent_path() / "warm/howdah-warm"}) {
    if (std::filesystem::is_regular_file(place / "howdah-submit", failed)) return place;
  }
  return {};
}

base::Status ensure_bytecode(const std::filesystem::path& sources,
                             const std::filesystem::path& root, const std::filesystem::path& log) {
  const std::filesystem::path done = root / "java/bytecode";
  const std::filesystem::path script = sources / "add_bytecode";
  if (::access(done.c_str(), F_OK) == 0 || ::access(script.c_str(), X_OK) != 0) return base::ok();
  // The node's own Python: what compiles must be what imports.
  std::vector<std::string> argv = {"/usr/bin/python3", script.string()};
  std::error_code error;
  for (std::filesystem::directory_iterator at(root / "spark/python/lib", error), end;
       !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".zip") argv.push_back(at->path().string());
  }
  ::unlink(log.c_str());
  Child child = TRY(Child::start({.argv = std::move(argv), .environment = {}, .log = log}));
  if (const int code = child.wait(); code != 0)
    return base::internal(fmt::format("add_bytecode ended with exit code {}: {} (log: {})", code,
                                      last_lines(log, 2), log.string()));
  return write_file(done, "");
}

// Spark 3.1 logs with Log4j 1, and on Java 17 needs options of its own.
bool can_be_warm(const Installed& installed) { return number_of(installed.spark_version) >= 303; }

std::string spark_start(const Installed& installed) {
  const int version = number_of(installed.spark_version);
  base::JsonObject out;
  out["version"] = installed.spark_version;
  out["home"] = "/usr/lib/spark";
  out["class_path"] = installed.spark_class_path;
  base::JsonArray archive;
  const std::string options = class_archive_options(installed.root);
  for (std::string_view option : base::split(options, ' ')) archive.emplace_back(option);
  out["archive"] = std::move(archive);
  out["module_options"] = module_options(version);
  out["can_be_warm"] = can_be_warm(installed);
  return base::to_text(out) + "\n";
}

}  // namespace howdah::apps
