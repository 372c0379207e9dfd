#pragma once

// What work would cost on AWS: instances by the second with a minute at least (EMR and EC2 Linux,
// "Amazon EMR pricing"), workers of EMR Serverless by what they billed. Prices come in as
// arguments. Pure; values.

#include "base/clock.h"

namespace howdah::cost {

struct InstancePrice {
  double ec2_usd_per_hour = 0;
  double emr_usd_per_hour = 0;
};

struct ServerlessPrice {
  double vcpu_hour = 0;  // USD
  double gb_hour = 0;
  double storage_gb_hour = 0;
};

struct Cost {
  double hours = 0;    // of instances
  double ec2_usd = 0;  // EC2's part, and EMR's beside it
  double emr_usd = 0;  // of EMR Serverless all of it

  double total_usd() const { return ec2_usd + emr_usd; }
  Cost& operator+=(const Cost& more);
};

/// An instance that was there from `from` to `to`; nothing when it ended before it began.
Cost of_instance(base::Time from, base::Time to, const InstancePrice& price);

/// What runs billed, in hours of vCPU, of GB of memory, of GB of disk above the free 20 a worker.
Cost of_runs(double vcpu_hours, double memory_gb_hours, double storage_gb_hours,
             const ServerlessPrice& price);

}  // namespace howdah::cost
