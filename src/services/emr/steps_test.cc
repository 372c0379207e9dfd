#include <fmt/format.h>

#include "services/emr/test_world.h"

namespace howdah::services::emr {
namespace {

class Steps : public World {
 protected:
  void SetUp() override {
    id_ = run();
    settle(id_);
  }
  std::string cancel(const std::string& step_id, std::string_view path) {
    return at(
        must("CancelSteps", fmt::format(R"({{"ClusterId":"{}","StepIds":["{}"]}})", id_, step_id)),
        path);
  }
  std::string id_;
};

TEST_F(Steps, RunOneAtATimeAndTheClusterWaitsAfterwards) {
  const std::string one = add_step(id_), two = add_step(id_);
  settle(id_);
  EXPECT_EQ(state(id_), "RUNNING");
  EXPECT_EQ(step_state(id_, one), "RUNNING");
  EXPECT_EQ(step_state(id_, two), "PENDING");
  end_step(id_, one, 0);
  EXPECT_EQ(step_state(id_, one), "COMPLETED");
  EXPECT_EQ(step_state(id_, two), "RUNNING");
  end_step(id_, two, 0);
  EXPECT_EQ(state(id_), "WAITING");
  EXPECT_EQ(reason(id_), "Cluster ready after last step completed.");
}

TEST_F(Steps, PropertiesAreAListOnTheWayInAndAMapOnTheWayOut) {
  const std::string made =
      at(must("AddJobFlowSteps", fmt::format(R"({{"JobFlowId":"{}","Steps":[{{"Name":"s",
      "ActionOnFailure":"TERMINATE_JOB_FLOW","HadoopJarStep":{{"Jar":"s3://b/x.jar",
        "MainClass":"m.M","Args":["a","b"],
      "Properties":[{{"Key":"k","Value":"v"}}]}},
      "StepMonitoringConfiguration":
        {{"S3MonitoringConfiguration":{{"LogUri":"s3://logs/x"}}}}}}]}})",
                                             id_)),
         "StepIds.0");
  const base::JsonObject found = step(id_, made);
  EXPECT_EQ(at(found, "Step.Config"),
            R"({"Jar":"s3://b/x.jar","Args":["a","b"],"Properties":{"k":"v"},"MainClass":"m.M"})");
  EXPECT_EQ(at(found, "Step.ActionOnFailure"), "TERMINATE_JOB_FLOW");
  EXPECT_EQ(at(found, "Step.LogUri"), "s3://logs/x");
  EXPECT_EQ(at(found, "Step.Status.StateChangeReason"), "{}");
}

TEST_F(Steps, AreListedNewestFirstInPagesOfFifty) {
  std::vector<std::string> made;
  for (int i = 0; i < 60; ++i) made.push_back(add_step(id_));
  const base::JsonObject first = must("ListSteps", fmt::format(R"({{"ClusterId":"{}"}})", id_));
  EXPECT_EQ(base::find_array(first, "Steps")->size(), 50u);
  EXPECT_EQ(at(first, "Steps.0.Id"), made.back());
  const base::JsonObject second = must(
      "ListSteps", fmt::format(R"({{"ClusterId":"{}","Marker":"{}"}})", id_, at(first, "Marker")));
  EXPECT_EQ(base::find_array(second, "Steps")->size(), 10u);
  EXPECT_EQ(at(second, "Steps.9.Id"), made.front());
  EXPECT_EQ(at(second, "Marker"), "");
  const base::JsonObject asked =
      must("ListSteps",
           fmt::format(R"({{"ClusterId":"{}","StepIds":["{}","{}"]}})", id_, made[3], made[5]));
  EXPECT_EQ(base::find_array(asked, "Steps")->size(), 2u);
  EXPECT_EQ(at(must("ListSteps",
                    fmt::format(R"({{"ClusterId":"{}","StepStates":["INTERRUPTED"]}})", id_)),
               "Steps"),
            "[]");
  EXPECT_TRUE(
      error_of(
          "ListSteps",
          fmt::format(
              R"({{"ClusterId":"{}","StepIds":["1","2","3","4","5","6","7","8","9","10","11"]}})",
              id_))
          .starts_with("InvalidRequestException: StepIds has 11 members"));
}

TEST_F(Steps, UnknownOnesAreNotValid) {
  EXPECT_EQ(error_of("DescribeStep", fmt::format(R"({{"ClusterId":"{}","StepId":"s-NOPE"}})", id_)),
            "InvalidRequestException: Step id 's-NOPE' is not valid.");
  EXPECT_EQ(error_of("DescribeStep", R"({"ClusterId":"j-NOPE","StepId":"s-NOPE"})"),
            "InvalidRequestException: Cluster id 'j-NOPE' is not valid.");
  EXPECT_EQ(error_of("AddJobFlowSteps", R"({"JobFlowId":"j-NOPE","Steps":[]})"),
            "ValidationException: Specified job flow ID does not exist.");
}

TEST_F(Steps, AtMost256AreUnfinished) {
  for (int i = 0; i < 256; ++i) add_step(id_);
  const std::string more = fmt::format(
      R"({{"JobFlowId":"{}","Steps":[{{"Name":"s","HadoopJarStep":{{"Jar":"j"}}}}]}})", id_);
  EXPECT_EQ(error_of("AddJobFlowSteps", more),
            "ValidationException: Maximum number of active steps(State = 'Running', 'Pending' or "
            "'Cancel_Pending') for "
            "cluster exceeded.");
}

TEST_F(Steps, AnSdksRetryAddsNoSecondStep) {
  context_.invocation_id = "1";
  const std::string one = add_step(id_);
  EXPECT_EQ(add_step(id_), one);
  EXPECT_EQ(
      base::find_array(must("ListSteps", fmt::format(R"({{"ClusterId":"{}"}})", id_)), "Steps")
          ->size(),
      1u);
}

TEST_F(Steps, CancelPendingAndRunning) {
  const std::string running = add_step(id_), pending = add_step(id_);
  settle(id_);
  EXPECT_EQ(cancel(pending, "CancelStepsInfoList.0.Status"), "SUBMITTED");
  settle(id_);
  EXPECT_EQ(step_state(id_, pending), "CANCELLED");
  EXPECT_EQ(cancel(running, "CancelStepsInfoList.0.Status"), "SUBMITTED");
  settle(id_);
  EXPECT_EQ(step_state(id_, running), "CANCELLED");
  EXPECT_EQ(state(id_), "WAITING") << "cancelling a running step does not trigger ActionOnFailure";
  EXPECT_EQ(cancel(running, "CancelStepsInfoList.0.Status"), "FAILED");
  EXPECT_NE(cancel("s-NOPE", "CancelStepsInfoList.0.Reason"), "");
}

struct Policy {
  const char* action;
  const char* cluster;
  const char* reason;
  const char* second;  // state of the step behind the failed one
};

TEST_F(Steps, EachFailurePolicyActs) {
  const Policy kPolicies[] = {
      {"CONTINUE", "RUNNING", "Running step", "RUNNING"},
      {"CANCEL_AND_WAIT", "WAITING", "Cluster ready after last step failed.", "CANCELLED"},
      {"TERMINATE_CLUSTER", "TERMINATED_WITH_ERRORS", "Shut down as step failed", "CANCELLED"},
      {"TERMINATE_JOB_FLOW", "TERMINATED_WITH_ERRORS", "Shut down as step failed", "CANCELLED"},
  };
  for (const Policy& policy : kPolicies) {
    const std::string id = run();
    settle(id);
    const std::string first = add_step(id, policy.action), second = add_step(id);
    settle(id);
    end_step(id, first, 3);
    EXPECT_EQ(step_state(id, first), "FAILED") << policy.action;
    EXPECT_EQ(step_state(id, second), policy.second) << policy.action;
    EXPECT_EQ(state(id), policy.cluster) << policy.action;
    EXPECT_EQ(reason(id), policy.reason) << policy.action;
    const base::JsonObject failed = step(id, first);
    EXPECT_EQ(at(failed, "Step.Status.FailureDetails.Message"), "The step ended with exit code 3.");
    EXPECT_NE(at(failed, "Step.Status.FailureDetails.Reason"), "");
  }
}

TEST_F(Steps, AnAutoTerminatingClusterEndsWithItsLastStep) {
  for (const int exit_code : {0, 1}) {
    const std::string id =
        run(R"({"Instances":{"KeepJobFlowAliveWhenNoSteps":false},"Steps":[{"Name":"s",
        "ActionOnFailure":"CONTINUE","HadoopJarStep":{"Jar":"command-runner.jar",
        "Args":["true"]}}]})");
    settle(id);
    end_step(id, at(must("ListSteps", fmt::format(R"({{"ClusterId":"{}"}})", id)), "Steps.0.Id"),
             exit_code);
    EXPECT_EQ(state(id), "TERMINATED");
    EXPECT_EQ(reason(id), exit_code ? "Steps completed with errors" : "Steps completed");
  }
}

TEST_F(Steps, ConcurrencyRunsSeveralAndAllowsOnlyContinue) {
  must("ModifyCluster", fmt::format(R"({{"ClusterId":"{}","StepConcurrencyLevel":2}})", id_));
  const std::string one = add_step(id_), two = add_step(id_), three = add_step(id_);
  settle(id_);
  EXPECT_EQ(step_state(id_, two), "RUNNING");
  EXPECT_EQ(step_state(id_, three), "PENDING");
  EXPECT_TRUE(error_of("AddJobFlowSteps",
                       fmt::format(R"({{"JobFlowId":"{}","Steps":[{{"Name":"s","ActionOnFailure":
      "TERMINATE_CLUSTER","HadoopJarStep":{{"Jar":"j"}}}}]}})",
                                   id_))
                  .starts_with("ValidationException: The ActionOnFailure setting TERMINATE_CLUSTER "
                               "of step 's' is not valid"));
}

TEST_F(Steps, TheExecutionRoleMustExistAndBePassable) {
  const auto body = [&](std::string_view role) {
    return fmt::format(
        R"({{"JobFlowId":"{}","ExecutionRoleArn":"arn:aws:iam::000000000000:role/{}",
        "Steps":[{{"Name":"s",
        "HadoopJarStep":{{"Jar":"j"}}}}]}})",
        id_, role);
  };
  const std::string made = at(must("AddJobFlowSteps", body("EMR_EC2_DefaultRole")), "StepIds.0");
  EXPECT_EQ(at(step(id_, made), "Step.ExecutionRoleArn"),
            "arn:aws:iam::000000000000:role/EMR_EC2_DefaultRole");
  EXPECT_TRUE(error_of("AddJobFlowSteps", body("Nobody"))
                  .starts_with("ValidationException: Invalid ExecutionRoleArn"));
  denied_ = "arn:aws:iam::000000000000:role/EMR_EC2_DefaultRole";
  EXPECT_TRUE(error_of("AddJobFlowSteps", body("EMR_EC2_DefaultRole"))
                  .starts_with("AccessDeniedException"));
}

}  // namespace
}  // namespace howdah::services::emr
