#include "serverless/spark_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include "base/text.h"
#include "job/command_line.h"
#include "serverless/worker_sizes.h"

namespace howdah::serverless {
namespace {

using base::JsonArray;
using base::Result;
using base::Status;

// What spark-submit's own options are called as properties, where they have a name there.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kSameAs = {{
    {"--driver-memory", "spark.driver.memory"},
    {"--executor-memory", "spark.executor.memory"},
    {"--driver-cores", "spark.driver.cores"},
    {"--executor-cores", "spark.executor.cores"},
    {"--num-executors", "spark.executor.instances"},
    {"--name", "spark.app.name"},
    {"--driver-library-path", "spark.driver.extraLibraryPath"},
    {"--total-executor-cores", "spark.cores.max"},
}};
// Those that stay options, and what they are called as properties: the launcher reads its command.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kOptions = {{
    {"--jars", "spark.jars"},
    {"--packages", "spark.jars.packages"},
    {"--exclude-packages", "spark.jars.excludes"},
    {"--repositories", "spark.jars.repositories"},
    {"--py-files", "spark.submit.pyFiles"},
    {"--files", "spark.files"},
    {"--archives", "spark.archives"},
    {"--driver-java-options", "spark.driver.extraJavaOptions"},
    {"--driver-class-path", "spark.driver.extraClassPath"},
}};
constexpr std::string_view kDriverEnvironment = "spark.emr-serverless.driverEnv.";

std::string_view lookup(const auto& table, std::string_view key) {
  const auto it =
      std::find_if(table.begin(), table.end(), [&](const auto& pair) { return pair.first == key; });
  return it == table.end() ? std::string_view() : it->second;
}

class Settings {
 public:
  std::map<std::string, std::string> properties;
  std::map<std::string, std::string> log4j;
  std::string main_class;
  bool verbose = false;
  std::vector<std::string> notes;

  void defaults(std::string_view label) {
    properties = {{"spark.driver.cores", "4"},
                  {"spark.driver.memory", "14G"},
                  {"spark.executor.cores", "4"},
                  {"spark.executor.memory", "14G"},
                  {"spark.executor.instances", "3"},
                  {"spark.dynamicAllocation.enabled", "true"},
                  {"spark.emr-serverless.driver.disk", "20G"},
                  {"spark.emr-serverless.executor.disk", "20G"},
                  {"spark.emr-serverless.memoryOverheadFactor", "0.1"}};
    // Up to 6.9 an application grew to 100 executors at most.
    for (const char* old : {"emr-6.6.", "emr-6.7.", "emr-6.8.", "emr-6.9."})
      if (label.starts_with(old)) properties["spark.dynamicAllocation.maxExecutors"] = "100";
  }

  void add(const JsonArray& configurations) {
    for (const base::Json& entry : configurations) {
      if (!entry.is_object()) continue;
      const auto name = base::text_at(entry.as_object(), "classification", "");
      const base::JsonObject* values = base::find_object(entry.as_object(), "properties");
      if (values == nullptr) continue;
      std::map<std::string, std::string>* into = name == "spark-defaults"        ? &properties
                                                 : name == "spark-driver-log4j2" ? &log4j
                                                                                 : nullptr;
      if (into == nullptr) {
        notes.push_back(fmt::format("The classification {} has no effect.", name));
        continue;
      }
      for (const auto& [key, value] : *values) {
        if (value.is_string()) (*into)[std::string(key)] = std::string(value.as_string());
      }
    }
  }

  Status add_parameters(std::string_view text) {
    auto split = job::split_command_line(text);
    if (!split.ok()) {
      return base::invalid_argument(
          fmt::format("sparkSubmitParameters cannot be read: {}", split.error().message));
    }
    const std::vector<std::string>& words = *split;
    for (size_t i = 0; i < words.size(); ++i) {
      std::string option = words[i];
      if (option == "--verbose" || option == "-v") {
        verbose = true;
        continue;
      }
      if (!option.starts_with("-"))
        return base::invalid_argument(
            fmt::format("sparkSubmitParameters: {} is no option", option));
      std::string value;
      const size_t equals = option.find('=');
      if (option.starts_with("--") && equals != std::string::npos) {
        value = option.substr(equals + 1);
        option.resize(equals);
      } else if (++i < words.size()) {
        value = words[i];
      } else {
        return base::invalid_argument(
            fmt::format("sparkSubmitParameters: {} has no value", option));
      }
      TRY(add_option(option, value));
    }
    return base::ok();
  }

 private:
  Status add_option(const std::string& option, const std::string& value) {
    if (option == "--conf" || option == "-c") {
      const size_t equals = value.find('=');
      if (equals == std::string::npos || equals == 0) {
        return base::invalid_argument(
            fmt::format("sparkSubmitParameters: --conf {}: it is written key=value", value));
      }
      properties[value.substr(0, equals)] = value.substr(equals + 1);
    } else if (option == "--class") {
      main_class = value;
    } else if (option == "--master" || option == "--deploy-mode") {
      notes.push_back(
          fmt::format("{} {} has no effect: EMR Serverless decides it.", option, value));
    } else if (const auto same = lookup(kSameAs, option); !same.empty()) {
      properties[std::string(same)] = value;
    } else if (const auto name = lookup(kOptions, option); !name.empty()) {
      properties[std::string(name)] = value;
    } else {
      return base::invalid_argument(
          fmt::format("sparkSubmitParameters: {} is no option of a job run", option));
    }
    return base::ok();
  }
};

int64_t whole(std::string_view text, int64_t otherwise) {
  int64_t out = 0;
  const std::string_view trimmed = base::trim(text);
  const auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), out);
  return error == std::errc() && end == trimmed.data() + trimmed.size() ? out : otherwise;
}

double fraction(const std::string& text, double otherwise) {
  char* end = nullptr;
  const double out = std::strtod(text.c_str(), &end);
  return end != text.c_str() && std::isfinite(out) && out >= 0 ? out : otherwise;
}

std::string take(std::map<std::string, std::string>& properties, const std::string& key) {
  const auto it = properties.find(key);
  if (it == properties.end()) return {};
  std::string out = std::move(it->second);
  properties.erase(it);
  return out;
}

std::string value_of(const std::map<std::string, std::string>& properties, const std::string& key) {
  const auto it = properties.find(key);
  return it == properties.end() ? std::string() : it->second;
}

// Spark keeps a tenth of the heap, at least 384 MiB, beside it.
Result<Resources> worker(const std::map<std::string, std::string>& properties,
                         const std::string& kind) {
  const std::string prefix = "spark." + kind + ".";
  const std::string memory = value_of(properties, prefix + "memory");
  const int64_t heap = mebibytes_of(memory);
  if (heap <= 0)
    return base::invalid_argument(fmt::format("{}memory: {} is no size", prefix, memory));
  const int64_t cores = whole(value_of(properties, prefix + "cores"), 0);
  if (cores < 1) {
    return base::invalid_argument(fmt::format("{}cores: {} is no number of cores", prefix,
                                              value_of(properties, prefix + "cores")));
  }
  const double factor =
      fraction(value_of(properties, "spark.emr-serverless.memoryOverheadFactor"), 0.1);
  double beside = std::max(384.0, static_cast<double>(heap) * factor);
  const std::string given = value_of(properties, prefix + "memoryOverhead");
  if (!given.empty()) beside = static_cast<double>(mebibytes_of(given));
  const double disk = static_cast<double>(mebibytes_of(
                          value_of(properties, "spark.emr-serverless." + kind + ".disk"))) /
                      1024;
  return worker_of(static_cast<int>(cores), (static_cast<double>(heap) + beside) / 1024,
                   disk > 0 ? disk : 20);
}

// The factory of Glue's catalog and Amazon's own classes are not here.
void leave_out(std::map<std::string, std::string>& properties, std::vector<std::string>& notes) {
  for (const char* key : {"spark.hadoop.hive.metastore.client.factory.class"}) {
    if (properties.erase(key) != 0) notes.push_back(fmt::format("{} has no effect yet.", key));
  }
  for (const char* key : {"spark.master", "spark.submit.deployMode"}) {
    if (properties.erase(key) != 0)
      notes.push_back(fmt::format("{} has no effect: EMR Serverless decides it.", key));
  }
}

}  // namespace

int64_t mebibytes_of(std::string_view text) {
  const std::string_view trimmed = base::trim(text);
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), number);
  if (error != std::errc() || number <= 0 || number > 1'000'000'000) return 0;
  const std::string unit =
      base::to_lower(base::trim(trimmed.substr(static_cast<size_t>(end - trimmed.data()))));
  if (unit.empty() || unit == "m" || unit == "mb") return number;
  if (unit == "g" || unit == "gb") return number * 1024;
  if (unit == "t" || unit == "tb") return number * 1024 * 1024;
  if (unit == "k" || unit == "kb") return std::max<int64_t>(1, number / 1024);
  if (unit == "b") return std::max<int64_t>(1, number / (1024 * 1024));
  return 0;
}

Resources worker_of(int cores, double memory_gb, double disk_gb) {
  const int largest = worker_sizes().back().vcpu;
  const double disk = std::max<double>(kLeastDiskGb, std::ceil(disk_gb));
  const auto fit =
      worker_for({static_cast<double>(std::min(cores, largest)), memory_gb - 1e-9, kLeastDiskGb});
  if (!fit) return {static_cast<double>(std::max(cores, largest)), std::ceil(memory_gb), disk};
  return {std::max<double>(cores, fit->vcpu), fit->memory_gb, disk};
}

Result<SparkSettings> spark_settings(std::string_view release_label, const JsonArray& runtime,
                                     const JsonArray& application, std::string_view parameters) {
  Settings all;
  all.defaults(release_label);
  all.add(runtime);
  all.add(application);
  TRY(all.add_parameters(parameters));
  leave_out(all.properties, all.notes);

  SparkSettings out;
  out.driver = TRY(worker(all.properties, "driver"));
  out.executor = TRY(worker(all.properties, "executor"));
  out.driver_memory = value_of(all.properties, "spark.driver.memory");
  out.executor_memory = value_of(all.properties, "spark.executor.memory");
  out.executor_cores = static_cast<int>(whole(value_of(all.properties, "spark.executor.cores"), 4));
  out.dynamic = !base::equals_ignore_case(
      value_of(all.properties, "spark.dynamicAllocation.enabled"), "false");
  out.executors =
      std::max<int64_t>(0, whole(value_of(all.properties, "spark.executor.instances"), 3));
  if (out.dynamic) {
    const auto initial =
        whole(value_of(all.properties, "spark.dynamicAllocation.initialExecutors"), out.executors);
    const auto most = whole(value_of(all.properties, "spark.dynamicAllocation.maxExecutors"), -1);
    out.executors = most >= 0 ? std::min(initial, most) : initial;
    if (most >= 0) out.max_executors = most;
  } else {
    out.max_executors = out.executors;
  }
  if (!all.main_class.empty()) out.options = {"--class", all.main_class};
  if (all.verbose) out.options.emplace_back("--verbose");
  for (const auto& [option, property] : kOptions) {
    const std::string value = take(all.properties, std::string(property));
    if (value.empty()) continue;
    out.options.emplace_back(option);
    out.options.push_back(value);
  }
  for (auto it = all.properties.begin(); it != all.properties.end();) {
    if (it->first.starts_with(kDriverEnvironment)) {
      out.environment.emplace_back(it->first.substr(kDriverEnvironment.size()), it->second);
      it = all.properties.erase(it);
    } else {
      ++it;
    }
  }
  out.properties.assign(all.properties.begin(), all.properties.end());
  out.log4j.assign(all.log4j.begin(), all.log4j.end());
  out.notes = std::move(all.notes);
  return out;
}

Result<SparkSettings> spark_settings(const Application& application, const WantedRun& run) {
  const JsonArray* own = base::find_array(run.overrides, "applicationConfiguration");
  return spark_settings(run.release_label, application.wanted.runtime_configuration,
                        own != nullptr ? *own : JsonArray(),
                        run.spark ? std::string_view(run.spark->parameters) : std::string_view());
}

Placement placement_of(const SparkSettings& settings, int host_cpus) {
  constexpr double kVcpu = 16, kMemory = 120;
  const auto number = static_cast<double>(settings.executors);
  const int cores =
      static_cast<int>(std::min<int64_t>(settings.executors * settings.executor_cores, 1024));
  Placement out;
  out.threads = std::clamp(cores, 1, std::max(1, host_cpus));
  std::string wanted;
  for (const auto& [key, value] : settings.properties)
    if (key == "spark.howdah.placement") wanted = value;
  const bool fits =
      number * settings.executor.vcpu <= kVcpu && number * settings.executor.memory_gb <= kMemory;
  out.local = wanted == "local" || (wanted != "cluster" && fits);
  const char* why = wanted.empty() ? (fits ? "they fit one worker" : "they do not fit one worker")
                                   : "spark.howdah.placement says so";
  out.reason = out.local
                   ? fmt::format("{} executors of {} cores run as local[{}]: {}",
                                 settings.executors, settings.executor_cores, out.threads, why)
                   : fmt::format("{} executors of {} cores run as processes of their own: {}",
                                 settings.executors, settings.executor_cores, why);
  return out;
}

}  // namespace howdah::serverless
