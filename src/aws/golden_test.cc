// Requests that botocore made and signed (testdata/make.py), through the whole way in: route,
// verify, decode. And answers, whose texts botocore reads back (make.py --check).

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "aws/chunked_body.h"
#include "aws/codec.h"
#include "aws/errors.h"
#include "aws/services.h"
#include "aws/sigv4.h"
#include "aws/test_request.h"
#include "base/text.h"

namespace howdah::aws {
namespace {

using base::Json;
using base::JsonObject;

Json load(const std::string& name) {
  std::ifstream file(std::string(HOWDAH_AWS_TESTDATA) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  auto parsed = base::parse_json(text.str());
  EXPECT_TRUE(parsed.ok()) << name << ": " << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() ? *parsed : Json(JsonObject());
}

class GoldenRequest : public testing::TestWithParam<size_t> {
 protected:
  static const JsonObject& file() {
    static const Json loaded = load("requests.json");
    return loaded.get_object();
  }
  static const base::JsonArray& all() { return *base::find_array(file(), "requests"); }

  const JsonObject& row() const { return all()[GetParam()].get_object(); }
  base::Time now() const { return base::from_millis(base::int_at(file(), "now")); }

  FindKey keys() const {
    return [this](std::string_view id) -> std::optional<AccessKey> {
      if (id != base::text_at(file(), "key")) return std::nullopt;
      AccessKey key;
      key.secret = base::text_at(file(), "secret");
      key.session_token = base::text_at(row(), "token");
      return key;
    };
  }

  TestRequest request() const {
    TestRequest made(std::string(base::text_at(row(), "method")),
                     std::string(base::text_at(row(), "target")),
                     base::from_base64(base::text_at(row(), "body")).value());
    for (const auto& [name, value] : *base::find_object(row(), "headers")) {
      made.request.headers.add(std::string_view(name), base::view_of(value.get_string()));
    }
    return made;
  }

  // The decoded input; streamed bodies are read into `streamed`.
  base::Result<JsonObject> take(TestRequest& made, std::string& streamed) const {
    http::Request& request = made.request;
    std::string body;
    const bool first = reads_body_first(request);
    if (first) body = TRY(http::read_all(*request.body, kLargestBufferedBody));
    const Route route = TRY(aws::route(request, body));
    if (std::string_view(route.operation->name) != base::text_at(row(), "operation")) {
      return base::internal("routed to " + std::string(std::string_view(route.operation->name)));
    }
    const SigV4 verifier(keys());
    const Identity identity = TRY(verifier.verify(
        request, route, first ? std::optional<std::string_view>(body) : std::nullopt, now()));
    EXPECT_FALSE(identity.anonymous);
    if (!first) {
      auto reader = TRY(open_body(request, identity));
      std::string& into = streams_input(*route.operation) ? streamed : body;
      into = TRY(http::read_all(*reader, kLargestBufferedBody));
    }
    return decode(route, request, body);
  }
};

TEST_P(GoldenRequest, IsRoutedVerifiedAndDecoded) {
  TestRequest made = request();
  std::string streamed;
  auto input = take(made, streamed);
  ASSERT_TRUE(input.ok()) << base::text_at(row(), "name") << ": " << input.error().reason << " "
                          << input.error().message
                          << (input.error().details.empty() ? ""
                                                            : input.error().details.back().second);
  // every member that was asked for; botocore adds some of its own (checksums, encoding-type)
  for (const auto& [name, value] : *base::find_object(row(), "input")) {
    const Json* got = base::find(*input, name);
    ASSERT_TRUE(got) << base::text_at(row(), "name") << ": no " << name;
    EXPECT_EQ(*got, value) << base::text_at(row(), "name") << " " << name;
  }
  if (base::text_at(row(), "name").starts_with("s3 put over tls")) {
    EXPECT_EQ(streamed, "hello, trailer");
  }
}

TEST_P(GoldenRequest, IsRefusedWhenAnyOfItsBytesChanged) {
  auto refused = [this](TestRequest made) {
    std::string streamed;
    return !take(made, streamed).ok();
  };
  TestRequest other = request();
  other.request.headers.set("Host", "elsewhere:4566");
  EXPECT_TRUE(refused(std::move(other)) ||
              base::text_at(row(), "name").find("v2") != std::string::npos);  // v2 signs no host
  std::string body = *base::from_base64(base::text_at(row(), "body"));
  if (!body.empty()) {
    TestRequest changed = request();
    body[body.size() / 2] ^= 1;
    changed.reader.text = body;
    EXPECT_TRUE(refused(std::move(changed)) ||
                base::text_at(row(), "name").find("trailer") != std::string::npos);
  }
}

size_t count_of_requests() {
  return load("requests.json").get_object().at("requests").as_array().size();
}

INSTANTIATE_TEST_SUITE_P(Botocore, GoldenRequest, testing::Range(size_t{0}, count_of_requests()));

struct Response {
  std::string name;
  const Service* service;
  std::string operation;
  std::string members;
};

std::vector<Response> responses() {
  return {
      {"emr timeline", &emr::kService, "DescribeCluster",
       R"({"Cluster":{"Id":"j-1","Name":"a \"b\" <é>","Status":{"State":"WAITING","Timeline":)"
       R"({"CreationDateTime":1433199926597}},"AutoTerminate":false,"NormalizedInstanceHours":8,)"
       R"("Applications":[{"Name":"Spark","Version":"3.5.5"}],"Tags":[],"Configurations":[)"
       R"({"Classification":"spark-defaults","Properties":{"spark.x":"1"}}]}})"},
      {"emr nothing", &emr::kService, "TerminateJobFlows", "{}"},
      {"iam roles", &iam::kService, "ListRoles",
       R"({"Roles":[{"Path":"/","RoleName":"R","RoleId":"AROA1",)"
       R"("Arn":"arn:aws:iam::0:role/R",)"
       R"("CreateDate":1577836800000,"AssumeRolePolicyDocument":"%7B%7D",)"
       R"("MaxSessionDuration":3600,)"
       R"("Tags":[{"Key":"a&b","Value":"<c>"}]}],"IsTruncated":false})"},
      {"iam no roles", &iam::kService, "ListRoles", R"({"Roles":[],"IsTruncated":false})"},
      {"iam map", &iam::kService, "GetAccountSummary", R"({"SummaryMap":{"Users":2,"Roles":5}})"},
      {"iam nothing", &iam::kService, "DeleteRole", "{}"},
      {"sts caller", &sts::kService, "GetCallerIdentity",
       R"({"UserId":"000000000000","Account":"000000000000",)"
       R"("Arn":"arn:aws:iam::000000000000:root"})"},
      {"sts role", &sts::kService, "AssumeRole",
       R"({"Credentials":{"AccessKeyId":"ASIA","SecretAccessKey":"s","SessionToken":"t/+=",)"
       R"("Expiration":1577836800000},)"
       R"("AssumedRoleUser":{"AssumedRoleId":"AROA:s","Arn":"arn:x"}})"},
      {"s3 buckets", &s3::kService, "ListBuckets",
       R"({"Buckets":[{"Name":"b","CreationDate":1577836800000}],"Owner":{"ID":"x"}})"},
      {"s3 list", &s3::kService, "ListObjectsV2",
       R"({"IsTruncated":false,"Contents":[{"Key":"a b",)"
       R"("LastModified":1577836800000,"ETag":"\"e\"",)"
       R"("ChecksumAlgorithm":["CRC32"],"Size":5,"StorageClass":"STANDARD"},)"
       R"({"Key":"c<d>&","Size":0}],)"
       R"("Name":"b","Prefix":"","MaxKeys":1000,"CommonPrefixes":[{"Prefix":"x/"}],"KeyCount":3})"},
      {"s3 head", &s3::kService, "HeadObject",
       R"({"LastModified":1577836800000,"ContentLength":5,"ETag":"\"e\"",)"
       R"("ContentType":"text/plain",)"
       R"("Metadata":{"owner":"me"},"AcceptRanges":"bytes"})"},
      {"s3 upload", &s3::kService, "CreateMultipartUpload",
       R"({"Bucket":"b","Key":"k","UploadId":"u","ChecksumAlgorithm":"CRC32"})"},
      {"s3 copied", &s3::kService, "CopyObject",
       R"({"CopyObjectResult":{"ETag":"\"e\"","LastModified":1577836800000}})"},
      {"s3 location", &s3::kService, "GetBucketLocation", R"({"LocationConstraint":"eu-west-1"})"},
      {"s3 policy", &s3::kService, "GetBucketPolicy", R"({"Policy":"{\"a\":1}"})"},
      {"s3 acl", &s3::kService, "GetBucketAcl",
       R"({"Owner":{"ID":"x"},"Grants":[{"Grantee":{"ID":"x","Type":"CanonicalUser"},)"
       R"("Permission":"FULL_CONTROL"}]})"},
      {"s3 deleted", &s3::kService, "DeleteObjects",
       R"({"Deleted":[{"Key":"a"}],"Errors":[{"Key":"b","Code":"AccessDenied","Message":"no"}]})"},
      {"s3 gone", &s3::kService, "DeleteObject", "{}"},
  };
}

Json row_of(const Response& response) {
  Route route;
  route.face = {response.service->protocol, response.service};
  route.operation = find_operation(*response.service, response.operation);
  EXPECT_TRUE(route.operation) << response.operation;
  Answer answer;
  answer.members = base::parse_json(response.members)->get_object();
  http::Response encoded = encode(route, std::move(answer), "id-1");
  JsonObject headers;
  for (const auto& [name, value] : encoded.headers) headers[name] = value;
  const auto* text = std::get_if<std::string>(&encoded.body);
  return JsonObject{{"name", response.name},
                    {"service", std::string_view(response.service->name)},
                    {"operation", response.operation},
                    {"request_id", "id-1"},
                    {"status", encoded.status},
                    {"headers", headers},
                    {"members", *base::parse_json(response.members)},
                    {"text", text ? *text : ""}};
}

TEST(GoldenResponse, EveryAnswerIsWrittenAsBotocoreReadIt) {
  base::JsonArray rows;
  for (const Response& response : responses()) rows.push_back(row_of(response));
  if (getenv("UPDATE_GOLD")) {
    std::ofstream(std::string(HOWDAH_AWS_TESTDATA) + "/responses.json")
        << base::to_pretty_text(rows);
    GTEST_SKIP() << "written; now run testdata/make.py --check";
  }
  const Json golden = load("responses.json");
  ASSERT_TRUE(golden.is_array());
  ASSERT_EQ(golden.get_array().size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(golden.get_array()[i], rows[i]);
}

}  // namespace
}  // namespace howdah::aws
