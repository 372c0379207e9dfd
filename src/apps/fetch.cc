#include "apps/fetch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "apps/child.h"
#include "apps/files.h"
#include "apps/render.h"
#include "base/text.h"

namespace howdah::apps {
namespace {

namespace fs = std::filesystem;

constexpr base::Millis kPollEvery{200};
// Pinned like everything else that runs.
constexpr std::string_view kCopyGoal =
    "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";

/// One client at work, and what it shall bring.
struct Client {
  std::string name;  // "pip", "Maven"
  std::string what;  // "pyspark 3.5.5", "11 jars"
  fs::path log;
  Child child;
};

base::Error failed(std::string message) { return base::unavailable(std::move(message)); }

bool is_wheel(const Artifact& artifact) { return artifact.file.ends_with(".whl"); }

std::string names_of(const std::vector<Artifact>& artifacts) {
  std::vector<std::string> names;
  for (const Artifact& artifact : artifacts)
    names.push_back(artifact.name + " " + artifact.version);
  constexpr size_t kShown = 3;
  if (names.size() <= kShown) return base::join(names, ", ");
  const size_t more = names.size() - kShown;
  names.resize(kShown);
  return fmt::format("{} and {} more", base::join(names, ", "), more);
}

base::Result<Client> start_pip(const FetchSpec& spec, std::vector<std::string> argv,
                               std::string what, const std::string& log_name) {
  const fs::path log = spec.logs / log_name;
  ::unlink(log.c_str());
  // Its temporary files under our folder, so that the progress can be seen; partial downloads go
  // on.
  Child child = TRY(Child::start({.argv = std::move(argv),
                                  .environment = {{"TMPDIR", spec.scratch.string()},
                                                  {"PIP_DISABLE_PIP_VERSION_CHECK", "1"},
                                                  {"PIP_NO_INPUT", "1"},
                                                  {"PIP_PROGRESS_BAR", "off"},
                                                  {"PIP_RESUME_RETRIES", "5"}},
                                  .log = log}));
  return Client{"pip", std::move(what), log, std::move(child)};
}

base::Result<Client> start_maven(const FetchSpec& spec, const std::vector<Artifact>& jars) {
  const fs::path log = spec.logs / "maven.log";
  const fs::path project = spec.scratch / "pom.xml";
  ::unlink(log.c_str());
  TRY(write_file(project, maven_project(jars)));
  base::Result<Child> child =
      Child::start({.argv = {"mvn", "-B", "-f", project.string(), std::string(kCopyGoal),
                             "-DoutputDirectory=" + spec.incoming.string()},
                    .environment = {{"JAVA_HOME", spec.java_home.string()}},
                    .log = log});
  if (!child.ok()) {
    return failed(fmt::format(
        "Maven is needed for {} and cannot be started ({}): install the Debian package maven",
        names_of(jars), child.error().message));
  }
  return Client{"Maven", names_of(jars), log, *std::move(child)};
}

uint64_t bytes_seen(const FetchSpec& spec) {
  std::map<std::string, uint64_t> sizes;
  add_sizes(spec.incoming, sizes);
  add_sizes(spec.scratch, sizes);
  uint64_t total = 0;
  for (const Artifact& artifact : spec.wanted) {
    const auto here = sizes.find(artifact.file);
    if (here != sizes.end()) total += std::min(here->second, artifact.bytes);
  }
  return total;
}

base::Status wait_for(const FetchSpec& spec, std::vector<Client>& clients, base::Clock& clock) {
  for (;;) {
    bool running = false;
    for (Client& client : clients) {
      const std::optional<int> code = client.child.poll();
      if (!code) running = true;
      if (!code || *code == 0) continue;
      base::Result<std::string> log = read_file(client.log);
      return failed(fmt::format(
          "{} could not download {} (exit code {}): {} (log: {})", client.name, client.what, *code,
          log.ok() ? failure_in_log(*log) : "no output", client.log.string()));
    }
    if (spec.on_bytes) spec.on_bytes(bytes_seen(spec));
    if (!running) return base::ok();
    clock.wait(kPollEvery, {});
  }
}

}  // namespace

std::vector<std::string> pip_source_argv(const FetchSpec& spec, const Artifact& artifact) {
  return {spec.python,
          "-m",
          "pip",
          "download",
          "--no-deps",
          "--no-binary",
          artifact.name,
          "-d",
          spec.incoming.string(),
          artifact.name + "==" + artifact.version};
}

std::vector<std::string> pip_wheels_argv(const FetchSpec& spec,
                                         const std::vector<Artifact>& wheels) {
  std::vector<std::string> argv = {spec.python,
                                   "-m",
                                   "pip",
                                   "download",
                                   "--no-deps",
                                   "--only-binary",
                                   ":all:",
                                   "--python-version",
                                   spec.python_version,
                                   "--implementation",
                                   "cp",
                                   "--platform",
                                   "manylinux2014_" + spec.machine,
                                   "-d",
                                   spec.incoming.string()};
  for (const Artifact& wheel : wheels) argv.push_back(wheel.name + "==" + wheel.version);
  return argv;
}

std::string maven_project(const std::vector<Artifact>& jars) {
  // Every jar is named with its version: what they depend on by themselves is left out.
  std::string out =
      "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n<modelVersion>4.0.0</modelVersion>\n"
      "<groupId>howdah</groupId><artifactId>engine</artifactId><version>1</version><packaging>pom</"
      "packaging>\n"
      "<dependencies>\n";
  for (const Artifact& jar : jars) {
    out += fmt::format(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>"
        "<type>{}</type>{}"
        "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></"
        "exclusions>"
        "</dependency>\n",
        xml_escape(jar.group), xml_escape(jar.name), xml_escape(jar.version), xml_escape(jar.type),
        jar.classifier.empty()
            ? ""
            : fmt::format("<classifier>{}</classifier>", xml_escape(jar.classifier)));
  }
  return out + "</dependencies>\n</project>\n";
}

std::string failure_in_log(std::string_view log) {
  constexpr size_t kLongest = 600;
  std::vector<std::string> errors;
  std::string last;
  for (std::string_view line : base::split(log, '\n')) {
    line = base::trim(line);
    if (line.empty()) continue;
    last = line;
    const bool is_error = line.starts_with("ERROR") || line.starts_with("[ERROR]");
    if (is_error && line.size() > std::string_view("[ERROR]").size() && errors.size() < 2)
      errors.push_back(last);
  }
  std::string out = errors.empty() ? last : base::join(errors, "; ");
  if (out.size() > kLongest) out.resize(kLongest);
  return out;
}

base::Status verify(const Artifact& artifact, const fs::path& file) {
  const std::string got = TRY(sha256_of_file(file));
  if (got == artifact.sha256) return base::ok();
  return base::Error{
      base::Code::kFailedPrecondition,
      fmt::format("{} {}: {} is not the file that was checked: expected SHA-256 {}, got {}",
                  artifact.name, artifact.version, artifact.file, artifact.sha256, got),
      {},
      {}};
}

base::Result<std::string> find_pip_python(const std::vector<std::string>& candidates,
                                          const fs::path& log) {
  for (const std::string& candidate : candidates) {
    if (candidate.empty()) continue;
    base::Result<Child> child = Child::start(
        {.argv = {candidate, "-m", "pip", "--version"}, .environment = {}, .log = log});
    if (child.ok() && child->wait() == 0) return candidate;
  }
  return base::Error{
      base::Code::kFailedPrecondition,
      "no Python with pip found: run ./setup, or install the Debian package python3-pip, or set "
      "HOWDAH_PYTHON",
      {},
      {}};
}

base::Status fetch(const FetchSpec& spec, base::Clock& clock) {
  std::vector<Artifact> wheels;
  std::vector<Artifact> jars;
  std::vector<Client> clients;
  for (const Artifact& artifact : spec.wanted) {
    if (artifact.source == Artifact::Source::kMaven) {
      jars.push_back(artifact);
    } else if (is_wheel(artifact)) {
      wheels.push_back(artifact);
    } else {
      clients.push_back(TRY(start_pip(spec, pip_source_argv(spec, artifact), names_of({artifact}),
                                      fmt::format("pip-{}.log", artifact.name))));
    }
  }
  if (!wheels.empty()) {
    clients.push_back(
        TRY(start_pip(spec, pip_wheels_argv(spec, wheels), names_of(wheels), "pip-wheels.log")));
  }
  if (!jars.empty()) clients.push_back(TRY(start_maven(spec, jars)));
  TRY(wait_for(spec, clients, clock));
  for (const Artifact& artifact : spec.wanted) {
    if (::access((spec.incoming / artifact.file).c_str(), R_OK) == 0) continue;
    return failed(fmt::format("{} {}: the client succeeded, but brought no file {} (logs: {})",
                              artifact.name, artifact.version, artifact.file, spec.logs.string()));
  }
  return base::ok();
}

}  // namespace howdah::apps
