#include "iam/evaluate.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace howdah::iam {
namespace {

constexpr char kAlice[] = "arn:aws:iam::000000000000:user/alice";

std::shared_ptr<const Policy> policy(std::string_view text,
                                     DocumentKind kind = DocumentKind::kIdentity) {
  auto parsed = parse_policy(text, kind);
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message) << " in " << text;
  return parsed ? std::make_shared<const Policy>(std::move(*parsed)) : nullptr;
}

Context alice() {
  Context context;
  context.set("aws:username", "alice");
  context.set("aws:SourceIp", "10.1.2.3");
  context.set("aws:SecureTransport", "false");
  context.set("aws:CurrentTime", "2026-01-01T00:00:00Z");
  context.set("s3:max-keys", "10");
  context.set("aws:PrincipalArn", kAlice);
  context.set("aws:TagKeys", std::vector<std::string>{"team", "cost"});
  context.declare_absent("aws:PrincipalTag/");
  context.declare_absent("aws:MultiFactorAuthPresent");
  return context;
}

bool allowed(std::string_view document, std::string_view action, std::string_view resource,
             const Context& context = alice()) {
  PolicySet set;
  set.identity = {policy(document)};
  return evaluate(set, {action, resource, context}).allowed;
}

std::string statement(std::string_view effect, std::string_view rest) {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":")" + std::string(effect) + "\"," +
         std::string(rest) + "}]}";
}

TEST(Evaluate, WhatNothingAllowsIsDenied) {
  const Context context = alice();
  EXPECT_FALSE(evaluate({}, {"s3:GetObject", "*", context}).allowed);
  EXPECT_FALSE(allowed(statement("Allow", R"("Action":"s3:PutObject","Resource":"*")"),
                       "s3:GetObject", "*"));
}

TEST(Evaluate, RootMayDoEverything) {
  PolicySet set;
  set.root = true;
  const Context context;
  EXPECT_TRUE(evaluate(set, {"iam:CreateRole", "*", context}).allowed);
}

TEST(Evaluate, ActionsAndResourcesMatchWithWildcards) {
  const struct {
    const char* action;
    const char* resource;
    const char* asked;
    const char* on;
    bool allowed;
  } kCases[] = {
      {"s3:*", "*", "s3:GetObject", "arn:aws:s3:::b/k", true},
      {"S3:getobject", "*", "s3:GetObject", "arn:aws:s3:::b/k", true},
      {"s3:Get*", "arn:aws:s3:::b/*", "s3:GetObject", "arn:aws:s3:::b/a/b", true},
      {"s3:Get*", "arn:aws:s3:::b/*", "s3:GetObject", "arn:aws:s3:::b", false},
      {"s3:Get?bject", "arn:aws:s3:::B/*", "s3:GetObject", "arn:aws:s3:::b/k", false},
      {"s3:Get?bject", "arn:aws:s3:::b/?", "s3:GetObject", "arn:aws:s3:::b/k", true},
      {"*", "*", "elasticmapreduce:RunJobFlow", "*", true},
      {"s3:*", "arn:aws:s3:::*a*b*c", "s3:X", "arn:aws:s3:::xaxbbxcc", true},
      {"s3:*", "arn:aws:s3:::*a*b*c", "s3:X", "arn:aws:s3:::xaxbbxcd", false},
  };
  for (const auto& c : kCases) {
    const std::string rest =
        std::string(R"("Action":")") + c.action + R"(","Resource":")" + c.resource + "\"";
    EXPECT_EQ(allowed(statement("Allow", rest), c.asked, c.on), c.allowed)
        << c.action << " " << c.resource;
  }
}

TEST(Evaluate, NotActionAndNotResourceMeanEverythingElse) {
  const auto all_but_iam = statement("Allow", R"("NotAction":"iam:*","Resource":"*")");
  EXPECT_TRUE(allowed(all_but_iam, "s3:GetObject", "*"));
  EXPECT_FALSE(allowed(all_but_iam, "iam:CreateUser", "*"));
  const auto elsewhere =
      statement("Allow", R"("Action":"s3:*","NotResource":["arn:aws:s3:::secret/*"])");
  EXPECT_TRUE(allowed(elsewhere, "s3:GetObject", "arn:aws:s3:::open/k"));
  EXPECT_FALSE(allowed(elsewhere, "s3:GetObject", "arn:aws:s3:::secret/k"));
}

TEST(Evaluate, AnExplicitDenyWinsAndIsNamed) {
  PolicySet set;
  set.identity = {policy(statement("Allow", R"("Action":"*","Resource":"*")")),
                  policy(statement("Deny", R"("Action":"s3:Delete*","Resource":"*")"))};
  const Context context = alice();
  EXPECT_TRUE(evaluate(set, {"s3:GetObject", "*", context}).allowed);
  const Request request{"s3:DeleteObject", "arn:aws:s3:::b/k", context};
  const Decision decision = evaluate(set, request);
  EXPECT_TRUE(decision.explicit_deny);
  EXPECT_EQ(denial(kAlice, request, decision).message,
            "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: "
            "s3:DeleteObject on resource: arn:aws:s3:::b/k with an explicit deny in an "
            "identity-based policy");
}

TEST(Evaluate, ADenialIsWordedAsAwsDoes) {
  const Context context = alice();
  const Request request{"elasticmapreduce:RunJobFlow", "*", context};
  const base::Error error = denial(kAlice, request, evaluate({}, request));
  EXPECT_EQ(error.reason, "");  // the protocol names it
  EXPECT_EQ(error.code, base::Code::kPermissionDenied);
  EXPECT_EQ(error.message,
            "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: "
            "elasticmapreduce:RunJobFlow on resource: * because no identity-based policy allows "
            "the elasticmapreduce:RunJobFlow action");
}

TEST(Evaluate, BoundariesAndSessionPoliciesOnlyTakeAway) {
  const Context context = alice();
  PolicySet set;
  set.identity = {policy(statement("Allow", R"("Action":["s3:*","iam:*"],"Resource":"*")"))};
  set.boundary = policy(statement("Allow", R"("Action":["s3:*","ec2:*"],"Resource":"*")"));
  EXPECT_TRUE(evaluate(set, {"s3:GetObject", "*", context}).allowed);
  EXPECT_EQ(evaluate(set, {"iam:GetRole", "*", context}).source, Source::kBoundary);
  EXPECT_FALSE(evaluate(set, {"ec2:RunInstances", "*", context}).allowed);
  set.has_session = true;
  EXPECT_EQ(evaluate(set, {"s3:GetObject", "*", context}).source, Source::kSession);
  set.session = {policy(statement("Allow", R"("Action":"s3:Get*","Resource":"*")"))};
  EXPECT_TRUE(evaluate(set, {"s3:GetObject", "*", context}).allowed);
  EXPECT_FALSE(evaluate(set, {"s3:PutObject", "*", context}).allowed);
}

TEST(Evaluate, VariablesBringLiteralTextOnlyInTheNewVersion) {
  const std::string rest = R"("Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*")";
  EXPECT_TRUE(allowed(statement("Allow", rest), "s3:GetObject", "arn:aws:s3:::home/alice/x"));
  EXPECT_FALSE(allowed(statement("Allow", rest), "s3:GetObject", "arn:aws:s3:::home/bob/x"));
  Context star = alice();
  star.set("aws:username", "*");
  EXPECT_FALSE(allowed(statement("Allow", rest), "s3:GetObject", "arn:aws:s3:::home/bob/x", star));
  const std::string old = R"({"Version":"2008-10-17","Statement":{"Effect":"Allow",)" + rest + "}}";
  EXPECT_FALSE(allowed(old, "s3:GetObject", "arn:aws:s3:::home/alice/x"));
  EXPECT_TRUE(allowed(old, "s3:GetObject", "arn:aws:s3:::home/${aws:username}/x"));
}

TEST(Evaluate, AVariableWithoutAValueNeverAllows) {
  Context role = alice();
  role.declare_absent("aws:username");
  for (const char* element : {"Resource", "NotResource"}) {
    const std::string rest =
        std::string(R"("Action":"s3:*",")") + element + R"(":"arn:aws:s3:::${aws:username}/*")";
    EXPECT_FALSE(allowed(statement("Allow", rest), "s3:GetObject", "arn:aws:s3:::b/k", role));
  }
  const std::string fallback =
      R"("Action":"s3:*","Resource":"arn:aws:s3:::${aws:PrincipalTag/team, 'open'}/*")";
  EXPECT_TRUE(allowed(statement("Allow", fallback), "s3:GetObject", "arn:aws:s3:::open/k", role));
}

TEST(Evaluate, ConditionsAreAskedOfTheContext) {
  const struct {
    const char* condition;
    Match holds;
  } kCases[] = {
      {R"({"StringEquals":{"aws:username":"alice"}})", Match::kYes},
      {R"({"StringEquals":{"AWS:UserName":["bob","alice"]}})", Match::kYes},
      {R"({"StringEquals":{"aws:username":"ALICE"}})", Match::kNo},
      {R"({"StringEqualsIgnoreCase":{"aws:username":"ALICE"}})", Match::kYes},
      {R"({"StringNotEquals":{"aws:username":["bob","carol"]}})", Match::kYes},
      {R"({"StringNotEquals":{"aws:username":["bob","alice"]}})", Match::kNo},
      {R"({"StringLike":{"aws:username":"al*"}})", Match::kYes},
      {R"({"StringNotLike":{"aws:username":"al*"}})", Match::kNo},
      {R"({"StringEquals":{"aws:PrincipalTag/team":"x"}})", Match::kNo},
      {R"({"StringNotEquals":{"aws:PrincipalTag/team":"x"}})", Match::kYes},
      {R"({"StringEqualsIfExists":{"aws:PrincipalTag/team":"x"}})", Match::kYes},
      {R"({"StringEqualsIfExists":{"aws:username":"bob"}})", Match::kNo},
      {R"({"Bool":{"aws:SecureTransport":"false"}})", Match::kYes},
      {R"({"Bool":{"aws:SecureTransport":true}})", Match::kNo},
      {R"({"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}})", Match::kYes},
      {R"({"Null":{"aws:MultiFactorAuthPresent":"true"}})", Match::kYes},
      {R"({"Null":{"aws:username":"true"}})", Match::kNo},
      {R"({"NumericLessThanEquals":{"s3:max-keys":"10"}})", Match::kYes},
      {R"({"NumericLessThan":{"s3:max-keys":10}})", Match::kNo},
      {R"({"NumericNotEquals":{"s3:max-keys":"11"}})", Match::kYes},
      {R"({"NumericEquals":{"s3:max-keys":"ten"}})", Match::kUnknown},
      {R"({"DateGreaterThan":{"aws:CurrentTime":"2025-12-31T23:59:59Z"}})", Match::kYes},
      {R"({"DateLessThan":{"aws:CurrentTime":"2025-12-31"}})", Match::kNo},
      {R"({"IpAddress":{"aws:SourceIp":["192.168.0.0/16","10.0.0.0/8"]}})", Match::kYes},
      {R"({"NotIpAddress":{"aws:SourceIp":"10.1.2.0/24"}})", Match::kNo},
      {R"({"IpAddress":{"aws:SourceIp":"10.1.2.3/31"}})", Match::kYes},
      {R"({"IpAddress":{"aws:SourceIp":"::/0"}})", Match::kNo},
      {R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}})", Match::kUnknown},
      {R"({"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/al*"}})", Match::kYes},
      {R"({"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}})", Match::kNo},
      {R"({"ArnLike":{"aws:PrincipalArn":"arn:*:user/alice"}})", Match::kNo},
      {R"({"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}})", Match::kYes},
      {R"({"ForAllValues:StringEquals":{"aws:TagKeys":["team","cost","x"]}})", Match::kYes},
      {R"({"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}})", Match::kNo},
      {R"({"ForAnyValue:StringEquals":{"aws:TagKeys":["cost"]}})", Match::kYes},
      {R"({"ForAnyValue:StringEquals":{"aws:PrincipalTag/x":["cost"]}})", Match::kNo},
      {R"({"StringEquals":{"aws:username":"${aws:username}"}})", Match::kYes},
      {R"({"StringNotEquals":{"aws:username":"${aws:PrincipalTag/x}"}})", Match::kUnknown},
      {R"({"StringMatches":{"aws:username":"alice"}})", Match::kUnknown},
      {R"({"StringEquals":{"aws:Moonphase":"full"}})", Match::kUnknown},
      {R"({"StringNotEqualsIfExists":{"aws:Moonphase":"full"}})", Match::kUnknown},
  };
  for (const auto& c : kCases) {
    const std::string rest =
        std::string(R"("Action":"s3:*","Resource":"*","Condition":)") + c.condition;
    EXPECT_EQ(allowed(statement("Allow", rest), "s3:GetObject", "*"), c.holds == Match::kYes)
        << "Allow if " << c.condition;
    PolicySet set;
    set.identity = {policy(statement("Allow", R"("Action":"*","Resource":"*")")),
                    policy(statement("Deny", rest))};
    const Context context = alice();
    EXPECT_EQ(evaluate(set, {"s3:GetObject", "*", context}).allowed, c.holds == Match::kNo)
        << "Deny if " << c.condition;
  }
}

std::string trust_document(std::string_view principal) {
  return R"({"Version":"2008-10-17","Statement":[{"Sid":"","Effect":"Allow","Principal":)" +
         std::string(principal) + R"(,"Action":"sts:AssumeRole"}]})";
}

TEST(Trust, TellsTheCallerFromItsAccount) {
  const Context context;
  const Request assume{"sts:AssumeRole", "arn:aws:iam::000000000000:role/r", context};
  const Caller user{kAlice, "", "000000000000", ""};
  const Caller session{"arn:aws:sts::000000000000:assumed-role/r/s",
                       "arn:aws:iam::000000000000:role/r", "000000000000", ""};
  const Caller service{"", "", "", "ec2.amazonaws.com"};
  const struct {
    const char* principal;
    Trust user, session, service;
  } kCases[] = {
      {R"({"AWS":"arn:aws:iam::000000000000:user/alice"})", Trust::kPrincipal, Trust::kNone,
       Trust::kNone},
      {R"({"AWS":["000000000000"]})", Trust::kAccount, Trust::kAccount, Trust::kNone},
      {R"({"AWS":"arn:aws:iam::000000000000:root"})", Trust::kAccount, Trust::kAccount,
       Trust::kNone},
      {R"({"AWS":"arn:aws:iam::000000000000:role/r"})", Trust::kNone, Trust::kPrincipal,
       Trust::kNone},
      {R"({"Service":["ec2.amazonaws.com","x.amazonaws.com"]})", Trust::kNone, Trust::kNone,
       Trust::kPrincipal},
      {R"("*")", Trust::kPrincipal, Trust::kPrincipal, Trust::kPrincipal},
      {R"({"AWS":"111111111111"})", Trust::kNone, Trust::kNone, Trust::kNone},
  };
  for (const auto& c : kCases) {
    const auto document = policy(trust_document(c.principal), DocumentKind::kTrust);
    EXPECT_EQ(evaluate_trust(*document, user, assume), c.user) << c.principal;
    EXPECT_EQ(evaluate_trust(*document, session, assume), c.session) << c.principal;
    EXPECT_EQ(evaluate_trust(*document, service, assume), c.service) << c.principal;
  }
}

// --- properties ---------------------------------------------------------------------------------

template <typename T>
T pick(std::initializer_list<T> from) {
  return *rc::gen::elementOf(std::vector<T>(from));
}

// A random statement over a small world, so that statements often meet the same request.
std::string random_statement() {
  std::string out = R"({"Effect":")" + std::string(pick({"Allow", "Allow", "Deny"})) + "\",\"";
  out += pick({"Action", "Action", "NotAction"});
  out += R"(":")" + std::string(pick({"*", "s3:*", "s3:Get*", "iam:*", "s3:PutObject"}));
  out += "\",\"" + std::string(pick({"Resource", "Resource", "NotResource"})) + R"(":")";
  out += pick({"*", "arn:aws:s3:::b/*", "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::c/k"});
  out += '"';
  out += pick({"", R"(,"Condition":{"StringEquals":{"aws:username":"alice"}})",
               R"(,"Condition":{"StringEquals":{"no:such":"key"}})",
               R"(,"Condition":{"Bool":{"aws:SecureTransport":"true"}})"});
  return out + "}";
}

std::shared_ptr<const Policy> random_policy() {
  std::string statements = random_statement();
  for (int more = *rc::gen::inRange(0, 3); more > 0; --more) statements += "," + random_statement();
  return policy(R"({"Version":"2012-10-17","Statement":[)" + statements + "]}");
}

PolicySet random_set() {
  PolicySet set;
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) set.identity.push_back(random_policy());
  return set;
}

bool random_request_allowed(const PolicySet& set, const std::pair<std::string, std::string>& what) {
  const Context context = alice();
  return evaluate(set, {what.first, what.second, context}).allowed;
}

std::pair<std::string, std::string> random_request() {
  return {pick({"s3:GetObject", "s3:PutObject", "iam:GetRole"}),
          pick({"*", "arn:aws:s3:::b/k", "arn:aws:s3:::c/k", "arn:aws:s3:::alice/k"})};
}

TEST(EvaluateProperties, AddingADenyNeverAllowsMore) {
  EXPECT_TRUE(rc::check([] {
    PolicySet set = random_set();
    const auto what = random_request();
    const bool before = random_request_allowed(set, what);
    Policy extra = *random_policy();
    for (Statement& one : extra.statements) one.allow = false;
    set.identity.push_back(std::make_shared<const Policy>(std::move(extra)));
    RC_ASSERT(before || !random_request_allowed(set, what));
  }));
}

TEST(EvaluateProperties, AddingAnAllowNeverAllowsLess) {
  EXPECT_TRUE(rc::check([] {
    PolicySet set = random_set();
    const auto what = random_request();
    const bool before = random_request_allowed(set, what);
    Policy extra = *random_policy();
    for (Statement& one : extra.statements) one.allow = true;
    set.identity.push_back(std::make_shared<const Policy>(std::move(extra)));
    RC_ASSERT(!before || random_request_allowed(set, what));
  }));
}

TEST(EvaluateProperties, TheOrderOfPoliciesAndStatementsDoesNotMatter) {
  EXPECT_TRUE(rc::check([] {
    PolicySet set = random_set();
    const auto what = random_request();
    const bool before = random_request_allowed(set, what);
    std::reverse(set.identity.begin(), set.identity.end());
    for (auto& one : set.identity) {
      Policy turned = *one;
      std::reverse(turned.statements.begin(), turned.statements.end());
      one = std::make_shared<const Policy>(std::move(turned));
    }
    RC_ASSERT(before == random_request_allowed(set, what));
  }));
}

TEST(EvaluateProperties, BoundariesAndSessionsNeverAllowMore) {
  EXPECT_TRUE(rc::check([] {
    PolicySet set = random_set();
    const auto what = random_request();
    const bool before = random_request_allowed(set, what);
    if (*rc::gen::arbitrary<bool>()) set.boundary = random_policy();
    set.has_session = *rc::gen::arbitrary<bool>();
    if (set.has_session) set.session = {random_policy()};
    RC_ASSERT(before || !random_request_allowed(set, what));
  }));
}

TEST(EvaluateProperties, KnowingLessNeverAllowsMore) {
  EXPECT_TRUE(rc::check([] {
    const PolicySet set = random_set();
    const auto what = random_request();
    const Context nothing;
    const bool blind = evaluate(set, {what.first, what.second, nothing}).allowed;
    RC_ASSERT(!blind || random_request_allowed(set, what));
  }));
}

}  // namespace
}  // namespace howdah::iam
