#include "job/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace howdah::job {
namespace {

// Fetches jars and scripts with the job's own credentials, then becomes them
// (runtime/node/run-step).
constexpr const char* kRunStep = "/usr/lib/howdah/run-step";

struct Tool {
  std::string_view name;
  std::string_view application;
};

// The tools of command-runner.jar that belong to an application.
constexpr std::array kTools = {
    Tool{"spark-submit", "Spark"},
    Tool{"spark-example", "Spark"},
    Tool{"spark-sql", "Spark"},
    Tool{"pyspark", "Spark"},
    Tool{"spark-shell", "Spark"},
    Tool{"hadoop-streaming", "Hadoop"},
    Tool{"hadoop-lzo", "Hadoop"},
    Tool{"s3-dist-cp", "Hadoop"},
    Tool{"hdfs", "Hadoop"},
    Tool{"yarn", "Hadoop"},
    Tool{"mapred", "Hadoop"},
    Tool{"hive-script", "Hive"},
    Tool{"hive", "Hive"},
    Tool{"beeline", "Hive"},
    Tool{"pig-script", "Pig"},
    Tool{"pig", "Pig"},
    Tool{"sqoop", "Sqoop"},
    Tool{"flink", "Flink"},
    Tool{"flink-yarn-session", "Flink"},
    Tool{"trino-cli", "Trino"},
    Tool{"presto-cli", "Presto"},
    Tool{"hbase", "HBase"},
};

bool installed(const Site& site, std::string_view application) {
  return std::any_of(
      site.applications.begin(), site.applications.end(),
      [&](const std::string& name) { return base::equals_ignore_case(name, application); });
}

base::Error not_installed(std::string_view tool, std::string_view application, const Site& site) {
  return {
      base::Code::kFailedPrecondition,
      fmt::format("{} is not installed on this cluster: it belongs to the application {}, and the "
                  "cluster has {}. "
                  "Create the cluster with --applications Name={}.",
                  tool, application,
                  site.applications.empty() ? "none"
                                            : fmt::format("{}", fmt::join(site.applications, ", ")),
                  application),
      {},
      {}};
}

base::Result<Launch> command_runner(const JarStep& step, const Site& site) {
  if (step.args.empty()) {
    return base::invalid_argument(
        "command-runner.jar needs the command to run as its first argument");
  }
  const std::string& tool = step.args[0];
  Launch out;
  out.argv = step.args;
  if (tool == "state-pusher-script") {
    out.argv = {"true"};
    out.notes.push_back(
        "state-pusher-script: there is no debugging index to push to; the logs of every step are "
        "kept on the cluster and under its log URI");
    return out;
  }
  for (const Tool& known : kTools) {
    if (known.name == tool && !installed(site, known.application)) {
      return not_installed(tool, known.application, site);
    }
  }
  if (tool == "spark-example") {
    // spark-example SparkPi 10 [options first]: Spark calls the same thing run-example.
    out.argv[0] = "run-example";
  }
  return out;
}

}  // namespace

base::Result<Launch> launch(const JarStep& step, const Site& site) {
  const std::string_view jar = step.jar;
  const std::string_view file =
      jar.substr(jar.rfind('/') == std::string_view::npos ? 0 : jar.rfind('/') + 1);
  if (file == "command-runner.jar") return command_runner(step, site);
  Launch out;
  if (file == "script-runner.jar") {
    if (step.args.empty()) {
      return base::invalid_argument(
          "script-runner.jar needs the script (s3:// or a path on the node) as its first argument");
    }
    out.argv = {kRunStep, "script"};
    out.argv.insert(out.argv.end(), step.args.begin(), step.args.end());
    return out;
  }
  if (jar.empty()) return base::invalid_argument("the step names no jar");
  out.argv = {kRunStep, "jar", step.jar, step.main_class};
  out.argv.insert(out.argv.end(), step.args.begin(), step.args.end());
  std::string options;
  for (const auto& [key, value] : step.properties) {
    // One option a line: run-step reads them line by line, so that no blank or quote splits a
    // value.
    options += fmt::format("-D{}={}\n", key, value);
  }
  if (!options.empty()) out.environment.emplace_back("HOWDAH_JAVA_PROPERTIES", options);
  return out;
}

std::string display(const JarStep& step) {
  std::string out = "hadoop jar ";
  out += step.jar == "command-runner.jar"
             ? "/var/lib/aws/emr/step-runner/hadoop-jars/command-runner.jar"
             : step.jar;
  if (!step.main_class.empty()) out += " " + step.main_class;
  for (const std::string& arg : step.args) out += " " + arg;
  return out;
}

Launch launch_bootstrap(const std::string& path, const std::vector<std::string>& args) {
  Launch out;
  out.argv = {kRunStep, "script", path};
  out.argv.insert(out.argv.end(), args.begin(), args.end());
  return out;
}

}  // namespace howdah::job
