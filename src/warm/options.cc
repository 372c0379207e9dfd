#include "warm/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace howdah::warm {
namespace {

using Settings = std::map<std::string, std::string>;

constexpr std::array<std::string_view, 29> kWithValue = {"--archives",
                                                         "--class",
                                                         "--conf",
                                                         "--deploy-mode",
                                                         "--driver-cores",
                                                         "--driver-class-path",
                                                         "--driver-java-options",
                                                         "--driver-library-path",
                                                         "--driver-memory",
                                                         "--exclude-packages",
                                                         "--executor-cores",
                                                         "--executor-memory",
                                                         "--files",
                                                         "--jars",
                                                         "--keytab",
                                                         "--kill",
                                                         "--master",
                                                         "--name",
                                                         "--num-executors",
                                                         "--packages",
                                                         "--principal",
                                                         "--properties-file",
                                                         "--proxy-user",
                                                         "--py-files",
                                                         "--queue",
                                                         "--remote",
                                                         "--repositories",
                                                         "--status",
                                                         "--total-executor-cores"};

// Options that are only another spelling of a setting which matters here.
constexpr std::array<std::array<std::string_view, 2>, 8> kSpelled = {{
    {"--master", "spark.master"},
    {"--deploy-mode", "spark.submit.deployMode"},
    {"--driver-memory", "spark.driver.memory"},
    {"--driver-class-path", "spark.driver.extraClassPath"},
    {"--driver-java-options", "spark.driver.extraJavaOptions"},
    {"--driver-library-path", "spark.driver.extraLibraryPath"},
    {"--remote", "spark.remote"},
    {"--jars", "spark.jars"},
}};

// Read once a JVM, into caches and thread pools that the throwaway job has made already.
constexpr std::array<std::string_view, 5> kReadOnce = {
    "spark.sql.broadcastExchange.maxThreadThreshold",
    "spark.sql.subquery.maxThreadThreshold",
    "spark.sql.shuffleExchange.maxThreadThreshold",
    "spark.sql.resultQueryStage.maxThreadThreshold",
    "spark.sql.codegen.cache.maxEntries",
};

struct Command {
  Settings settings;               // by --conf and by options of their own
  std::vector<std::string> named;  // options that were given, without values
  std::string resource;
  bool understood = true;

  bool has(std::string_view option) const {
    return std::find(named.begin(), named.end(), option) != named.end();
  }
};

void take(Command& out, std::string_view option, const std::string& value) {
  out.named.emplace_back(option);
  if (option == "--conf") {
    const size_t equals = value.find('=');
    if (equals == std::string::npos) {
      out.understood = false;
    } else {
      out.settings[value.substr(0, equals)] = value.substr(equals + 1);
    }
    return;
  }
  for (const auto& [name, setting] : kSpelled) {
    if (option == name) out.settings[std::string(setting)] = value;
  }
}

Command read(const Argv& arguments) {
  Command out;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string option = arguments[i];
    if (!option.starts_with("-")) {
      out.resource = option;
      return out;
    }
    if (option == "--verbose" || option == "-v" || option == "--supervise") continue;
    std::optional<std::string> value;
    const size_t equals = option.find('=');
    if (option.starts_with("--") && equals != std::string::npos) {
      value = option.substr(equals + 1);
      option.resize(equals);
    }
    if (option == "-c") option = "--conf";
    if (std::find(kWithValue.begin(), kWithValue.end(), option) == kWithValue.end()) {
      out.understood = false;
      return out;
    }
    if (!value) {
      if (++i == arguments.size()) {
        out.understood = false;
        return out;
      }
      value = arguments[i];
    }
    take(out, option, *value);
  }
  return out;
}

bool is_shell(std::string_view resource) {
  return resource == "pyspark-shell" || resource == "sparkr-shell" || resource == "spark-shell" ||
         resource == "spark-internal" || resource == "connect-shell";
}

std::string at(const Settings& settings, const std::string& key) {
  const auto found = settings.find(key);
  return found == settings.end() ? "" : found->second;
}

// What only Spark's own launcher does; empty: nothing of the kind.
std::string why_own(const Command& command, const Settings& settings,
                    const Environment& environment) {
  if (!command.understood) return "its options are Spark's own launcher's to judge";
  if (command.resource.empty()) return "no application is named";
  if (is_shell(command.resource)) return command.resource + " is interactive";
  if (command.resource.ends_with(".R")) return "it is an R script";
  for (const char* option : {"--kill", "--status"})
    if (command.has(option)) return fmt::format("{} runs no driver", option);
  const std::string master = at(settings, "spark.master");
  if (!master.empty() && master != "local" && !master.starts_with("local["))
    return fmt::format("the master is {}", master);
  if (const std::string mode = at(settings, "spark.submit.deployMode");
      !mode.empty() && mode != "client")
    return fmt::format("the deploy mode is {}", mode);
  for (const char* key :
       {"spark.driver.extraClassPath", "spark.driver.extraLibraryPath", "spark.remote"}) {
    if (!at(settings, key).empty()) return fmt::format("{} is set", key);
  }
  for (const char* name : {"SPARK_SUBMIT_OPTS", "SPARK_PREPEND_CLASSES", "SPARK_TESTING",
                           "SPARK_SQL_TESTING", "SPARK_LAUNCHER_OPTS", "SPARK_REMOTE"}) {
    const auto found = environment.find(name);
    if (found != environment.end() && !found->second.empty()) return fmt::format("{} is set", name);
  }
  if (const auto found = environment.find("MASTER"); found != environment.end() && master.empty())
    return "MASTER is set";
  return {};
}

std::string why_cold(const Command& command, const Settings& settings) {
  for (const char* option : {"--packages", "--jars", "--exclude-packages", "--repositories"})
    if (command.has(option)) return fmt::format("{} changes the class path", option);
  for (const char* key : {"spark.jars", "spark.jars.packages", "spark.jars.excludes",
                          "spark.jars.repositories", "spark.jars.ivySettings"}) {
    if (!at(settings, key).empty()) return fmt::format("{} changes the class path", key);
  }
  if (base::equals_ignore_case(at(settings, "spark.driver.userClassPathFirst"), "true"))
    return "spark.driver.userClassPathFirst changes the class path";
  for (const char* option : {"--proxy-user", "--principal", "--keytab"})
    if (command.has(option)) return fmt::format("{} is another user", option);
  for (std::string_view key : kReadOnce) {
    if (settings.contains(std::string(key))) return fmt::format("{} is read once a JVM", key);
  }
  return {};
}

// "\uXXXX" and the like of java.util.Properties do not occur in what matters here: kept as they
// are, which makes the value another one, and that one goes cold.
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    out += next == 't' ? '\t' : next == 'n' ? '\n' : next == 'r' ? '\r' : next == 'f' ? '\f' : next;
  }
  return out;
}

bool is_continued(std::string_view line) {
  size_t slashes = 0;
  while (slashes < line.size() && line[line.size() - 1 - slashes] == '\\') ++slashes;
  return slashes % 2 == 1;
}

}  // namespace

std::map<std::string, std::string> parse_properties(std::string_view text) {
  std::map<std::string, std::string> out;
  std::string logical;
  for (std::string_view line : base::split(text, '\n')) {
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.front())))
      line.remove_prefix(1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (logical.empty() && (line.empty() || line.front() == '#' || line.front() == '!')) continue;
    logical += line;
    if (is_continued(line)) {
      logical.pop_back();
      continue;
    }
    size_t end = 0;
    while (end < logical.size() && !std::isspace(static_cast<unsigned char>(logical[end])) &&
           logical[end] != '=' && logical[end] != ':')
      end += logical[end] == '\\' ? 2 : 1;
    end = std::min(end, logical.size());
    size_t begin = logical.find_first_not_of(" \t\f", end);
    if (begin != std::string::npos && (logical[begin] == '=' || logical[begin] == ':'))
      begin = logical.find_first_not_of(" \t\f", begin + 1);
    const std::string value = begin == std::string::npos ? "" : logical.substr(begin);
    // Spark trims what it reads.
    out[unescape(logical.substr(0, end))] = std::string(base::trim(unescape(value)));
    logical.clear();
  }
  return out;
}

// CommandBuilderUtils.parseOptionString.
std::optional<std::vector<std::string>> split_options(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  bool in_word = false;
  bool escaped = false;
  char quote = 0;
  for (char c : text) {
    if (escaped) {
      word += c;
      escaped = false;
    } else if (quote == '"' && c == '\\') {
      escaped = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (std::isspace(static_cast<unsigned char>(c))) {
      if (in_word) out.push_back(word);
      word.clear();
      in_word = false;
    } else if (c == '\\') {
      escaped = true;
      in_word = true;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0 || escaped) return std::nullopt;
  if (in_word) out.push_back(word);
  return out;
}

std::optional<std::string> properties_file(const Argv& arguments) {
  std::optional<std::string> out;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& option = arguments[i];
    if (!option.starts_with("-")) break;
    constexpr std::string_view kOption = "--properties-file";
    if (option == kOption && i + 1 < arguments.size()) out = arguments[i + 1];
    if (option.starts_with(std::string(kOption) + "=")) out = option.substr(kOption.size() + 1);
    if (std::find(kWithValue.begin(), kWithValue.end(), option) != kWithValue.end() ||
        option == "-c")
      ++i;
  }
  return out;
}

Verdict judge(const Argv& arguments, const Environment& environment,
              const std::map<std::string, std::string>& defaults) {
  using Way = Verdict::Way;
  const Command command = read(arguments);
  Settings settings = defaults;
  for (const auto& [key, value] : command.settings) settings[key] = value;
  Verdict out;
  out.reason = why_own(command, settings, environment);
  if (!out.reason.empty()) return out;

  std::string memory = at(settings, "spark.driver.memory");
  for (const char* name : {"SPARK_DRIVER_MEMORY", "SPARK_MEM"}) {
    if (const auto found = environment.find(name); memory.empty() && found != environment.end())
      memory = found->second;
  }
  const std::optional<int64_t> heap = mebibytes(memory.empty() ? "1g" : memory);
  const auto options = split_options(at(settings, "spark.driver.defaultJavaOptions") + " " +
                                     at(settings, "spark.driver.extraJavaOptions"));
  if (!heap || !options) {
    out.reason = "driver memory or JVM options are Spark's own launcher's to judge";
    return out;
  }
  for (const std::string& option : *options) {
    if (option.starts_with("-Xmx")) {
      out.reason = "-Xmx among the JVM's options";  // which Spark's launcher refuses
      return out;
    }
  }
  out.heap_mib = *heap;
  out.java_options = *options;
  out.reason = why_cold(command, settings);
  out.way = out.reason.empty() ? Way::kWarm : Way::kCold;
  return out;
}

}  // namespace howdah::warm
