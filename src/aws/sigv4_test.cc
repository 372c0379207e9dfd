#include "aws/sigv4.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "aws/services.h"
#include "aws/sigv4_parse.h"
#include "aws/test_request.h"
#include "base/digest.h"

namespace howdah::aws {
namespace {

const base::Time kNow = base::from_millis(1769860800000);  // 2026-01-31T12:00:00Z

std::optional<AccessKey> known(std::string_view id) {
  if (id == "AK") {
    AccessKey key;
    key.secret = "secret";
    return key;
  }
  if (id == "ASIA") {
    AccessKey key;
    key.secret = "other";
    key.session_token = "token";
    key.expires = kNow + std::chrono::hours(1);
    return key;
  }
  return std::nullopt;
}

TestRequest made_by(std::string service, std::string id, std::string secret, std::string token,
                    base::Time at, std::string method = "POST", std::string target = "/") {
  TestRequest made(std::move(method), std::move(target), "");
  made.request.headers.add("Host", "localhost:4566");
  if (service == "elasticmapreduce") {
    made.request.headers.add("X-Amz-Target", "ElasticMapReduce.ListClusters");
  } else if (service != "s3") {
    made.request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  }
  sign({id, secret, token, "us-east-1", service}, base::sha256_hex("body"), at, made.request);
  return made;
}

base::Result<Identity> verify(const http::Request& request, base::Time now = kNow,
                              std::string_view body = "body") {
  static const SigV4 verifier(known);
  Route route;
  route.face = face_of(request, "Action=X&Version=2011-06-15");
  return verifier.verify(request, route, body, now);
}

std::string reason(const base::Result<Identity>& result) {
  return result.ok() ? "ok" : result.error().reason;
}

struct Names {
  std::string service, bad_key, mismatch, skew, expired, token;
};

TEST(SigV4, EachProtocolRefusesInItsOwnWords) {
  for (const Names& names : std::vector<Names>{
           {"s3", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed",
            "ExpiredToken", "InvalidToken"},
           {"elasticmapreduce", "UnrecognizedClientException", "InvalidSignatureException",
            "InvalidSignatureException", "ExpiredTokenException", "UnrecognizedClientException"},
           {"iam", "InvalidClientTokenId", "SignatureDoesNotMatch", "SignatureDoesNotMatch",
            "ExpiredToken", "InvalidClientTokenId"}}) {
    const auto& s = names.service;
    const auto ten = std::chrono::minutes(10);
    EXPECT_EQ(reason(verify(made_by(s, "AK", "secret", "", kNow).request)), "ok");
    EXPECT_EQ(reason(verify(made_by(s, "AK", "secret", "", kNow - ten).request)), "ok");
    EXPECT_EQ(reason(verify(made_by(s, "ASIA", "other", "token", kNow).request)), "ok");
    EXPECT_EQ(reason(verify(made_by(s, "NO", "secret", "", kNow).request)), names.bad_key);
    EXPECT_EQ(reason(verify(made_by(s, "AK", "wrong", "", kNow).request)), names.mismatch);
    EXPECT_EQ(reason(verify(made_by(s, "AK", "secret", "", kNow - 2 * ten).request)), names.skew);
    EXPECT_EQ(reason(verify(made_by(s, "AK", "secret", "", kNow + 2 * ten).request)), names.skew);
    EXPECT_EQ(reason(verify(made_by(s, "ASIA", "other", "stolen", kNow).request)), names.token);
    EXPECT_EQ(reason(verify(made_by(s, "ASIA", "other", "", kNow).request)), names.token);
    const auto later = kNow + std::chrono::hours(2);
    EXPECT_EQ(reason(verify(made_by(s, "ASIA", "other", "token", later).request, later)),
              names.expired);
  }
}

TEST(SigV4, ASignatureForAnotherServiceIsNoGood) {
  TestRequest made = made_by("iam", "AK", "secret", "", kNow);
  made.request.headers.set("X-Amz-Target", "ElasticMapReduce.ListClusters");
  EXPECT_EQ(reason(verify(made.request)), "InvalidSignatureException");
}

TEST(SigV4, TheBodyIsPartOfTheSignature) {
  EXPECT_EQ(
      reason(verify(made_by("elasticmapreduce", "AK", "secret", "", kNow).request, kNow, "bodY")),
      "InvalidSignatureException");
  EXPECT_EQ(reason(verify(made_by("s3", "AK", "secret", "", kNow).request, kNow, "bodY")),
            "XAmzContentSHA256Mismatch");
}

TEST(SigV4, WithoutASignatureOnlyS3AndWhatAsksForNoneGoesOn) {
  TestRequest get("GET", "/b/k", "");
  auto identity = verify(get.request);
  ASSERT_TRUE(identity.ok());
  EXPECT_TRUE(identity->anonymous);
  TestRequest emr("POST", "/", "");
  emr.request.headers.add("X-Amz-Target", "ElasticMapReduce.ListClusters");
  EXPECT_EQ(reason(verify(emr.request)), "MissingAuthenticationTokenException");
  Route route;
  route.face = {Protocol::kQuery, &sts::kService};
  route.operation = find_operation(sts::kService, "AssumeRoleWithWebIdentity");
  EXPECT_TRUE(SigV4(known).verify(emr.request, route, "", kNow).ok());
  route.operation = find_operation(sts::kService, "GetCallerIdentity");
  EXPECT_EQ(reason(SigV4(known).verify(emr.request, route, "", kNow)),
            "MissingAuthenticationToken");
}

TEST(SigV4, WhatCannotBeReadIsRefusedByName) {
  const auto with = [](std::string authorization) {
    TestRequest made("GET", "/b", "");
    made.request.headers.add("Authorization", authorization);
    return reason(verify(made.request));
  };
  EXPECT_EQ(with("AWS AK:x"), "InvalidRequest");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential=AK/1/2"), "AuthorizationHeaderMalformed");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential=AK/20260131/r/s3/aws4_request, Signature=0"),
            "AuthorizationHeaderMalformed");
  TestRequest made("GET", "/b?X-Amz-Algorithm=AWS4-HMAC-SHA256", "");
  EXPECT_EQ(reason(verify(made.request)), "AuthorizationQueryParametersError");
}

TEST(SigV4, EveryAmzHeaderOfAnS3RequestMustBeSigned) {
  TestRequest made = made_by("s3", "AK", "secret", "", kNow);
  made.request.headers.add("x-amz-acl", "public-read");
  EXPECT_EQ(reason(verify(made.request)), "AccessDenied");
}

std::string presigned(std::string_view query, base::Time now, std::string method = "GET") {
  TestRequest made(std::move(method), "/b/a%20b?" + std::string(query), "");
  made.request.headers.add("Host", "localhost:4566");
  Route route;
  route.face = {Protocol::kRestXml, &s3::kService};
  return reason(SigV4(known).verify(made.request, route, std::nullopt, now));
}

TEST(SigV4, APresignedUrlIsGoodForItsMethodUntilItExpires) {
  TestRequest made("GET", "/b/a%20b?versionId=1", "");
  made.request.headers.add("Host", "localhost:4566");
  const std::string query =
      presign({"AK", "secret", "", "us-east-1", "s3"}, 60, kNow, made.request);
  EXPECT_EQ(presigned(query, kNow), "ok");
  EXPECT_EQ(presigned(query, kNow + std::chrono::seconds(60)), "ok");
  EXPECT_EQ(presigned(query, kNow + std::chrono::seconds(61)), "AccessDenied");
  EXPECT_EQ(presigned(query, kNow - std::chrono::minutes(16)), "AccessDenied");
  EXPECT_EQ(presigned(query, kNow, "PUT"), "SignatureDoesNotMatch");
  EXPECT_EQ(presigned("a=b&" + query, kNow), "SignatureDoesNotMatch");
  EXPECT_EQ(presigned(query + "0", kNow), "SignatureDoesNotMatch");
}

TEST(SigV4, EmrAndIamAcceptNoSignatureInTheQuery) {
  TestRequest made("POST", "/", "");
  made.request.headers.add("Host", "localhost:4566");
  made.request.query = presign({"AK", "secret", "", "us-east-1", "iam"}, 60, kNow, made.request);
  Route route;
  route.face = {Protocol::kQuery, &iam::kService};
  EXPECT_EQ(reason(SigV4(known).verify(made.request, route, "", kNow)),
            "MissingAuthenticationToken");
}

TEST(SigV4, AChangedSecretIsUsedAtOnce) {
  std::string secret = "one";
  const SigV4 verifier([&](std::string_view) {
    AccessKey key;
    key.secret = secret;
    return std::optional(key);
  });
  Route route;
  route.face = {Protocol::kRestXml, &s3::kService};
  const TestRequest first = made_by("s3", "AK", "one", "", kNow),
                    second = made_by("s3", "AK", "two", "", kNow);
  EXPECT_TRUE(verifier.verify(first.request, route, std::nullopt, kNow).ok());
  secret = "two";
  EXPECT_FALSE(verifier.verify(first.request, route, std::nullopt, kNow).ok());
  EXPECT_TRUE(verifier.verify(second.request, route, std::nullopt, kNow).ok());
}

TEST(SigV4, NoErrorTellsASecret) {
  auto refused = verify(made_by("s3", "AK", "secret-guess", "", kNow).request);
  ASSERT_FALSE(refused.ok());
  for (const auto& [name, value] : refused.error().details) {
    EXPECT_EQ(value.find("secret"), std::string::npos) << name;
  }
}

RC_GTEST_PROP(SigV4, WhatWeSignWeVerifyWhateverThePathQueryAndHeaders, ()) {
  const auto path =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("abZ09-_.~/%20+")));
  const auto query = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab=&%2F+~")));
  for (const std::string service : {"s3", "elasticmapreduce"}) {
    TestRequest made =
        made_by(service, "AK", "secret", "", kNow, "PUT", "/b/" + path + "?" + query);
    RC_ASSERT(reason(verify(made.request)) == "ok");
    made.request.path += 'x';
    RC_ASSERT(reason(verify(made.request)) != "ok");
  }
}

TEST(SigV4, AmzDatesGoBothWays) {
  EXPECT_EQ(to_amz_date(kNow), "20260131T120000Z");
  EXPECT_EQ(parse_amz_date("20260131T120000Z"), kNow);
  for (const char* text :
       {"", "20260131", "20260131T120000", "20261331T120000Z", "2026013 T120000Z"}) {
    EXPECT_EQ(parse_amz_date(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace howdah::aws
