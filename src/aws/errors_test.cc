#include "aws/errors.h"

#include <gtest/gtest.h>

#include "aws/services.h"
#include "aws/test_request.h"

namespace howdah::aws {
namespace {

const Face kEmr{Protocol::kJson11, &emr::kService};
const Face kIam{Protocol::kQuery, &iam::kService};
const Face kS3{Protocol::kRestXml, &s3::kService};

base::Error error(std::string reason, std::string message = "m") {
  return {base::Code::kInvalidArgument, std::move(message), std::move(reason), {}};
}

std::string text_of(const http::Response& response) { return std::get<std::string>(response.body); }

TEST(Errors, JsonNamesTheTypeAndBothSpellingsOfTheMessage) {
  base::Error no_cluster = error("InvalidRequestException", "Cluster id 'j-NOPE' is not valid.");
  no_cluster.details = {{"ErrorCode", "NoSuchCluster"}};
  const auto response =
      encode_error(kEmr, no_cluster, "id-1", TestRequest("POST", "/", "").request);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.value_or("x-amzn-RequestId", ""), "id-1");
  EXPECT_EQ(response.headers.value_or("Content-Type", ""), "application/x-amz-json-1.1");
  EXPECT_EQ(text_of(response), R"({"__type":"InvalidRequestException","ErrorCode":"NoSuchCluster",)"
                               R"("message":"Cluster id 'j-NOPE' is not valid.",)"
                               R"("Message":"Cluster id 'j-NOPE' is not valid."})");
  EXPECT_EQ(text_of(encode_error(kEmr, error("UnknownOperationException", ""), "i",
                                 TestRequest("POST", "/", "").request)),
            R"({"__type":"UnknownOperationException"})");
}

TEST(Errors, QueryWrapsCodeAndRequestId) {
  const auto response = encode_error(kIam, error("NoSuchEntity", "The role <x> cannot be found."),
                                     "id-1", TestRequest("POST", "/", "").request);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(text_of(response),
            "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n  <Error>\n"
            "    <Type>Sender</Type>\n    <Code>NoSuchEntity</Code>\n"
            "    <Message>The role &lt;x&gt; cannot be found.</Message>\n  </Error>\n"
            "  <RequestId>id-1</RequestId>\n</ErrorResponse>\n");
}

TEST(Errors, JsonOfAServiceThatAlsoSpeaksQueryTellsBothCodes) {
  const Face cloudwatch{Protocol::kJson10, &cloudwatch::kService};
  const auto told = [&](const base::Error& fault) {
    const auto response =
        encode_error(cloudwatch, fault, "i", TestRequest("POST", "/", "").request);
    return std::string(response.headers.value_or("x-amzn-query-error", "")) + " " +
           text_of(response).substr(0, text_of(response).find(','));
  };
  EXPECT_EQ(told(error("InvalidParameterValueException")),
            R"(InvalidParameterValue;Sender {"__type":"InvalidParameterValueException")");
  EXPECT_EQ(told(error("InvalidParameterValue")),
            R"(InvalidParameterValue;Sender {"__type":"InvalidParameterValueException")");
  EXPECT_EQ(told(error("ValidationException")),
            R"(ValidationError;Sender {"__type":"ValidationException")");
  EXPECT_EQ(told(base::internal("m")),
            R"(InternalFailure;Receiver {"__type":"InternalServerException")");
}

TEST(Errors, RestJsonNamesTheErrorInAFieldOfTheHead) {
  const Face serverless{Protocol::kRestJson, &emr_serverless::kService};
  const std::pair<const char*, int> kStatuses[] = {
      {"ValidationException", 400},    {"ResourceNotFoundException", 404},
      {"ConflictException", 409},      {"ServiceQuotaExceededException", 402},
      {"AccessDeniedException", 403},  {"UnknownOperationException", 404},
      {"InternalServerException", 500}};
  for (const auto& [name, status] : kStatuses) {
    const auto response =
        encode_error(serverless, error(name), "i", TestRequest("GET", "/", "").request);
    EXPECT_EQ(response.status, status) << name;
    EXPECT_EQ(response.headers.value_or("x-amzn-errortype", ""), name);
    EXPECT_EQ(response.headers.value_or("x-amzn-RequestId", ""), "i");
    EXPECT_EQ(text_of(response), R"({"message":"m"})");
  }
}

TEST(Errors, AShapesNameBecomesItsWireCode) {
  EXPECT_EQ(
      wire_code({Protocol::kQuery, &cloudwatch::kService}, error("UnknownOperationException")),
      "InvalidAction");
  EXPECT_EQ(wire_code(kIam, error("NoSuchEntityException")), "NoSuchEntity");
  EXPECT_EQ(http_status(kIam, error("EntityAlreadyExistsException")), 409);
  EXPECT_EQ(http_status(kIam, error("MalformedPolicyDocument")), 400);
  EXPECT_EQ(http_status(kIam, error("AccessDenied")), 403);
}

TEST(Errors, S3TellsResourceAndBothIds) {
  base::Error missing = error("NoSuchKey", "The specified key does not exist.");
  missing.details = {{"Key", "a&b"}};
  const auto response =
      encode_error(kS3, missing, "id-1", TestRequest("GET", "/b/a%26b", "").request);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.value_or("x-amz-request-id", ""), "id-1");
  EXPECT_TRUE(response.headers.contains("x-amz-id-2"));
  const std::string text = text_of(response);
  EXPECT_NE(
      text.find(
          "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>"
          "<Key>a&amp;b</Key><Resource>/b/a%26b</Resource><RequestId>id-1</RequestId><HostId>"),
      std::string::npos)
      << text;
}

TEST(Errors, HeadHasNoBody) {
  const auto response =
      encode_error(kS3, error("NoSuchKey"), "i", TestRequest("HEAD", "/b/k", "").request);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(text_of(response), "");
}

TEST(Errors, StatusesOfS3) {
  for (const auto& [code, status] :
       std::vector<std::pair<std::string, int>>{{"NoSuchBucket", 404},
                                                {"AccessDenied", 403},
                                                {"BucketAlreadyExists", 409},
                                                {"BucketNotEmpty", 409},
                                                {"InvalidRange", 416},
                                                {"PreconditionFailed", 412},
                                                {"NotModified", 304},
                                                {"SignatureDoesNotMatch", 403},
                                                {"ExpiredToken", 400},
                                                {"MethodNotAllowed", 405},
                                                {"NotImplemented", 501},
                                                {"SlowDown", 503},
                                                {"BadDigest", 400},
                                                {"InternalError", 500},
                                                {"SomethingElse", 400},
                                                {"MissingContentLength", 411}}) {
    EXPECT_EQ(http_status(kS3, error(code)), status) << code;
  }
}

TEST(Errors, AnErrorWithoutAReasonGetsTheProtocolsOwnName) {
  EXPECT_EQ(wire_code(kEmr, base::internal("x")), "InternalServerException");
  EXPECT_EQ(http_status(kEmr, base::internal("x")), 500);
  EXPECT_EQ(wire_code(kS3, base::internal("x")), "InternalError");
  const base::Error full{base::Code::kResourceExhausted, "the disk is full", {}, {}};
  EXPECT_EQ(wire_code(kEmr, full), "InternalServerException");
  EXPECT_EQ(wire_code(kIam, full), "InternalFailure");
  EXPECT_EQ(wire_code(kS3, full), "InternalError");
  EXPECT_EQ(http_status(kEmr, full), 500);
  EXPECT_EQ(wire_code(kIam, base::not_found("x")), "NoSuchEntity");
  EXPECT_EQ(wire_code(kIam, error("AccessDeniedException")), "AccessDenied");
  EXPECT_EQ(wire_code(kS3, error("AccessDeniedException")), "AccessDenied");
  EXPECT_EQ(wire_code(kEmr, error("AccessDenied")), "AccessDeniedException");
  EXPECT_EQ(http_status(kS3, base::unavailable("x")), 503);
}

}  // namespace
}  // namespace howdah::aws
