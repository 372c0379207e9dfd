#include "services/howdah/cost.h"

#include <optional>
#include <set>

#include "cost/cost.h"

namespace howdah::services {

using base::JsonObject;
using base::Result;
using base::Status;

namespace {

constexpr size_t kPage = 100;

using Tags = std::vector<std::pair<std::string, std::string>>;

bool has_tag(const Tags& tags, const std::string& wanted) {
  if (wanted.empty()) return true;
  const size_t equals = wanted.find('=');
  for (const auto& [key, value] : tags) {
    if (key == wanted.substr(0, equals) &&
        (equals == std::string::npos || value == wanted.substr(equals + 1))) {
      return true;
    }
  }
  return false;
}

void set_cost(JsonObject& item, const cost::Cost& cost) {
  item["InstanceHours"] = cost.hours;
  item["Ec2Usd"] = cost.ec2_usd;
  item["EmrUsd"] = cost.emr_usd;
  item["TotalUsd"] = cost.total_usd();
}

JsonObject item(std::string_view id, std::string_view kind, std::string_view name,
                std::string_view state, const cost::Cost& cost) {
  JsonObject out{{"Id", id}, {"Kind", kind}, {"Name", name}, {"State", state}};
  set_cost(out, cost);
  return out;
}

// Every row of a list that comes in pages.
template <typename Row>
Status each(const std::function<Result<store::Page<Row>>(const std::string& marker)>& page,
            const std::function<Status(const Row&)>& use) {
  std::string marker;
  do {
    auto rows = TRY(page(marker));
    for (const Row& row : rows.rows) TRY(use(row));
    marker = rows.next;
  } while (!marker.empty());
  return base::ok();
}

}  // namespace

JsonObject CostReport::of_cluster(const store::ClusterRow& row) const {
  cost::Cost sum;
  std::set<std::string> unpriced;
  for (const cluster::Node& node : row.status.nodes) {
    if (!node.timeline.created) continue;
    const base::Time from = *node.timeline.created;
    // of a node that nobody saw end the cluster's own end, else it is still there
    const base::Time to = node.timeline.ended ? *node.timeline.ended
                                              : row.status.timeline.ended.value_or(o_.clock.now());
    const apps::InstanceType* type = o_.types.find(node.instance_type);
    if (type == nullptr) unpriced.insert(node.instance_type);
    sum +=
        cost::of_instance(from, to,
                          type ? cost::InstancePrice{type->ec2_usd_per_hour, type->emr_usd_per_hour}
                               : cost::InstancePrice{});
  }
  JsonObject out =
      item(row.key.id, "cluster", row.wanted.name, cluster::name_of(row.status.state), sum);
  base::JsonArray names;
  for (const std::string& name : unpriced) names.emplace_back(name);
  out["Unpriced"] = std::move(names);
  return out;
}

Result<JsonObject> CostReport::of_application(const store::ApplicationRow& row) const {
  serverless::Utilization used;
  TRY(each<serverless::JobRun>(
      [&](const std::string& marker) { return o_.serverless.runs(row.key, {}, marker, kPage); },
      [&](const serverless::JobRun& run) {
        used.vcpu_hours += run.status.billed.vcpu_hours;
        used.memory_gb_hours += run.status.billed.memory_gb_hours;
        used.storage_gb_hours += run.status.billed.storage_gb_hours;
        return base::ok();
      }));
  return priced(
      item(row.key.id, "application", row.wanted.name, serverless::name_of(row.status.state), {}),
      used, row.wanted.architecture);
}

JsonObject CostReport::priced(JsonObject item, const serverless::Utilization& used,
                              const std::string& architecture) const {
  const auto price = o_.prices.workers.find(architecture);
  const bool is_known = price != o_.prices.workers.end();
  const cost::ServerlessPrice known =
      is_known ? cost::ServerlessPrice{price->second.vcpu_hour, price->second.gb_hour,
                                       price->second.storage_gb_hour}
               : cost::ServerlessPrice{};
  set_cost(item,
           cost::of_runs(used.vcpu_hours, used.memory_gb_hours, used.storage_gb_hours, known));
  item["VcpuHours"] = used.vcpu_hours;
  item["MemoryGbHours"] = used.memory_gb_hours;
  item["StorageGbHours"] = used.storage_gb_hours;
  base::JsonArray unpriced;
  if (!is_known) unpriced.emplace_back(architecture);
  item["Unpriced"] = std::move(unpriced);
  return item;
}

Result<JsonObject> CostReport::of_serverless(const std::string& region,
                                             const std::string& id) const {
  const auto application = o_.serverless.application({o_.account, region, id});
  if (application.ok()) return of_application(*application);
  if (application.error().code != base::Code::kNotFound) return application.error();
  std::optional<JsonObject> found;
  TRY(each<store::ApplicationRow>(
      [&](const std::string& marker) {
        return o_.serverless.applications(o_.account, region, {}, marker, kPage);
      },
      [&](const store::ApplicationRow& row) -> Status {
        if (found) return base::ok();
        const auto run = o_.serverless.run(row.key, id);
        if (run.ok()) {
          found = priced(item(run->id, "job run", run->wanted.name,
                              serverless::name_of(run->status.state), {}),
                         run->status.billed, row.wanted.architecture);
        } else if (run.error().code != base::Code::kNotFound) {
          return run.error();
        }
        return base::ok();
      }));
  if (!found) return base::not_found("no application and no job run is " + id);
  return *std::move(found);
}

Result<JsonObject> CostReport::report(const std::string& region, const std::string& id,
                                      const std::string& tag) const {
  base::JsonArray items;
  double total = 0;
  const auto add = [&](JsonObject one) {
    total += base::double_at(one, "TotalUsd");
    items.emplace_back(std::move(one));
  };
  if (id.starts_with("j-")) {
    add(of_cluster(TRY(o_.clusters.cluster({o_.account, region, id}))));
  } else if (id.starts_with("s-")) {
    return base::invalid_argument("a step has no price of its own: ask for its cluster");
  } else if (!id.empty()) {
    add(TRY(of_serverless(region, id)));
  } else {
    TRY(each<store::ClusterRow>(
        [&](const std::string& marker) {
          return o_.clusters.clusters(o_.account, region, {}, marker, kPage);
        },
        [&](const store::ClusterRow& row) {
          if (has_tag(row.wanted.tags, tag)) add(of_cluster(row));
          return base::ok();
        }));
    TRY(each<store::ApplicationRow>(
        [&](const std::string& marker) {
          return o_.serverless.applications(o_.account, region, {}, marker, kPage);
        },
        [&](const store::ApplicationRow& row) -> Status {
          if (has_tag(row.wanted.tags, tag)) add(TRY(of_application(row)));
          return base::ok();
        }));
  }
  return JsonObject{{"Items", std::move(items)},
                    {"TotalUsd", total},
                    {"Currency", "USD"},
                    {"PricesOf", o_.prices.region}};
}

}  // namespace howdah::services
