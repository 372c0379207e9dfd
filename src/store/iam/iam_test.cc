#include "store/iam/iam.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "store/iam/managed_policies.h"
#include "store/iam/session_policies.h"

namespace howdah::store::iam {
namespace {

using howdah::iam::Context;
using std::chrono::hours;
using std::chrono::seconds;

constexpr char kEc2Trust[] =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":)"
    R"("ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]})";
constexpr char kAllowS3[] =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})";
constexpr char kAllowEmr[] =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"elasticmapreduce:*",)"
    R"("Resource":"*"}]})";
constexpr char kDenyAll[] =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]})";
constexpr char kEc2Policy[] =
    "arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceforEC2Role";

class IamTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "howdah-iam-" + std::to_string(getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    reopen();
  }
  void TearDown() override {
    iam_.reset();
    std::filesystem::remove_all(folder_);
  }
  void reopen() {
    iam_.reset();
    auto opened = Iam::open(path(), clock_, ids_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    iam_ = std::move(*opened);
  }
  std::string path() const { return folder_ + "/iam.db"; }

  Entity make(Kind kind, std::string name) {
    Entity entity;
    entity.kind = kind;
    entity.name = std::move(name);
    if (kind == Kind::kRole) entity.trust = kEc2Trust;
    auto made = iam_->create(std::move(entity));
    EXPECT_TRUE(made.ok()) << made.error().message;
    return *made;
  }
  AccessKey key_of(std::string_view user) {
    auto key = iam_->create_access_key(user);
    EXPECT_TRUE(key.ok()) << key.error().message;
    return *key;
  }
  bool may(std::string_view key_id, std::string_view action, std::string_view resource = "*") {
    const auto who = iam_->lookup(key_id);
    EXPECT_TRUE(who.ok()) << who.error().message;
    return who.ok() && iam_->authorise(**who, action, resource, {}).ok();
  }
  static void expect(const base::Status& status, std::string_view reason,
                     std::string_view message) {
    ASSERT_FALSE(status.ok()) << "expected " << reason;
    EXPECT_EQ(status.error().reason, reason);
    EXPECT_EQ(status.error().message, message);
  }
  template <typename T>
  static void expect(const base::Result<T>& result, std::string_view reason,
                     std::string_view message) {
    ASSERT_FALSE(result.ok()) << "expected " << reason;
    expect(base::Status(result.error()), reason, message);
  }

  std::string folder_;
  base::FakeClock clock_;
  base::SeededIds ids_{1};
  std::unique_ptr<Iam> iam_;
};

TEST_F(IamTest, ANewAccountHoldsWhatCreateDefaultRolesWouldMake) {
  for (const char* name :
       {"EMR_DefaultRole", "EMR_EC2_DefaultRole", "EMR_AutoScaling_DefaultRole"}) {
    const auto role = iam_->role(name);
    ASSERT_TRUE(role.ok()) << name;
    EXPECT_EQ(role->arn, std::string("arn:aws:iam::000000000000:role/") + name);
    const auto attached = iam_->attached(Kind::kRole, name);
    ASSERT_EQ(attached->size(), 1u);
    EXPECT_TRUE(iam_->policy(attached->at(0).arn).ok()) << attached->at(0).arn;
  }
  const auto profile = iam_->instance_profile("EMR_EC2_DefaultRole");
  ASSERT_TRUE(profile.ok());
  EXPECT_EQ(profile->role->name, "EMR_EC2_DefaultRole");
  EXPECT_EQ(profile->arn, "arn:aws:iam::000000000000:instance-profile/EMR_EC2_DefaultRole");
}

TEST_F(IamTest, WhatWasDeletedStaysDeletedAfterARestart) {
  const char* policy =
      "arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceforAutoScalingRole";
  ASSERT_TRUE(iam_->detach(Kind::kRole, "EMR_AutoScaling_DefaultRole", policy).ok());
  ASSERT_TRUE(iam_->remove(Kind::kRole, "EMR_AutoScaling_DefaultRole").ok());
  const std::string id = iam_->role("EMR_DefaultRole")->id;
  reopen();
  EXPECT_EQ(iam_->role("EMR_DefaultRole")->id, id);
  expect(iam_->role("EMR_AutoScaling_DefaultRole"), "NoSuchEntity",
         "The role with name EMR_AutoScaling_DefaultRole cannot be found.");
}

TEST_F(IamTest, TheFileIsReadableByItsOwnerAlone) {
  make(Kind::kUser, "alice");
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat info {};
    ASSERT_EQ(::stat((path() + suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << suffix;
  }
}

TEST_F(IamTest, TheTestKeyWorksOnlyWhileListeningOnLoopback) {
  expect(iam_->lookup("test"), "InvalidClientTokenId",
         "The security token included in the request is invalid.");
  EXPECT_EQ(iam_->root_key(true)->secret, "test");
  EXPECT_EQ((*iam_->lookup("test"))->principal_arn, "arn:aws:iam::000000000000:root");
  EXPECT_TRUE(may("test", "iam:CreateUser"));
  const auto generated = iam_->root_key(false);
  EXPECT_FALSE(iam_->lookup("test").ok());
  EXPECT_EQ(generated->secret.size(), 40u);
  EXPECT_TRUE(may(generated->access_key_id, "iam:CreateUser"));
  const auto again = iam_->root_key(false);
  EXPECT_EQ(again->access_key_id, generated->access_key_id);
  EXPECT_EQ(again->secret, "");
  const auto reset = iam_->reset_root_key();
  EXPECT_NE(reset->access_key_id, generated->access_key_id);
  EXPECT_FALSE(iam_->lookup(generated->access_key_id).ok());
}

TEST_F(IamTest, AUserMayDoWhatItsPoliciesAndGroupsAllow) {
  make(Kind::kUser, "alice");
  const AccessKey key = key_of("alice");
  const auto who = iam_->lookup(key.id);
  ASSERT_TRUE(who.ok());
  EXPECT_EQ((*who)->secret, key.secret);
  expect(iam_->authorise(**who, "elasticmapreduce:RunJobFlow", "*", {}), "",
         "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: "
         "elasticmapreduce:RunJobFlow on resource: * because no identity-based policy allows the "
         "elasticmapreduce:RunJobFlow action");
  ASSERT_TRUE(iam_->put_inline_policy(Kind::kUser, "alice", "emr", kAllowEmr).ok());
  EXPECT_TRUE(may(key.id, "elasticmapreduce:RunJobFlow"));
  EXPECT_FALSE(may(key.id, "s3:GetObject"));
  make(Kind::kGroup, "readers");
  ASSERT_TRUE(
      iam_->attach(Kind::kGroup, "readers", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess").ok());
  ASSERT_TRUE(iam_->add_to_group("readers", "alice").ok());
  EXPECT_TRUE(may(key.id, "s3:GetObject", "arn:aws:s3:::b/k"));
  EXPECT_FALSE(may(key.id, "s3:PutObject", "arn:aws:s3:::b/k"));
  ASSERT_TRUE(iam_->set_access_key_active("alice", key.id, false).ok());
  EXPECT_FALSE(iam_->lookup(key.id).ok());
}

TEST_F(IamTest, AChangedPolicyIsFeltByTheNextRequest) {
  make(Kind::kUser, "alice");
  const AccessKey key = key_of("alice");
  ManagedPolicy wanted;
  wanted.name = "P";
  const auto policy = iam_->create_policy(wanted, kAllowS3);
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ(policy->arn, "arn:aws:iam::000000000000:policy/P");
  ASSERT_TRUE(iam_->attach(Kind::kUser, "alice", policy->arn).ok());
  EXPECT_TRUE(may(key.id, "s3:GetObject"));
  const auto version = iam_->create_policy_version(policy->arn, kDenyAll, true);
  EXPECT_EQ(version->number, 2);
  EXPECT_FALSE(may(key.id, "s3:GetObject"));
  ASSERT_TRUE(iam_->set_default_version(policy->arn, "v1").ok());
  EXPECT_TRUE(may(key.id, "s3:GetObject"));
}

TEST_F(IamTest, ABoundaryTakesAway) {
  make(Kind::kUser, "alice");
  const AccessKey key = key_of("alice");
  ASSERT_TRUE(
      iam_->attach(Kind::kUser, "alice", "arn:aws:iam::aws:policy/AdministratorAccess").ok());
  EXPECT_TRUE(may(key.id, "iam:CreateUser"));
  EntityChange change;
  change.boundary = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
  ASSERT_TRUE(iam_->update(Kind::kUser, "alice", change).ok());
  EXPECT_FALSE(may(key.id, "iam:CreateUser"));
  EXPECT_TRUE(may(key.id, "s3:GetObject"));
}

TEST_F(IamTest, TemporaryCredentialsEndAndDieWithTheirRole) {
  const auto session = iam_->mint_session("EMR_EC2_DefaultRole", "i-1", hours(1));
  ASSERT_TRUE(session.ok()) << session.error().message;
  EXPECT_TRUE(session->access_key_id.starts_with("ASIA"));
  const auto who = iam_->lookup(session->access_key_id);
  ASSERT_TRUE(who.ok());
  EXPECT_EQ((*who)->principal_arn,
            "arn:aws:sts::000000000000:assumed-role/EMR_EC2_DefaultRole/i-1");
  EXPECT_TRUE((*who)->principal_id.ends_with(":i-1"));
  EXPECT_EQ((*who)->session_token, session->session_token);
  EXPECT_TRUE(may(session->access_key_id, "s3:PutObject", "arn:aws:s3:::b/k"));
  EXPECT_FALSE(may(session->access_key_id, "iam:CreateUser"));
  reopen();
  EXPECT_TRUE(iam_->lookup(session->access_key_id).ok());
  clock_.advance(hours(1));
  const auto late = iam_->lookup(session->access_key_id);
  ASSERT_TRUE(late.ok());
  EXPECT_EQ((*late)->expires, session->expires);
  expect(iam_->authorise(**late, "s3:GetObject", "*", {}), "ExpiredToken",
         "The security token included in the request is expired");
}

TEST_F(IamTest, ANamesakeOfADeletedRoleInheritsNoSession) {
  make(Kind::kRole, "r");
  const auto session = iam_->mint_session("r", "s", hours(1));
  ASSERT_TRUE(iam_->lookup(session->access_key_id).ok());
  ASSERT_TRUE(iam_->remove(Kind::kRole, "r").ok());
  EXPECT_FALSE(iam_->lookup(session->access_key_id).ok());
  make(Kind::kRole, "r");
  EXPECT_FALSE(iam_->lookup(session->access_key_id).ok());
}

TEST_F(IamTest, SessionPoliciesOnlyTakeAway) {
  const std::vector<std::string> policies = {kAllowEmr};
  const auto session = iam_->mint_session("EMR_EC2_DefaultRole", "s", hours(1), policies);
  ASSERT_TRUE(session.ok());
  EXPECT_FALSE(may(session->access_key_id, "s3:GetObject"));
  EXPECT_TRUE(may(session->access_key_id, "elasticmapreduce:ListSteps"));
  EXPECT_FALSE(may(session->access_key_id, "elasticmapreduce:RunJobFlow"));
}

TEST_F(IamTest, SessionPoliciesAreADocumentAndManagedOnes) {
  const auto found =
      session_policies(*iam_, kAllowEmr, {"arn:aws:iam::aws:policy/AmazonEMRFullAccessPolicy_v2"});
  ASSERT_TRUE(found.ok());
  ASSERT_EQ((*found)->size(), 2u);
  EXPECT_EQ((**found)[0], kAllowEmr);
  EXPECT_NE((**found)[1].find("elasticmapreduce:"), std::string::npos);
  EXPECT_FALSE(session_policies(*iam_, "", {})->has_value()) << "nothing is taken away";
  EXPECT_EQ(session_policies(*iam_, "", {"arn:aws:iam::aws:policy/Nope"}).error().reason,
            "NoSuchEntity");
}

TEST_F(IamTest, PassRoleKnowsTheServiceFromTheRolesTrust) {
  make(Kind::kUser, "alice");
  const AccessKey key = key_of("alice");
  ASSERT_TRUE(
      iam_->attach(Kind::kUser, "alice", "arn:aws:iam::aws:policy/AmazonEMRFullAccessPolicy_v2")
          .ok());
  for (const char* name :
       {"EMR_DefaultRole", "EMR_EC2_DefaultRole", "EMR_AutoScaling_DefaultRole"}) {
    EXPECT_TRUE(may(key.id, "iam:PassRole", std::string("arn:aws:iam::000000000000:role/") + name))
        << name;
  }
  make(Kind::kRole, "EMR_DefaultRole_ec2");  // the name fits the policy, but ec2 is trusted
  EXPECT_FALSE(may(key.id, "iam:PassRole", "arn:aws:iam::000000000000:role/EMR_DefaultRole_ec2"));
}

TEST_F(IamTest, NamesAreUniqueWithoutRegardToCase) {
  make(Kind::kRole, "Etl");
  Entity again;
  again.kind = Kind::kRole;
  again.name = "ETL";
  again.trust = kEc2Trust;
  expect(iam_->create(again), "EntityAlreadyExists", "Role with name ETL already exists.");
}

TEST_F(IamTest, ARoleInUseIsNotDeleted) {
  expect(iam_->remove(Kind::kRole, "EMR_EC2_DefaultRole"), "DeleteConflict",
         "Cannot delete entity, must detach all policies first.");
  ASSERT_TRUE(iam_->detach(Kind::kRole, "EMR_EC2_DefaultRole", kEc2Policy).ok());
  ASSERT_TRUE(iam_->put_inline_policy(Kind::kRole, "EMR_EC2_DefaultRole", "x", kAllowS3).ok());
  expect(iam_->remove(Kind::kRole, "EMR_EC2_DefaultRole"), "DeleteConflict",
         "Cannot delete entity, must delete policies first.");
  ASSERT_TRUE(iam_->remove_inline_policy(Kind::kRole, "EMR_EC2_DefaultRole", "x").ok());
  expect(iam_->remove(Kind::kRole, "EMR_EC2_DefaultRole"), "DeleteConflict",
         "Cannot delete entity, must remove roles from instance profile first.");
  expect(iam_->remove_instance_profile("EMR_EC2_DefaultRole"), "DeleteConflict",
         "Cannot delete entity, must remove roles from instance profile first.");
  ASSERT_TRUE(iam_->remove_role("EMR_EC2_DefaultRole", "EMR_EC2_DefaultRole").ok());
  ASSERT_TRUE(iam_->remove(Kind::kRole, "EMR_EC2_DefaultRole").ok());
  ASSERT_TRUE(iam_->remove_instance_profile("EMR_EC2_DefaultRole").ok());
  expect(iam_->instance_profile("EMR_EC2_DefaultRole"), "NoSuchEntity",
         "Instance Profile EMR_EC2_DefaultRole cannot be found.");
}

TEST_F(IamTest, PolicyVersionsAreFiveAtMostAndNumbersAreNotReused) {
  ManagedPolicy wanted;
  wanted.name = "P";
  const std::string arn = iam_->create_policy(wanted, kAllowS3)->arn;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(iam_->create_policy_version(arn, kAllowS3, false).ok());
  expect(iam_->create_policy_version(arn, kAllowS3, false), "LimitExceeded",
         "A managed policy can have up to 5 versions. Before you create a new version, you must "
         "delete an existing version.");
  ASSERT_TRUE(iam_->remove_policy_version(arn, "v5").ok());
  EXPECT_EQ(iam_->create_policy_version(arn, kAllowS3, false)->number, 6);
  expect(iam_->remove_policy_version(arn, "v1"), "DeleteConflict",
         "Cannot delete the default version of a policy.");
  EXPECT_EQ(iam_->remove_policy(arn).error().reason, "DeleteConflict");
  expect(iam_->create_policy(wanted, kAllowS3), "EntityAlreadyExists",
         "A policy called P already exists. Duplicate names are not allowed.");
  EXPECT_EQ(iam_->remove_policy(kEc2Policy).error().reason, "AccessDenied");
}

TEST_F(IamTest, ARenamedUserKeepsItsKeysAndPolicies) {
  make(Kind::kUser, "alice");
  const AccessKey key = key_of("alice");
  ASSERT_TRUE(iam_->put_inline_policy(Kind::kUser, "alice", "s3", kAllowS3).ok());
  EntityChange change;
  change.name = "carol";
  change.path = "/ops/";
  ASSERT_TRUE(iam_->update(Kind::kUser, "alice", change).ok());
  EXPECT_EQ((*iam_->lookup(key.id))->principal_arn, "arn:aws:iam::000000000000:user/ops/carol");
  EXPECT_TRUE(may(key.id, "s3:GetObject"));
  EXPECT_FALSE(iam_->entity(Kind::kUser, "alice").ok());
}

TEST_F(IamTest, LimitsHold) {
  make(Kind::kUser, "alice");
  key_of("alice");
  key_of("alice");
  expect(iam_->create_access_key("alice"), "LimitExceeded",
         "Cannot exceed quota for AccessKeysPerUser: 2");
  expect(iam_->add_role("EMR_EC2_DefaultRole", "EMR_DefaultRole"), "LimitExceeded",
         "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
  const std::string big =
      std::string(kAllowS3, sizeof kAllowS3 - 2) + R"(,"Id":")" + std::string(3000, 'x') + "\"}";
  expect(iam_->put_inline_policy(Kind::kUser, "alice", "big", big), "LimitExceeded",
         "Maximum policy size of 2048 bytes exceeded for user alice");
  EXPECT_TRUE(iam_->inline_policies(Kind::kUser, "alice")->empty());
  EXPECT_EQ(iam_->put_inline_policy(Kind::kUser, "alice", "bad", "{}").error().reason,
            "MalformedPolicyDocument");
}

TEST(ManagedPolicies, AllCanBeReadAndAreFoundByArn) {
  EXPECT_GE(aws_policies().size(), 20u);
  for (const AwsPolicy& policy : aws_policies()) {
    EXPECT_EQ(find_aws_policy(policy.arn), &policy);
    EXPECT_EQ(policy.id.size(), 21u);
    for (const auto& statement : policy.policy->statements) {
      for (const auto& condition : statement.conditions) {
        EXPECT_TRUE(condition.known_operator()) << policy.name;
      }
    }
  }
  EXPECT_EQ(find_aws_policy("arn:aws:iam::aws:policy/Nope"), nullptr);
}

}  // namespace
}  // namespace howdah::store::iam
