#include "apps/node_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apps/class_archive.h"
#include "apps/facts.h"
#include "apps/info_files.h"
#include "apps/services.h"
#include "apps/start_fast.h"
#include "base/text.h"

namespace howdah::apps {
namespace {

constexpr std::string_view kMadeBy =
    "Made by Howdah for this cluster; configure it with classification ";

bool is_yarn(std::string_view master) {
  return master == "yarn" || master == "yarn-client" || master == "yarn-cluster";
}

// `key` of the settings that a classification overrode, as the node shall have it.
void run_locally(Settings& spark_defaults, std::vector<std::string>& notes) {
  const std::string* master = find(spark_defaults, "spark.master");
  if (master && is_yarn(base::trim(*master))) {
    set(spark_defaults, "spark.master", "local[*]");
    notes.push_back(
        "spark-defaults: spark.master yarn runs as local[*]: this cluster has no core nodes");
  }
  const std::string* mode = find(spark_defaults, "spark.submit.deployMode");
  if (mode && base::trim(*mode) == "cluster") {
    set(spark_defaults, "spark.submit.deployMode", "client");
    notes.push_back(
        "spark-defaults: spark.submit.deployMode cluster runs as client: this cluster has no core "
        "nodes");
  }
}

// One line of spark-env.sh. Users refer to variables in values ("$PATH:/opt/x"), and quote them as
// if the line were theirs: references stay, one pair of quotes around the whole goes, everything
// else is literal.
std::string export_line(std::string_view name, std::string_view value) {
  if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') {
    return fmt::format("export {}={}\n", name, shell_quote(value.substr(1, value.size() - 2)));
  }
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  std::string out = fmt::format("export {}=\"", name);
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\0') continue;
    if (c == '$') {
      std::string_view rest = value.substr(i + 1);
      const size_t close = rest.starts_with('{') ? rest.find('}') : std::string_view::npos;
      const bool braced =
          close != std::string_view::npos && is_variable_name(rest.substr(1, close - 1));
      const bool plain = !rest.empty() && is_variable_name(rest.substr(0, 1));
      out += braced || plain ? "$" : "\\$";
    } else {
      if (c == '"' || c == '\\' || c == '`') out += '\\';
      out += c;
    }
  }
  return out + "\"\n";
}

std::string shell_file(const Settings& settings, const Settings& exports,
                       std::string_view classification) {
  std::string out = fmt::format("#!/usr/bin/env bash\n# {}{}.\n", kMadeBy, classification);
  Settings variables = settings;
  merge(variables, exports);
  for (const auto& [name, value] : variables) {
    if (is_variable_name(name)) out += export_line(name, value);
  }
  return out;
}

std::string spark_env(const Configurations& configurations, std::string_view masters) {
  std::string out = shell_file(configurations.of("spark-env"),
                               configurations.exports_of("spark-env"), "spark-env");
  // What serves the master "yarn": YARN's client, or where there is none apps/spark/local_yarn.
  out += fmt::format(
      "export SPARK_DIST_CLASSPATH=\"${{SPARK_DIST_CLASSPATH:+$SPARK_DIST_CLASSPATH:}}{}\"\n",
      masters);
  return out;
}

bool is_maximized(const Configurations& configurations) {
  const std::string* all = find(configurations.of("spark"), "maximizeResourceAllocation");
  return all && base::equals_ignore_case(*all, "true");
}

Settings settings_of(const Templates& templates, const std::map<std::string, std::string>& facts,
                     const Configurations& configurations, const std::string& classification) {
  Settings out;
  if (const auto at = templates.settings.find(classification); at != templates.settings.end()) {
    for (const auto& [key, value] : at->second) out.emplace_back(key, fill(value, facts));
  }
  merge(out, configurations.of(classification));
  return out;
}

// Spark's own jars come first on the class path, in the archive's order, and users' settings over
// these: then the archive is not used.
void start_fast(const Installed& installed, Settings& spark_defaults) {
  if (installed.spark_class_path.empty()) return;
  const std::string archive = class_archive_options(installed.root);
  for (const char* process : {"driver", "executor"}) {
    set(spark_defaults, fmt::format("spark.{}.extraClassPath", process),
        installed.spark_class_path);
    const std::string options = fmt::format("spark.{}.defaultJavaOptions", process);
    const std::string* others = find(spark_defaults, options);
    set(spark_defaults, options, others ? archive + " " + *others : archive);
  }
}

// On a node of Spark alone spark-submit chooses by itself (src/warm): its class path has what
// serves the master "yarn" there, and is no setting that users' own class paths would have to come
// after.
void add_fast_start(const Installed& installed, NodeView& out) {
  if (installed.spark_class_path.empty() || installed.warm_programs.empty()) return;
  // At its own path too: a class archive holds only for the class path it was made with.
  out.mounts.push_back({installed.root, installed.root});
  out.mounts.push_back({installed.warm_programs, kWarmProgramsInside});
  out.files.push_back({kSparkStartFile, spark_start(installed)});
  out.can_be_warm = can_be_warm(installed);
}

// ---- a node with Hadoop, and whatever else is data

// With it EMR's Hive and Spark ask the Glue Data Catalog. Hive itself does not know it.
constexpr const char* kCatalogFactory = "hive.metastore.client.factory.class";
constexpr const char* kOwnJava = "/usr/lib/jvm/howdah";

class View {
 public:
  View(const Installed& installed, const Applications& applications,
       const Configurations& configurations, const NodeFacts& facts)
      : installed_(installed),
        applications_(applications),
        configurations_(configurations),
        facts_(facts),
        maximize_(is_maximized(configurations)),
        values_(facts_of(facts, installed, java_inside(installed.java_home), maximize_)) {}

  NodeView build() {
    // In the order in which they were installed: a later one's file takes an earlier one's place.
    for (const InstalledApplication& there : installed_.applications) {
      if (const Application* application = applications_.find(there.name)) add(there, *application);
    }
    for (const Application& application : applications_.all()) {
      if (const InstalledApplication* there = installed_.find(application.name))
        add_daemons(*there, application);
    }
    if (!installed_.java_home.string().starts_with("/usr/"))
      out_.mounts.push_back({installed_.java_home, kOwnJava});
    add_environment();
    add_hosts();
    for (File& file : info_files(facts_, installed_.find("Hadoop")->version, true))
      put(std::move(file));
    return std::move(out_);
  }

 private:
  static std::string java_inside(const std::filesystem::path& home) {
    return home.string().starts_with("/usr/") ? home.string() : kOwnJava;
  }

  void put(File file) {
    for (File& old : out_.files) {
      if (old.path == file.path) {
        old = std::move(file);
        return;
      }
    }
    out_.files.push_back(std::move(file));
  }

  void add(const InstalledApplication& there, const Application& application) {
    for (const auto& [inside, below] : application.mounts)
      out_.mounts.push_back({there.root / below, inside});
    // At its own path too: a class archive holds only for the class path it was made with.
    if (!application.daemons.empty()) {
      out_.mounts.push_back({there.root, there.root});
      out_.mounts.push_back({there.root / "java", "/opt/howdah/" + base::to_lower(there.name)});
    }
    for (const auto& [key, value] : application.templates.environment)
      set(out_.environment, key, fill(value, values_));
    for (const File& file : application.templates.files) put(file);
    for (const ConfigurationFile& file : application.files) add_configuration(application, file);
    if (application.name == "Spark") add_spark(application);
  }

  void add_daemons(const InstalledApplication& there, const Application& application) {
    // Spark is there for the node's Python; its daemon only where it was asked for.
    if (application.name == "Spark" && !is_asked("Spark")) return;
    for (const DaemonTemplate& daemon : application.daemons) {
      if (!runs_here(daemon)) continue;
      const std::string arguments = (there.root / "java/arguments").string();
      for (File& file : service_files(application.name, daemon, arguments, values_))
        put(std::move(file));
      out_.daemons.push_back(daemon_of(application.name, daemon, values_));
    }
  }

  bool is_asked(std::string_view name) const {
    return std::any_of(facts_.applications.begin(), facts_.applications.end(),
                       [&](const auto& each) { return base::equals_ignore_case(each, name); });
  }

  bool runs_here(const DaemonTemplate& daemon) const {
    const auto has = [&](std::string_view role) {
      return std::find(daemon.roles.begin(), daemon.roles.end(), role) != daemon.roles.end();
    };
    switch (facts_.role) {
      case NodeRole::kCore:
        return has("CORE");
      case NodeRole::kTask:
        return has("TASK");
      case NodeRole::kMaster:
        // A single node has the core daemons too.
        return has("MASTER") || (has("CORE") && facts_.core_count + facts_.task_count == 0);
    }
    return false;
  }

  void add_configuration(const Application& application, const ConfigurationFile& file) {
    Settings settings =
        settings_of(application.templates, values_, configurations_, file.classification);
    if (file.classification == "core-site") add_emrfs(settings);
    const Settings& exports = configurations_.exports_of(file.classification);
    if (find(settings, kCatalogFactory)) {
      out_.notes.push_back(
          fmt::format("{}: {} has no effect yet: tables are kept in this cluster's own metastore",
                      file.classification, kCatalogFactory));
    }
    // An empty file would hide the defaults that lie in a jar under the same name.
    if (file.path.empty() || (settings.empty() && exports.empty())) return;
    const std::string comment = fmt::format("{}{}.", kMadeBy, file.classification);
    std::string text;
    switch (file.format) {
      case ConfigurationFile::Format::kHadoopXml:
        text = to_hadoop_xml(settings, comment);
        break;
      case ConfigurationFile::Format::kProperties:
        text = to_properties(settings, comment);
        break;
      case ConfigurationFile::Format::kEquals:
        text = to_equals(settings, comment);
        break;
      case ConfigurationFile::Format::kShell:
        text = shell_file(settings, exports, file.classification);
        break;
    }
    put({.path = file.path, .contents = std::move(text)});
  }

  // EMRFS is S3A here: what its keys ask for, in S3A's words; core-site's own keys win.
  void add_emrfs(Settings& core) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kSame = {{
        {"fs.s3.maxRetries", "fs.s3a.attempts.maximum"},
        {"fs.s3.serverSideEncryption.kms.keyId", "fs.s3a.encryption.key"},
        {"fs.s3.customAWSCredentialsProvider", "fs.s3a.aws.credentials.provider"},
    }};
    Settings out;
    const Settings& wanted = configurations_.of("emrfs-site");
    const bool by_kms = find(wanted, "fs.s3.serverSideEncryption.kms.keyId") != nullptr;
    for (const auto& [key, value] : wanted) {
      const auto same = std::find_if(kSame.begin(), kSame.end(),
                                     [&](const auto& pair) { return pair.first == key; });
      if (same != kSame.end()) {
        set(out, same->second, value);
      } else if (key == "fs.s3.enableServerSideEncryption") {
        if (base::equals_ignore_case(value, "true"))
          set(out, "fs.s3a.encryption.algorithm", by_kms ? "SSE-KMS" : "AES256");
      } else if (key.starts_with("fs.s3a.")) {
        set(out, key, value);
      } else {
        out_.notes.push_back(
            fmt::format("emrfs-site: {} means nothing to S3A, which serves s3:// here", key));
      }
    }
    merge(out, configurations_.of("core-site"));
    merge(core, out);
  }

  void add_spark(const Application& application) {
    Settings defaults;
    if (const auto at = application.templates.settings.find("spark-defaults on yarn");
        at != application.templates.settings.end()) {
      for (const auto& [key, value] : at->second) defaults.emplace_back(key, fill(value, values_));
    }
    // What one version needs: on Java 17, Spark 3.1 wants options that later ones add themselves.
    if (const auto at =
            application.templates.settings.find("spark-defaults of " + installed_.spark_version);
        at != application.templates.settings.end())
      merge(defaults, at->second);
    start_fast(installed_, defaults);
    const Settings& wanted = configurations_.of("spark-defaults");
    if (maximize_) {
      const std::string* dynamic = find(wanted, "spark.dynamicAllocation.enabled");
      if (!dynamic || !base::equals_ignore_case(*dynamic, "true")) {
        set(defaults, "spark.dynamicAllocation.enabled", "false");
        set(defaults, "spark.executor.instances", values_.at("spark_instances"));
      }
      set(defaults, "spark.default.parallelism", values_.at("spark_parallelism"));
    }
    // Without the external service executors keep their own shuffle files.
    if (!installed_.find("spark-shuffle")) {
      set(defaults, "spark.shuffle.service.enabled", "false");
      set(defaults, "spark.dynamicAllocation.shuffleTracking.enabled", "true");
    }
    merge(defaults, wanted);
    put({.path = "/etc/spark/conf/spark-defaults.conf",
         .contents = to_properties(defaults, fmt::format("{}spark-defaults.", kMadeBy))});
    put({.path = "/etc/spark/conf/spark-env.sh",
         .contents = spark_env(configurations_, "/usr/lib/spark/yarn/*")});
  }

  void add_environment() {
    set(out_.environment, "SPARK_LOCAL_IP", facts_.local_ip);
    // A node of a network has instance metadata of its own.
    if (facts_.local_ip != "127.0.0.1") unset(out_.environment, "AWS_EC2_METADATA_DISABLED");
    if (facts_.credentials_uri.empty()) return;
    set(out_.environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", facts_.credentials_uri);
    set(out_.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN", facts_.credentials_token);
  }

  // Who belongs to the cluster and who leaves, for the NameNode and the ResourceManager alike.
  void add_hosts() {
    if (facts_.role != NodeRole::kMaster) return;
    const auto lines = [](const std::vector<std::string>& names) {
      std::string text;
      for (const std::string& name : names) text += name + "\n";
      return text;
    };
    put({.path = "/etc/hadoop/conf/nodes.include", .contents = lines(facts_.members)});
    put({.path = "/etc/hadoop/conf/nodes.exclude", .contents = lines(facts_.leaving)});
  }

  const Installed& installed_;
  const Applications& applications_;
  const Configurations& configurations_;
  const NodeFacts& facts_;
  const bool maximize_;
  const std::map<std::string, std::string> values_;
  NodeView out_;
};

}  // namespace

uint64_t driver_memory_mib(const NodeFacts& facts, bool maximize) {
  constexpr uint64_t kLeast = 1024;
  const uint64_t there =
      facts.host_memory_mib ? std::min(facts.memory_mib, facts.host_memory_mib) : facts.memory_mib;
  return std::max(kLeast, maximize ? there * 8 / 10 : there / 4);
}

NodeView node_view(const Installed& installed, const Templates& templates,
                   const Configurations& configurations, const NodeFacts& facts) {
  NodeView out;
  out.mounts = {{installed.spark_home, "/usr/lib/spark"},
                {installed.python_path, "/opt/howdah/python"}};
  if (!installed.java_home.string().starts_with("/usr/")) {
    out.mounts.push_back({installed.java_home, "/usr/lib/jvm/howdah"});
  }
  const bool maximize = is_maximized(configurations);
  const std::map<std::string, std::string> values = facts_of(
      facts, installed,
      out.mounts.size() > 2 ? "/usr/lib/jvm/howdah" : installed.java_home.string(), maximize);
  for (const auto& [key, value] : templates.environment)
    out.environment.emplace_back(key, fill(value, values));
  set(out.environment, "SPARK_LOCAL_IP", facts.local_ip);
  if (!facts.credentials_uri.empty()) {
    set(out.environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", facts.credentials_uri);
    set(out.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN", facts.credentials_token);
  }

  add_fast_start(installed, out);
  Settings spark = settings_of(templates, values, configurations, "spark-defaults");
  if (maximize && !find(configurations.of("spark-defaults"), "spark.default.parallelism")) {
    set(spark, "spark.default.parallelism", fmt::format("{}", 2 * facts.vcpu));
  }
  run_locally(spark, out.notes);
  const auto comment = [](std::string_view name) { return fmt::format("{}{}.", kMadeBy, name); };
  const auto settings = [&](const char* name) {
    return settings_of(templates, values, configurations, name);
  };
  out.files.insert(out.files.end(), templates.files.begin(), templates.files.end());
  out.files.push_back(
      {"/etc/spark/conf/spark-defaults.conf", to_properties(spark, comment("spark-defaults"))});
  out.files.push_back(
      {"/etc/spark/conf/spark-env.sh", spark_env(configurations, "/usr/lib/spark/local-yarn")});
  out.files.push_back({"/etc/spark/conf/log4j2.properties",
                       to_properties(settings("spark-log4j2"), comment("spark-log4j2"))});
  out.files.push_back({"/etc/hadoop/conf/core-site.xml",
                       to_hadoop_xml(settings("core-site"), comment("core-site"))});
  out.files.push_back({"/etc/hadoop/conf/hdfs-site.xml",
                       to_hadoop_xml(settings("hdfs-site"), comment("hdfs-site"))});
  for (File& file : info_files(facts, "3.3.4", false)) out.files.push_back(std::move(file));
  return out;
}

NodeView node_view(const Installed& installed, const Applications& applications,
                   const Configurations& configurations, const NodeFacts& facts) {
  const Application* spark = applications.find("Spark");
  CHECK(spark != nullptr);
  if (!installed.find("Hadoop"))
    return node_view(installed, spark->templates, configurations, facts);
  return View(installed, applications, configurations, facts).build();
}

}  // namespace howdah::apps
