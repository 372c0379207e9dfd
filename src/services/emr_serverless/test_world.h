#pragma once

// For this module's tests: the real stores in a temporary folder, a clock advanced by hand, and the
// moves that control would make, written when the test says so.

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "services/emr_serverless/emr_serverless.h"

namespace howdah::services::emr_serverless {

class World : public testing::Test {
 protected:
  World();
  ~World() override;

  /// As the dispatcher calls it. The answer's members, or the error.
  base::Result<base::JsonObject> call(std::string_view operation, std::string_view json);
  base::JsonObject must(std::string_view operation, std::string_view json);
  /// "ValidationException: message".
  std::string error_of(std::string_view operation, std::string_view json);

  /// CreateApplication of Spark on emr-7.10.0, `changes` merged into it (RFC 7396); a token of its
  /// own unless they have one. Answers the id.
  std::string create(std::string_view changes = "{}");
  std::string create_error(std::string_view changes);
  /// The same of StartJobRun: a Python file as role "job".
  std::string start(const std::string& application, std::string_view changes = "{}");
  std::string start_error(const std::string& application, std::string_view changes);
  /// An operation that takes an applicationId, and more of the input.
  std::string of(std::string_view operation, const std::string& application,
                 std::string_view rest = "");

  base::JsonObject application(const std::string& id);  // GetApplication's
  base::JsonObject run(const std::string& application, const std::string& id,
                       std::string_view rest = "");
  std::string state(const std::string& application);
  std::string state(const std::string& application, const std::string& run);

  /// What control writes.
  void move(const std::string& application, std::vector<serverless::ApplicationState> to);
  void move(const std::string& application, const std::string& run,
            std::vector<serverless::RunState> to, const std::string& details = "");
  /// An application that was created, and started when control would.
  std::string started(std::string_view changes = "{}");
  std::vector<std::string> warnings(const std::string& application);

  serverless::Key key(const std::string& id) const {
    return {context_.account, context_.region, id};
  }

  std::filesystem::path folder_;
  base::FakeClock clock_;
  base::SeededIds ids_{7};
  apps::Releases releases_;
  std::unique_ptr<store::ServerlessStore> store_;
  std::unique_ptr<store::iam::Iam> iam_;
  std::unique_ptr<EmrServerless> service_;
  aws::Context context_;
  std::string denied_;  // an ARN that may not be passed

 private:
  std::string request(std::string_view usual, std::string_view changes);
};

/// `path` is "application.state", "jobRuns.0.id": the JSON text of what is there, text unquoted; ""
/// when absent.
std::string at(const base::JsonObject& object, std::string_view path);

}  // namespace howdah::services::emr_serverless
