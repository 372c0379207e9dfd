#pragma once

// GET /_howdah/cost/<id>?tag=key=value: what clusters and runs of EMR Serverless would cost on AWS,
// from instances' timelines and what runs billed. The id is of a cluster, an application or a job
// run; a step has no price of its own. Without an id all clusters and applications of the region
// that are still known (two months). Ownership: borrows all of it. Threads: concurrent calls
// allowed. Failure: kNotFound for an id that is not there.

#include <string>

#include "apps/instance_types.h"
#include "apps/prices.h"
#include "base/clock.h"
#include "base/json.h"
#include "store/control/control_store.h"
#include "store/control/serverless_store.h"

namespace howdah::services {

class CostReport {
 public:
  struct Options {
    store::ControlStore& clusters;
    store::ServerlessStore& serverless;
    const apps::InstanceTypes& types;
    const apps::Prices& prices;
    const base::Clock& clock;
    std::string account;
  };
  explicit CostReport(Options options) : o_(options) {}

  /// `tag` is "" or "key=value". {"Items":[{Id,Kind,Name,State,InstanceHours,Ec2Usd,EmrUsd,
  /// TotalUsd,Unpriced}],"TotalUsd",…}; Unpriced names instance types that no price is known of.
  base::Result<base::JsonObject> report(const std::string& region, const std::string& id,
                                        const std::string& tag) const;

 private:
  base::JsonObject of_cluster(const store::ClusterRow& row) const;
  base::Result<base::JsonObject> of_application(const store::ApplicationRow& row) const;
  /// Of the application with that id, else of the job run.
  base::Result<base::JsonObject> of_serverless(const std::string& region,
                                               const std::string& id) const;
  /// `item` with the price of what was used.
  base::JsonObject priced(base::JsonObject item, const serverless::Utilization& used,
                          const std::string& architecture) const;

  Options o_;
};

}  // namespace howdah::services
