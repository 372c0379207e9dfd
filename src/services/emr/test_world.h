#pragma once

// For this module's tests: the real stores in a temporary folder, a clock advanced by hand, and a
// world in which nodes live at once and step processes end when the test says so. plan() itself
// moves the clusters.

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cluster/plan/world_in_memory.h"
#include "services/emr/emr.h"

namespace howdah::services::emr {

class World : public testing::Test {
 protected:
  World();
  ~World() override;

  /// As the dispatcher calls it. The answer's members, or the error.
  base::Result<base::JsonObject> call(std::string_view operation, std::string_view json);
  base::JsonObject must(std::string_view operation, std::string_view json);
  /// "ValidationException: message".
  std::string error_of(std::string_view operation, std::string_view json);

  /// RunJobFlow with Spark on one m5.xlarge, `changes` merged into it (RFC 7396).
  std::string run(std::string_view changes = "{}");
  std::string run_error(std::string_view changes);
  base::JsonObject request(std::string_view changes) const;

  /// What the control loop does until nothing moves: plan, commit, again. Started steps run on.
  void settle(const std::string& id);
  /// The step's process ends; then settle().
  void end_step(const std::string& id, const std::string& step_id, int exit_code);

  /// Writes what control would have seen, whatever plan() makes of it.
  void record(const std::string& id, const std::function<void(cluster::Status&)>& change);

  base::JsonObject describe(const std::string& id);
  std::string state(const std::string& id);
  std::string reason(const std::string& id);
  base::JsonObject step(const std::string& id, const std::string& step_id);
  std::string step_state(const std::string& id, const std::string& step_id);
  std::string add_step(const std::string& id, std::string_view action_on_failure = "CONTINUE");
  std::vector<std::string> warnings(const std::string& id);
  cluster::Key key(const std::string& id) const { return {context_.account, context_.region, id}; }

  std::filesystem::path folder_;
  base::FakeClock clock_;
  base::SeededIds ids_{7};
  apps::Releases releases_;
  apps::InstanceTypes types_;
  std::unique_ptr<store::ControlStore> store_;
  std::unique_ptr<store::iam::Iam> iam_;
  std::unique_ptr<Emr> emr_;
  aws::Context context_;
  std::string denied_;  // an ARN that may not be passed
  cluster::WorldInMemory world_;
};

/// `path` is "Cluster.Status.State", "Steps.0.Id": the JSON text of what is there, text unquoted;
/// "" when absent.
std::string at(const base::JsonObject& object, std::string_view path);

}  // namespace howdah::services::emr
