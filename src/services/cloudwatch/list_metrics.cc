// ListMetrics: what had data in the past two weeks (CloudWatch API reference, ListMetrics).

#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/errors.h"
#include "services/cloudwatch/metric.h"

namespace howdah::services::cloudwatch {

namespace {

constexpr size_t kPage = 500;
constexpr std::chrono::hours kListed{14 * 24}, kRecent{3};

wire::MetricBuilder to_wire(const telemetry::Metric& metric) {
  std::vector<wire::DimensionBuilder> dimensions;
  for (const auto& [name, value] : metric.dimensions)
    dimensions.emplace_back().set_name(name).set_value(value);
  wire::MetricBuilder out;
  out.set_namespace(metric.space).set_metric_name(metric.name);
  out.set_dimensions(std::move(dimensions));
  return out;
}

}  // namespace

base::Result<wire::ListMetricsOutput> CloudWatch::list_metrics(
    const aws::Context& context, const wire::ListMetricsInput& input) {
  telemetry::MetricFilter filter;
  filter.space = input.namespace_().value_or("");
  filter.name = input.metric_name().value_or("");
  for (const auto dimension : input.dimensions()) {
    filter.dimensions.emplace_back(dimension.name(), dimension.value());
  }
  filter.active_since = clock_.now() - (input.recently_active() ? kRecent : kListed);
  wire::ListMetricsOutput out;
  std::vector<wire::MetricBuilder> metrics;
  const bool another = input.owning_account() && *input.owning_account() != context.account;
  if (!another) {
    const auto page = store_.metrics(scope_of(context), filter,
                                     std::string(input.next_token().value_or("")), kPage);
    if (!page.ok() && page.error().code == base::Code::kInvalidArgument)
      return invalid_value("The value for parameter NextToken is invalid.");
    if (!page.ok()) return page.error();
    for (const telemetry::Metric& metric : page->metrics) metrics.push_back(to_wire(metric));
    if (!page->next.empty()) out.set_next_token(page->next);
  }
  if (input.include_linked_accounts().value_or(false))
    out.set_owning_accounts(std::vector<std::string>(metrics.size(), context.account));
  out.set_metrics(std::move(metrics));
  return out;
}

}  // namespace howdah::services::cloudwatch
