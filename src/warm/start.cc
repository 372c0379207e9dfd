#include "warm/start.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>

#include "base/text.h"

namespace howdah::warm {
namespace {

constexpr int kKeyVersion = 1;

// What a JVM, or a library in it, takes from its environment at its start and never again.
constexpr std::array<std::string_view, 11> kReadOnce = {
    "LANG",          "LC_ALL",          "LC_CTYPE",          "LC_MESSAGES",
    "HADOOP_HOME",   "JAVA_HOME",       "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS", "LD_LIBRARY_PATH", "LD_PRELOAD"};

std::string at(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

// As Spark's launcher puts it together, but with the folders behind the jars: a class archive holds
// jars only, and none of Spark's has a file by the name of a configuration's.
std::string class_path_of(const Start& start, const Environment& environment) {
  std::string out = start.class_path;
  const auto add = [&](std::string_view path) {
    if (!path.empty()) out += fmt::format(":{}", path);
  };
  const std::string conf = at(environment, "SPARK_CONF_DIR");
  add(conf.empty() ? start.home + "/conf" : conf);
  for (const char* name : {"HADOOP_CONF_DIR", "YARN_CONF_DIR", "SPARK_DIST_CLASSPATH"})
    add(at(environment, name));
  return out;
}

}  // namespace

base::Result<Start> load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return base::not_found(fmt::format("{} is not there", path));
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const base::Json json = TRY(base::parse_json(text));
  const base::JsonObject* object = json.if_object();
  if (!object) return base::invalid_argument(fmt::format("{} is not a JSON object", path));
  Start out;
  out.version = base::text_at(*object, "version");
  out.home = base::text_at(*object, "home");
  out.class_path = base::text_at(*object, "class_path");
  out.archive = base::texts_at(*object, "archive");
  out.module_options = base::texts_at(*object, "module_options");
  out.can_be_warm = base::bool_at(*object, "can_be_warm");
  if (out.class_path.empty() || out.home.empty())
    return base::invalid_argument(fmt::format("{} names no class path", path));
  return out;
}

Environment environment_of(char** names) {
  Environment out;
  for (; names && *names; ++names) {
    const std::string_view variable = *names;
    const size_t equals = variable.find('=', 1);
    if (equals != std::string_view::npos)
      out.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return out;
}

std::string_view to_string(Jit jit) { return jit == Jit::kC1 ? "c1" : "c2"; }

std::optional<Jit> jit_of(std::string_view text) {
  if (text == "c1") return Jit::kC1;
  if (text == "c2") return Jit::kC2;
  return std::nullopt;
}

std::optional<int64_t> mebibytes(std::string_view memory) {
  memory = base::trim(memory);
  if (memory.empty()) return std::nullopt;
  const char unit = memory.back();
  int64_t value = 0;
  const char* end = memory.data() + memory.size() - 1;
  const auto [stopped, error] = std::from_chars(memory.data(), end, value);
  if (error != std::errc() || stopped != end || value <= 0 || value > (1 << 30))
    return std::nullopt;
  switch (unit) {
    case 'k':
    case 'K':
      return value % 1024 == 0 ? std::optional(value / 1024) : std::nullopt;
    case 'm':
    case 'M':
      return value;
    case 'g':
    case 'G':
      return value * 1024;
    case 't':
    case 'T':
      return value * 1024 * 1024;
    default:
      return std::nullopt;
  }
}

base::JsonObject Key::to_json() const {
  base::JsonObject out;
  out["version"] = kKeyVersion;
  out["release"] = release;
  out["home"] = home;
  out["heap_mib"] = heap_mib;
  out["jit"] = std::string(to_string(jit));
  base::JsonArray options;
  for (const std::string& option : java_options) options.emplace_back(option);
  out["java_options"] = std::move(options);
  out["class_path"] = class_path;
  base::JsonObject variables;
  for (const auto& [name, value] : environment) variables[name] = value;
  out["environment"] = std::move(variables);
  return out;
}

base::Result<Key> Key::from_json(const base::JsonObject& json) {
  if (base::int_at(json, "version") != kKeyVersion)
    return base::invalid_argument("a key of another version");
  Key out;
  out.release = base::text_at(json, "release");
  out.home = base::text_at(json, "home");
  out.heap_mib = base::int_at(json, "heap_mib");
  out.jit = jit_of(base::text_at(json, "jit")).value_or(Jit::kC1);
  out.java_options = base::texts_at(json, "java_options");
  out.class_path = base::text_at(json, "class_path");
  if (const base::JsonObject* variables = base::find_object(json, "environment")) {
    for (const auto& [name, value] : *variables) {
      if (value.is_string()) out.environment[name] = base::view_of(value.get_string());
    }
  }
  return out;
}

Key key_of(const Start& start, const Environment& environment, int64_t heap_mib, Jit jit,
           std::vector<std::string> java_options) {
  Key out{.release = start.version,
          .home = start.home,
          .heap_mib = heap_mib,
          .jit = jit,
          .java_options = std::move(java_options),
          .class_path = class_path_of(start, environment),
          .environment = {}};
  for (std::string_view name : kReadOnce) {
    const auto found = environment.find(std::string(name));
    if (found != environment.end()) out.environment.insert(*found);
  }
  return out;
}

std::string difference(const Key& there, const Key& wanted) {
  if (there.release != wanted.release || there.home != wanted.home)
    return fmt::format("the warm driver has Spark {}", there.release);
  if (there.heap_mib != wanted.heap_mib)
    return fmt::format("driver memory is {} MiB, the warm driver has {} MiB", wanted.heap_mib,
                       there.heap_mib);
  if (there.jit != wanted.jit)
    return fmt::format("{} is wanted, the warm driver has {}", to_string(wanted.jit),
                       to_string(there.jit));
  if (there.java_options != wanted.java_options)
    return fmt::format("the JVM's options are '{}', the warm driver has '{}'",
                       base::join(wanted.java_options, " "), base::join(there.java_options, " "));
  if (there.class_path != wanted.class_path) return "the class path differs";
  for (const auto& names : {&there.environment, &wanted.environment}) {
    for (const auto& [name, value] : *names) {
      if (at(there.environment, name) != at(wanted.environment, name))
        return fmt::format("the environment's {} differs", name);
    }
  }
  return {};
}

Argv java_command(const Start& start, const Key& key, const std::string& behind,
                  const Argv& extra) {
  const auto home = key.environment.find("JAVA_HOME");
  Argv out = {home == key.environment.end() || home->second.empty() ? "java"
                                                                    : home->second + "/bin/java"};
  out.insert(out.end(), start.archive.begin(), start.archive.end());
  if (key.jit == Jit::kC1) {
    out.emplace_back("-XX:TieredStopAtLevel=1");
    // Unless the user chose a collector: two of them are refused by the JVM.
    const auto chosen = [](const std::string& option) {
      return option.starts_with("-XX:+Use") && option.ends_with("GC");
    };
    if (std::none_of(key.java_options.begin(), key.java_options.end(), chosen))
      out.emplace_back("-XX:+UseSerialGC");
  }
  out.insert(out.end(), {"-cp", behind.empty() ? key.class_path : key.class_path + ":" + behind});
  out.push_back(fmt::format("-Xmx{}m", key.heap_mib));
  for (const Argv* options : {&key.java_options, &start.module_options, &extra})
    out.insert(out.end(), options->begin(), options->end());
  return out;
}

}  // namespace howdah::warm
