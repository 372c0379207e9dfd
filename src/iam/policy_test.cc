#include "iam/policy.h"

#include <gtest/gtest.h>

#include <random>

#include "iam/policy_fuzz.cc"

namespace howdah::iam {
namespace {

constexpr char kGood[] =
    R"({"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"A1","Effect":"Allow","Action":[)"
    R"("s3:*","iam:PassRole"],"Resource":["*","arn:aws:s3:::b/${aws:username}/*"],"Condition":)"
    R"({"StringLike":{"aws:username":["a*","b"]},"Bool":{"aws:SecureTransport":true}}}]})";
constexpr char kTrustGood[] =
    R"({"Version":"2008-10-17","Statement":[{"Sid":"","Effect":"Allow","Principal":{"Service":)"
    R"(["elasticmapreduce.amazonaws.com","application-autoscaling.amazonaws.com"]},)"
    R"("Action":"sts:AssumeRole"}]})";

TEST(ParsePolicy, TakesBothVersionsAndDocumentsOfEveryKind) {
  const auto identity = parse_policy(kGood, DocumentKind::kIdentity);
  ASSERT_TRUE(identity.ok()) << identity.error().message;
  EXPECT_EQ(identity->statements.at(0).sid, "A1");
  EXPECT_EQ(identity->statements.at(0).conditions.size(), 2u);
  const auto trust = parse_policy(kTrustGood, DocumentKind::kTrust);
  ASSERT_TRUE(trust.ok()) << trust.error().message;
  EXPECT_EQ(trust->version, "2008-10-17");
  EXPECT_EQ(trust->statements.at(0).principals.services.size(), 2u);
}

TEST(ParsePolicy, RefusesWithAReasonThatNamesTheFault) {
  const struct {
    DocumentKind kind;
    const char* text;
    const char* message;
  } kCases[] = {
      {DocumentKind::kIdentity, "{", "This policy contains invalid Json"},
      {DocumentKind::kIdentity, "[]", "The document is not a JSON object."},
      {DocumentKind::kIdentity, R"({"Version":"2012-10-17"})", "The element Statement is missing."},
      {DocumentKind::kIdentity, R"({"Version":"2012-10-17","Statement":[]})", "not empty"},
      {DocumentKind::kIdentity, R"({"Version":"2020-01-01","Statement":[]})",
       "The Version must be 2012-10-17 or 2008-10-17."},
      {DocumentKind::kIdentity, R"({"Statment":[]})", "unknown element Statment"},
      {DocumentKind::kIdentity, R"({"Statement":{"Efect":"Allow"}})", "unknown element Efect"},
      {DocumentKind::kIdentity, R"({"Statement":{"Effect":"allow"}})",
       "The Effect of statement 1 must be Allow or Deny."},
      {DocumentKind::kIdentity, R"({"Statement":{"Effect":"Allow","Resource":"*"}})",
       "Policy statement must contain actions."},
      {DocumentKind::kIdentity, R"({"Statement":{"Effect":"Allow","Action":"s3:*"}})",
       "Policy statement must contain resources."},
      {DocumentKind::kIdentity,
       R"({"Statement":{"Effect":"Allow","Action":"GetObject","Resource":"*"}})",
       "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
      {DocumentKind::kIdentity,
       R"({"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}})",
       "Resource bucket must be in ARN format or \"*\"."},
      {DocumentKind::kIdentity,
       R"({"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:ows:s3:::b"}})",
       "Partition \"ows\" is not valid for resource \"arn:ows:s3:::b\"."},
      {DocumentKind::kIdentity,
       R"({"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}})",
       "Policy document should not specify a principal."},
      {DocumentKind::kIdentity,
       R"({"Statement":{"Effect":"Allow","Action":"s3:*","NotAction":"s3:*","Resource":"*"}})",
       "Statement 1 has both Action and NotAction."},
      {DocumentKind::kIdentity,
       R"({"Statement":{"Sid":"a b","Effect":"Allow","Action":"s3:*","Resource":"*"}})",
       "Statement IDs (SID) must be alpha-numeric."},
      {DocumentKind::kIdentity,
       R"({"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":1}}})",
       "The condition Bool of statement 1 is not an object."},
      {DocumentKind::kTrust, R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}})",
       "Missing required field Principal"},
      {DocumentKind::kTrust,
       R"({"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}})",
       "AssumeRole policy may only specify STS AssumeRole actions."},
      {DocumentKind::kTrust,
       R"({"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:*","Resource":"*"}})",
       "Has prohibited field Resource"},
      {DocumentKind::kTrust,
       R"({"Statement":{"Effect":"Allow","Principal":{"AWS":"bob"},"Action":"sts:AssumeRole"}})",
       "Invalid principal in policy: \"AWS\":\"bob\""},
  };
  for (const auto& c : kCases) {
    const auto parsed = parse_policy(c.text, c.kind);
    ASSERT_FALSE(parsed.ok()) << c.text;
    EXPECT_EQ(parsed.error().reason, "MalformedPolicyDocument");
    EXPECT_NE(parsed.error().message.find(c.message), std::string::npos)
        << parsed.error().message << " for " << c.text;
  }
}

TEST(ParsePolicy, SurvivesMutatedDocuments) {
  std::mt19937 random(20260101);
  for (const std::string& seed : {std::string(kGood), std::string(kTrustGood)}) {
    for (int round = 0; round < 4000; ++round) {
      std::string text = seed;
      for (int edits = 1 + static_cast<int>(random() % 4); edits > 0 && !text.empty(); --edits) {
        const size_t at = random() % text.size();
        switch (random() % 4) {
          case 0:
            text[at] = static_cast<char>(random());
            break;
          case 1:
            text.erase(at, 1 + random() % 8);
            break;
          case 2:
            text.insert(at, text.substr(random() % text.size(), random() % 24));
            break;
          case 3:
            text[at] = "{}[]\",:*?$"[random() % 10];
            break;
        }
      }
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    }
  }
}

}  // namespace
}  // namespace howdah::iam
