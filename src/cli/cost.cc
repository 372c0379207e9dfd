#include <fmt/format.h>

#include "base/text.h"
#include "cli/api.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"

namespace howdah::cli {

namespace {

std::string usd(const base::JsonObject& item, std::string_view member) {
  return fmt::format("{:.4f}", base::double_at(item, member));
}

void print_table(const base::JsonObject& found) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> unpriced;
  if (const base::JsonArray* items = base::find_array(found, "Items")) {
    for (const base::Json& each : *items) {
      if (!each.is_object()) continue;
      const base::JsonObject& item = each.get_object();
      rows.push_back({std::string(base::text_at(item, "Id")),
                      std::string(base::text_at(item, "Name")),
                      std::string(base::text_at(item, "State")),
                      fmt::format("{:.2f}", base::double_at(item, "InstanceHours")),
                      usd(item, "Ec2Usd"), usd(item, "EmrUsd"), usd(item, "TotalUsd")});
      for (const std::string& name : base::texts_at(item, "Unpriced")) unpriced.push_back(name);
    }
  }
  if (rows.empty()) {
    fmt::print("Nothing ran here yet.\n");
    return;
  }
  fmt::print("{}\n",
             table({"ID", "NAME", "STATE", "HOURS", "EC2 USD", "EMR USD", "TOTAL"}, rows, 2));
  fmt::print(
      "On AWS this would have cost {} USD (list prices of {}, on demand; no disks, no traffic).\n",
      usd(found, "TotalUsd"), base::text_at(found, "PricesOf"));
  if (!unpriced.empty()) fmt::print("No price is known of {}.\n", base::join(unpriced, ", "));
}

}  // namespace

int cost(const Globals& globals, const CostOptions& options) {
  auto api = connect(globals);
  if (!api.ok()) return fail(globals, api.error(), "howdah up");
  std::string path = "/_howdah/cost";
  if (!options.id.empty()) path += "/" + base::percent_encode(options.id);
  if (!options.tag.empty()) path += "?tag=" + base::percent_encode(options.tag);
  const auto found = api->howdah("GET", path);
  if (!found.ok()) return fail(globals, found.error(), "howdah cost");
  if (globals.json) {
    print_json(*found);
  } else {
    print_table(*found);
  }
  return kOk;
}

}  // namespace howdah::cli
