#include "cost/cost.h"

#include <algorithm>

namespace howdah::cost {
namespace {

constexpr std::chrono::seconds kLeast{60};

}  // namespace

Cost& Cost::operator+=(const Cost& more) {
  hours += more.hours;
  ec2_usd += more.ec2_usd;
  emr_usd += more.emr_usd;
  return *this;
}

Cost of_instance(base::Time from, base::Time to, const InstancePrice& price) {
  if (to < from) return {};
  // A second that has begun counts.
  const auto seconds = std::max(kLeast, std::chrono::ceil<std::chrono::seconds>(to - from));
  const double hours = static_cast<double>(seconds.count()) / 3600;
  return {hours, hours * price.ec2_usd_per_hour, hours * price.emr_usd_per_hour};
}

Cost of_runs(double vcpu_hours, double memory_gb_hours, double storage_gb_hours,
             const ServerlessPrice& price) {
  return {0, 0,
          vcpu_hours * price.vcpu_hour + memory_gb_hours * price.gb_hour +
              storage_gb_hours * price.storage_gb_hour};
}

}  // namespace howdah::cost
