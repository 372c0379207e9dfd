#include "distcp/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "distcp/pattern.h"

namespace howdah::distcp {
namespace {

struct Group {
  std::string folder;  // relative, empty or ending in '/'
  std::string name;
  std::vector<Input> inputs;
};

std::string_view folder_of(std::string_view relative) {
  const size_t slash = relative.rfind('/');
  return slash == std::string_view::npos ? "" : relative.substr(0, slash + 1);
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Where the ending of a name begins: its size when it has none.
size_t ending_at(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return name.size();
  return is_letter(name[dot + 1]) ? dot : name.size();
}

// The name of a copy: what a codec decompressed loses its ending, what it compressed gets one.
std::string coded_name(std::string_view name, Codec codec) {
  if (codec == Codec::kKeep) return std::string(name);
  return fmt::format("{}{}", without_extension(name), extension(codec));
}

// HDFS and local file systems know neither "a//b" nor "..".
base::Result<std::string> fit_for(Scheme scheme, const std::string& relative, const Input& from) {
  if (scheme == Scheme::kS3) return relative;
  std::string out;
  for (std::string_view part : base::split(relative, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      return base::invalid_argument(
          fmt::format("{} cannot be copied: \"..\" in its name", uri(from.location)));
    }
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

class Planner {
 public:
  Planner(const Options& options, Findings findings)
      : options_(options), findings_(std::move(findings)) {}

  base::Result<Plan> plan() {
    const uint64_t found = findings_.inputs.size();
    TRY(filter());
    std::stable_sort(
        findings_.inputs.begin(), findings_.inputs.end(),
        [](const Input& a, const Input& b) { return a.location.path < b.location.path; });
    if (options_.group_by.empty()) {
      TRY(one_by_one());
    } else {
      TRY(grouped());
    }
    if (options_.number_files) number();
    TRY(check_names());
    for (Output& output : plan_.outputs) finish(output);
    plan_.skipped = found - plan_.files;
    return std::move(plan_);
  }

 private:
  base::Status filter() {
    std::optional<Pattern> pattern;
    if (!options_.source_pattern.empty()) {
      auto compiled = Pattern::compile(options_.source_pattern);
      if (!compiled.ok()) {
        return base::invalid_argument("--srcPattern: " + compiled.error().message);
      }
      pattern = std::move(compiled).value();
    }
    std::unordered_set<std::string_view> previous;
    for (const ManifestLine& line : findings_.previous) previous.insert(line.base_name);
    std::vector<Input> kept;
    for (Input& input : findings_.inputs) {
      if (previous.contains(input.relative)) continue;
      if (pattern && !TRY(pattern->matches(uri(input.location)))) continue;
      kept.push_back(std::move(input));
    }
    findings_.inputs = std::move(kept);
    return base::ok();
  }

  base::Status one_by_one() {
    std::unordered_map<std::string_view, uint64_t> present;
    for (const Present& each : findings_.present) present.emplace(each.relative, each.size);
    for (Input& input : findings_.inputs) {
      Output output;
      const std::string fit = TRY(fit_for(findings_.destination, input.relative, input));
      output.relative = coded_name(fit, options_.output_codec);
      if (const auto there = present.find(output.relative); there != present.end()) {
        output.append = true;
        output.appended_to = there->second;
      }
      output.inputs.push_back(std::move(input));
      plan_.outputs.push_back(std::move(output));
    }
    return base::ok();
  }

  base::Status grouped() {
    auto pattern = Pattern::compile(options_.group_by);
    if (!pattern.ok()) return base::invalid_argument("--groupBy: " + pattern.error().message);
    if (pattern->groups() == 0) {
      return base::invalid_argument(fmt::format(
          "--groupBy: \"{}\" has no parentheses that would say which files belong together",
          options_.group_by));
    }
    std::vector<Group> groups;
    std::unordered_map<std::string, size_t> index;
    for (Input& input : findings_.inputs) {
      auto key = TRY(pattern->captured(uri(input.location)));
      if (!key) continue;
      const auto [at, fresh] = index.try_emplace(*key, groups.size());
      if (fresh) {
        const std::string wished = fmt::format("{}{}", folder_of(input.relative), *key);
        const std::string fit = TRY(fit_for(findings_.destination, wished, input));
        const std::string_view name = file_name(fit);
        if (name.empty()) {
          return base::invalid_argument(fmt::format(
              "--groupBy captured nothing of {} that could be a name", uri(input.location)));
        }
        groups.push_back({std::string(folder_of(fit)), std::string(name), {}});
      }
      groups[at->second].inputs.push_back(std::move(input));
    }
    for (Group& group : groups) parts_of(group);
    return base::ok();
  }

  // The last file of that group which is at the destination already, and its number.
  struct Last {
    std::string relative;
    uint64_t size = 0;
    uint64_t number = 0;
  };
  std::optional<Last> last_of(const Group& group) const {
    const std::string whole = group.folder + coded_name(group.name, options_.output_codec);
    const size_t cut = group.folder.size() + ending_at(whole.substr(group.folder.size()));
    std::optional<Last> last;
    for (const Present& each : findings_.present) {
      const std::string_view name = each.relative;
      if (name.size() < whole.size() || !name.starts_with(whole.substr(0, cut)) ||
          !name.ends_with(whole.substr(cut))) {
        continue;
      }
      const std::string_view digits = name.substr(cut, name.size() - whole.size());
      uint64_t number = 0;
      const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
      if (!digits.empty() && (error != std::errc() || end != digits.end())) continue;
      if (!last || number >= last->number) last = Last{each.relative, each.size, number};
    }
    return last;
  }

  void parts_of(Group& group) {
    const std::optional<Last> last = last_of(group);
    const uint64_t limit = static_cast<uint64_t>(options_.target_size);
    std::vector<Output> parts;
    uint64_t size = 0;
    auto start = [&] {
      parts.emplace_back();
      size = 0;
    };
    start();
    if (last && (limit == 0 || last->size < limit)) {
      parts.back().relative = last->relative;
      parts.back().append = true;
      parts.back().appended_to = size = last->size;
    }
    for (Input& input : group.inputs) {
      const bool empty = parts.back().inputs.empty() && !parts.back().append;
      if (limit > 0 && !empty && size + input.size > limit) start();
      size += input.size;
      parts.back().inputs.push_back(std::move(input));
    }
    std::erase_if(parts, [](const Output& part) { return part.inputs.empty(); });
    const std::string name = coded_name(group.name, options_.output_codec);
    uint64_t next = last ? last->number + 1 : 0;
    const bool numbered = last || parts.size() > 1;
    for (Output& part : parts) {
      if (!part.append) {
        part.relative = group.folder + (numbered ? with_number(name, next++) : name);
      }
      plan_.outputs.push_back(std::move(part));
    }
  }

  void number() {
    int64_t next = options_.starting_index;
    for (Output& output : plan_.outputs) {
      const std::string_view folder = folder_of(output.relative);
      output.relative = fmt::format("{}{}{}", folder, next++, file_name(output.relative));
    }
  }

  base::Status check_names() const {
    std::unordered_map<std::string_view, const Output*> seen;
    for (const Output& output : plan_.outputs) {
      const auto [at, fresh] = seen.try_emplace(output.relative, &output);
      if (fresh) continue;
      return base::invalid_argument(fmt::format(
          "{} and {} would both become {}: copy them apart, or use --groupBy or --numberFiles",
          uri(at->second->inputs.front().location), uri(output.inputs.front().location),
          output.relative));
    }
    return base::ok();
  }

  void finish(Output& output) {
    uint64_t size = 0;
    for (const Input& input : output.inputs) {
      size += input.size;
      ++plan_.files;
    }
    plan_.bytes += size;
    if (options_.output_codec == Codec::kKeep) output.size = size;
    output.storage_class = options_.storage_class;
    if (output.storage_class.empty()) output.storage_class = output.inputs.front().storage_class;
  }

  const Options& options_;
  Findings findings_;
  Plan plan_;
};

}  // namespace

std::string with_number(std::string_view name, uint64_t number) {
  const size_t cut = ending_at(name);
  return fmt::format("{}{}{}", name.substr(0, cut), number, name.substr(cut));
}

base::Result<Plan> make_plan(const Options& options, Findings findings) {
  return Planner(options, std::move(findings)).plan();
}

}  // namespace howdah::distcp
