#include "job/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "job/tool_arguments.h"

namespace howdah::job {
namespace {

using Arguments = std::vector<std::string>;

// Fetches jars and scripts with the job's own credentials, then becomes them
// (runtime/node/run-step).
constexpr const char* kRunStep = "/usr/lib/howdah/run-step";
constexpr const char* kRunIf = "/usr/lib/howdah/run-if";
constexpr const char* kMapReduce = "/usr/lib/hadoop-mapreduce";

struct Tool {
  std::string_view name;
  std::string_view application;
  bool runs_here = true;  // the application can be had at all
};

// The tools of command-runner.jar that belong to an application.
constexpr std::array kTools = {
    Tool{"spark-submit", "Spark"},
    Tool{"spark-example", "Spark"},
    Tool{"run-example", "Spark"},
    Tool{"spark-sql", "Spark"},
    Tool{"pyspark", "Spark"},
    Tool{"spark-shell", "Spark"},
    Tool{"hadoop-streaming", "Hadoop"},
    Tool{"hadoop-mapreduce-examples", "Hadoop"},
    Tool{"s3-dist-cp", "Hadoop"},
    Tool{"hdfs", "Hadoop"},
    Tool{"yarn", "Hadoop"},
    Tool{"mapred", "Hadoop"},
    Tool{"hive-script", "Hive"},
    Tool{"hive", "Hive"},
    Tool{"beeline", "Hive"},
    Tool{"pig-script", "Pig", false},
    Tool{"pig", "Pig", false},
    Tool{"sqoop", "Sqoop", false},
    Tool{"flink", "Flink", false},
    Tool{"flink-yarn-session", "Flink", false},
    Tool{"trino-cli", "Trino", false},
    Tool{"presto-cli", "Presto", false},
    Tool{"hbase", "HBase", false},
};

bool installed(const Site& site, std::string_view application) {
  return std::any_of(
      site.applications.begin(), site.applications.end(),
      [&](const std::string& name) { return base::equals_ignore_case(name, application); });
}

base::Error refused(std::string text) {
  return {base::Code::kFailedPrecondition, std::move(text), {}, {}};
}

base::Error not_installed(const Tool& tool, const Site& site) {
  if (!tool.runs_here) {
    return refused(
        fmt::format("{} is a tool of {}, and {} does not run in Howdah yet: nothing was "
                    "started.",
                    tool.name, tool.application, tool.application));
  }
  return refused(fmt::format(
      "{} is not installed on this cluster: it belongs to the application {}, and the cluster has "
      "{}. Create the cluster with --applications Name={}.",
      tool.name, tool.application,
      site.applications.empty() ? "none" : fmt::format("{}", fmt::join(site.applications, ", ")),
      tool.application));
}

const Tool* tool_of(std::string_view name) {
  const auto found =
      std::find_if(kTools.begin(), kTools.end(), [&](const Tool& t) { return t.name == name; });
  return found == kTools.end() ? nullptr : &*found;
}

void append(Arguments& to, Arguments what) {
  to.insert(to.end(), std::make_move_iterator(what.begin()), std::make_move_iterator(what.end()));
}

// "s3://us-east-1.elasticmapreduce/libs/x" -> "libs/x": of AWS's own buckets, in any region.
std::optional<std::string_view> in_amazons_bucket(std::string_view uri) {
  const size_t scheme = uri.find("://");
  if (!uri.starts_with("s3") || scheme == std::string_view::npos) return std::nullopt;
  uri.remove_prefix(scheme + 3);
  const size_t slash = uri.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view bucket = uri.substr(0, slash);
  if (bucket != "elasticmapreduce" && !bucket.ends_with(".elasticmapreduce")) return std::nullopt;
  return uri.substr(slash + 1);
}

std::string_view file_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// One of the jars that EMR itself brings: by its name alone, on the node, or in Amazon's bucket; a
// user's own bucket may hold a jar of that name.
bool is_amazons_jar(std::string_view jar, std::string_view name) {
  if (file_name(jar) != name) return false;
  return jar.find("://") == std::string_view::npos || in_amazons_bucket(jar).has_value();
}

base::Result<Launch> streaming(const Arguments& args) {
  if (args.empty()) {
    return base::invalid_argument(
        "hadoop-streaming needs arguments: -files, -mapper, -reducer, -input, -output");
  }
  Launch out;
  out.argv = {"hadoop", "jar", std::string(kMapReduce) + "/hadoop-streaming.jar"};
  append(out.argv, streaming_arguments(args));
  return out;
}

base::Result<Launch> hive_script(const Arguments& args) {
  Launch out;
  out.argv = {kRunStep, "hive-script"};
  append(out.argv, TRY(hive_arguments(args)));
  return out;
}

base::Result<Launch> command_runner(const JarStep& step, const Site& site) {
  if (step.args.empty() || base::trim(step.args[0]).empty()) {
    return base::invalid_argument(
        "command-runner.jar needs the command to run as its first argument");
  }
  const std::string& name = step.args[0];
  const Arguments rest(step.args.begin() + 1, step.args.end());
  Launch out;
  if (name == "state-pusher-script") {
    out.argv = {"true"};
    out.notes.push_back(
        "state-pusher-script: there is no debugging index to push to; the logs of every step are "
        "kept on the cluster and under its log URI");
    return out;
  }
  if (name == "hadoop-lzo")
    return refused("hadoop-lzo needs the LZO codec, which Howdah does not have.");
  if (const Tool* tool = tool_of(name); tool != nullptr) {
    if (!installed(site, tool->application) || !tool->runs_here) return not_installed(*tool, site);
  }
  if (name == "hadoop-streaming") return streaming(rest);
  if (name == "hive-script") return hive_script(rest);
  if (name == "hadoop-mapreduce-examples") {
    out.argv = {"hadoop", "jar", std::string(kMapReduce) + "/hadoop-mapreduce-examples.jar"};
    append(out.argv, rest);
    return out;
  }
  out.argv = step.args;
  // spark-example SparkPi 10 [options first]: Spark calls the same thing run-example.
  if (name == "spark-example") out.argv[0] = "run-example";
  if (step.args.size() == 1 && name.find(' ') != std::string::npos) {
    out.notes.push_back(fmt::format(
        "'{}' is one argument, so a program of that whole name is looked for, as on EMR; give the "
        "command and each of its arguments as an argument of its own, or bash -c '…'",
        name));
  }
  if (step.main_class.empty() && step.properties.empty()) return out;
  out.notes.push_back("MainClass and Properties mean nothing to command-runner.jar");
  return out;
}

base::Result<Launch> user_jar(const JarStep& step) {
  Launch out;
  out.argv = {kRunStep, "jar", step.jar, step.main_class};
  append(out.argv, step.args);
  std::string options;
  for (const auto& [key, value] : step.properties) {
    if ((key + value).find('\n') != std::string::npos) {
      return base::invalid_argument(fmt::format(
          "the property {} has a line break, which no Java option can have", base::trim(key)));
    }
    // One option a line: run-step reads them line by line, so that no blank or quote splits a
    // value.
    options += fmt::format("-D{}={}\n", key, value);
  }
  if (!options.empty()) out.environment.emplace_back("HOWDAH_JAVA_PROPERTIES", options);
  return out;
}

base::Result<Launch> command_of(const JarStep& step, const Site& site) {
  if (is_amazons_jar(step.jar, "command-runner.jar")) return command_runner(step, site);
  if (is_amazons_jar(step.jar, "script-runner.jar")) {
    if (step.args.empty()) {
      return base::invalid_argument(
          "script-runner.jar needs the script (s3:// or a path on the node) as its first argument");
    }
    Launch out;
    out.argv = {kRunStep, "script"};
    append(out.argv, step.args);
    return out;
  }
  for (const char* name : {"s3-dist-cp.jar", "emr-s3distcp-1.0.jar", "s3distcp.jar"}) {
    if (!is_amazons_jar(step.jar, name)) continue;
    if (!installed(site, "Hadoop")) return not_installed(*tool_of("s3-dist-cp"), site);
    Launch out;
    out.argv = {"s3-dist-cp"};
    append(out.argv, step.args);
    return out;
  }
  if (step.jar.empty()) return base::invalid_argument("the step names no jar");
  return user_jar(step);
}

// What makes a step's YARN applications known as its own, and Hadoop's log its fourth file.
void join_hadoop(Launch& launch, const Site& site) {
  if (!site.step_id.empty()) {
    launch.environment.emplace_back("HOWDAH_YARN_TAGS", tag_of_step(site.step_id));
    if (launch.argv[0] != kRunStep) {
      // run-step adds to what the node's environment says of Spark's options rather than replace it
      Arguments argv = {kRunStep, "exec"};
      append(argv, std::move(launch.argv));
      launch.argv = std::move(argv);
    }
  }
  if (!site.log_folder.empty()) {
    launch.environment.emplace_back("HADOOP_ROOT_LOGGER", "INFO,DRFA");
    launch.environment.emplace_back("HADOOP_LOG_DIR", site.log_folder);
    launch.environment.emplace_back("HADOOP_LOGFILE", "syslog");
  }
}

}  // namespace

base::Result<Launch> launch(const JarStep& step, const Site& site) {
  Launch out = TRY(command_of(step, site));
  if (installed(site, "Hadoop")) join_hadoop(out, site);
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

std::string tag_of_step(std::string_view step_id) {
  return "howdah-step-" + base::to_lower(step_id);
}

Launch launch_bootstrap(const std::string& path, const std::vector<std::string>& args) {
  Launch out;
  const auto amazons = in_amazons_bucket(path);
  if (amazons && file_name(*amazons) == "run-if") {
    out.argv = {kRunIf};
  } else {
    out.argv = {kRunStep, "script", path};
  }
  out.argv.insert(out.argv.end(), args.begin(), args.end());
  return out;
}

}  // namespace howdah::job
