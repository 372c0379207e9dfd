#pragma once

// CloudWatch's metrics: put, list, read, and arithmetic over what was read. JSON 1.0 and Query.
// Alarms, dashboards, metric streams and insights are not there: their operations answer as unknown
// ones do. Ownership: borrows the telemetry store and the clock. Threads: concurrent calls allowed.
// Failure: CloudWatch's codes (InvalidParameterValue, InvalidParameterCombination,
// MissingParameter, ValidationError), its words where they are known.

#include "aws/cloudwatch/api.h"
#include "base/clock.h"
#include "telemetry/telemetry.h"

namespace howdah::services::cloudwatch {

namespace wire = aws::cloudwatch;

class CloudWatch final : public wire::Api {
 public:
  CloudWatch(telemetry::Telemetry& store, const base::Clock& clock)
      : store_(store), clock_(clock) {}

  base::Result<wire::PutMetricDataOutput> put_metric_data(const aws::Context&,
                                                          const wire::PutMetricDataInput&) override;
  base::Result<wire::ListMetricsOutput> list_metrics(const aws::Context&,
                                                     const wire::ListMetricsInput&) override;
  base::Result<wire::GetMetricStatisticsOutput> get_metric_statistics(
      const aws::Context&, const wire::GetMetricStatisticsInput&) override;
  base::Result<wire::GetMetricDataOutput> get_metric_data(const aws::Context&,
                                                          const wire::GetMetricDataInput&) override;

 private:
  telemetry::Telemetry& store_;
  const base::Clock& clock_;
};

}  // namespace howdah::services::cloudwatch
