#include "apps/instance_types.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/files.h"
#include "base/json.h"

namespace howdah::apps {
namespace {

constexpr double kEmrShare = 0.25;

base::Error broken(const std::filesystem::path& path, std::string_view what) {
  return base::invalid_argument(fmt::format("{}: {}", path.string(), what));
}

// 0.5 is "large", 1 "xlarge", 12 "12xlarge".
std::string size_name(double size) {
  if (size < 1) return "large";
  return size == 1 ? "xlarge" : fmt::format("{:.0f}xlarge", size);
}

InstanceType make(const base::JsonObject& family, double size) {
  InstanceType out;
  out.family = base::text_at(family, "family");
  out.name = out.family + "." + size_name(size);
  out.architecture = base::text_at(family, "architecture");
  out.vcpu = static_cast<int>(4 * size);
  out.memory_gib = base::double_at(family, "memory_gib") * size;
  out.normalization_factor = static_cast<int>(8 * size);
  out.ec2_usd_per_hour = base::double_at(family, "usd_per_hour") * size;
  out.emr_usd_per_hour = out.ec2_usd_per_hour * kEmrShare;
  const base::JsonObject* disks = base::find_object(family, "disks");
  const base::JsonArray* of_size =
      disks ? base::find_array(*disks, fmt::format("{:.0f}", size)) : nullptr;
  if (of_size && of_size->size() == 2) {
    out.disks = static_cast<int>((*of_size)[0].to_number<int64_t>());
    out.storage_gb = out.disks * static_cast<int>((*of_size)[1].to_number<int64_t>());
  }
  return out;
}

bool is_whole(const base::JsonObject& family) {
  const std::string_view architecture = base::text_at(family, "architecture");
  const base::JsonArray* sizes = base::find_array(family, "sizes");
  return (architecture == "X86_64" || architecture == "AARCH64") && sizes && !sizes->empty() &&
         std::all_of(sizes->begin(), sizes->end(),
                     [](const base::Json& size) { return size.is_number(); }) &&
         base::double_at(family, "memory_gib") > 0 && base::double_at(family, "usd_per_hour") > 0;
}

}  // namespace

base::Result<InstanceTypes> InstanceTypes::load(const std::filesystem::path& apps_folder) {
  const std::filesystem::path path = apps_folder / "instance_types.json";
  const std::string text = TRY(read_file(path));
  base::Result<base::Json> json = base::parse_json(text);
  if (!json.ok()) return broken(path, json.error().message);
  const base::JsonArray* families =
      json->is_object() ? base::find_array(json->as_object(), "families") : nullptr;
  if (!families) return broken(path, "\"families\" is missing");
  InstanceTypes out;
  for (const base::Json& item : *families) {
    const base::JsonObject* family = item.if_object();
    if (!family || base::text_at(*family, "family").empty())
      return broken(path, "a family without a name");
    if (!is_whole(*family))
      return broken(path, fmt::format("family {}", base::text_at(*family, "family")));
    for (const base::Json& size : *base::find_array(*family, "sizes")) {
      out.all_.push_back(make(*family, size.to_number<double>()));
    }
  }
  return out;
}

const InstanceType* InstanceTypes::find(std::string_view name) const {
  const auto at = std::find_if(all_.begin(), all_.end(),
                               [&](const InstanceType& type) { return type.name == name; });
  return at == all_.end() ? nullptr : &*at;
}

}  // namespace howdah::apps
