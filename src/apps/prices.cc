#include "apps/prices.h"

#include <fmt/format.h>

#include "apps/files.h"
#include "base/json.h"

namespace howdah::apps {

base::Result<Prices> Prices::load(const std::filesystem::path& apps_folder) {
  const std::filesystem::path path = apps_folder / "prices.json";
  const auto broken = [&](std::string_view what) {
    return base::invalid_argument(fmt::format("{}: {}", path.string(), what));
  };
  const std::string text = TRY(read_file(path));
  const auto json = base::parse_json(text);
  if (!json.ok()) return broken(json.error().message);
  const base::JsonObject* workers =
      json->is_object() ? base::find_object(json->get_object(), "emr_serverless") : nullptr;
  if (!workers) return broken("it has no emr_serverless");
  Prices out;
  out.region = base::text_at(json->get_object(), "region");
  for (const auto& [architecture, value] : *workers) {
    if (!value.is_object()) return broken("a price is no object");
    const base::JsonObject& one = value.get_object();
    const WorkerPrice price{base::double_at(one, "vcpu_hour"), base::double_at(one, "gb_hour"),
                            base::double_at(one, "storage_gb_hour")};
    if (price.vcpu_hour <= 0 || price.gb_hour <= 0 || price.storage_gb_hour <= 0)
      return broken(fmt::format("a price of {} is missing", std::string(architecture)));
    out.workers[std::string(architecture)] = price;
  }
  return out;
}

}  // namespace howdah::apps
