#include "aws/route.h"

#include <gtest/gtest.h>

#include "aws/emr/types.h"
#include "aws/s3/types.h"
#include "aws/test_request.h"

namespace howdah::aws {
namespace {

std::string routed(TestRequest made, std::string body = {}) {
  auto found = route(made.request, body);
  if (!found.ok()) return "error " + found.error().reason;
  return std::string(std::string_view(found->face.service->name)) + " " +
         std::string(std::string_view(found->operation->name));
}

TestRequest with(TestRequest made, std::string_view name, std::string_view value) {
  made.request.headers.add(name, value);
  return made;
}

std::string scope(std::string_view service) {
  return "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/" + std::string(service) +
         "/aws4_request, SignedHeaders=host, Signature=00";
}

std::string s3(std::string method, std::string target, std::string host = "localhost:4566") {
  return routed(with(TestRequest(std::move(method), std::move(target), ""), "Host", host));
}

TEST(Route, ATargetNamesServiceAndOperation) {
  EXPECT_EQ(
      routed(with(TestRequest("POST", "/", ""), "X-Amz-Target", "ElasticMapReduce.RunJobFlow")),
      "emr RunJobFlow");
  EXPECT_EQ(routed(with(TestRequest("POST", "/", ""), "X-Amz-Target", "ElasticMapReduce.Nope")),
            "error UnknownOperationException");
  EXPECT_EQ(routed(with(TestRequest("POST", "/", ""), "X-Amz-Target", "Nope.RunJobFlow")),
            "error UnknownOperationException");
  EXPECT_EQ(routed(with(TestRequest("POST", "/", ""), "Authorization", scope("elasticmapreduce"))),
            "error UnknownOperationException");
}

TEST(Route, AFormsActionIsLookedUpInTheServiceOfTheScope) {
  const auto post = [](std::string_view service, std::string body) {
    return routed(with(with(TestRequest("POST", "/", ""), "Authorization", scope(service)),
                       "Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
                  std::move(body));
  };
  EXPECT_EQ(post("iam", "Action=ListRoles&Version=2010-05-08"), "iam ListRoles");
  EXPECT_EQ(post("sts", "Version=2011-06-15&Action=GetCallerIdentity"), "sts GetCallerIdentity");
  EXPECT_EQ(post("iam", "Action=ListRoles&Version=2011-06-15"), "error InvalidAction");
  EXPECT_EQ(post("iam", "Action=Nope&Version=2010-05-08"), "error InvalidAction");
  EXPECT_EQ(post("iam", "Version=2010-05-08"), "error MissingAction");
  EXPECT_EQ(post("iam", "Action=%zz"), "error MalformedQueryString");
  EXPECT_EQ(post("ec2", "Action=DescribeVpcs&Version=2016-11-15"), "error InvalidAction");
}

TEST(Route, AServiceOfTwoProtocolsAnswersInTheOneThatItIsAskedIn) {
  const auto ask = [](std::string target, std::string_view header, std::string_view value) {
    return with(
        with(TestRequest("POST", std::move(target), ""), "Authorization", scope("monitoring")),
        header, value);
  };
  auto json = ask("/", "X-Amz-Target", "GraniteServiceVersion20100801.ListMetrics");
  EXPECT_EQ(face_of(json.request).protocol, Protocol::kJson10);
  EXPECT_EQ(routed(std::move(json)), "cloudwatch ListMetrics");
  auto form = ask("/", "Content-Type", "application/x-www-form-urlencoded");
  EXPECT_EQ(face_of(form.request).protocol, Protocol::kQuery);
  EXPECT_EQ(routed(std::move(form), "Action=ListMetrics&Version=2010-08-01"),
            "cloudwatch ListMetrics");
  auto url = ask("/?Action=ListMetrics&Version=2010-08-01", "Accept", "*/*");
  EXPECT_EQ(face_of(url.request).protocol, Protocol::kQuery);
}

TEST(Route, ARestJsonOperationIsKnownByMethodAndPath) {
  const auto serverless = [](std::string method, std::string target) {
    return with(TestRequest(std::move(method), std::move(target), ""), "Authorization",
                scope("emr-serverless"));
  };
  const auto ask = [&](std::string method, std::string target) {
    return routed(serverless(std::move(method), std::move(target)));
  };
  EXPECT_EQ(ask("POST", "/applications"), "emr-serverless CreateApplication");
  EXPECT_EQ(ask("GET", "/applications?states=CREATED&states=STARTED"),
            "emr-serverless ListApplications");
  EXPECT_EQ(ask("PATCH", "/applications/00a"), "emr-serverless UpdateApplication");
  EXPECT_EQ(ask("POST", "/applications/00a/start"), "emr-serverless StartApplication");
  EXPECT_EQ(ask("GET", "/applications/00a/jobruns"), "emr-serverless ListJobRuns");
  EXPECT_EQ(ask("DELETE", "/applications/00a/jobruns/00r"), "emr-serverless CancelJobRun");
  EXPECT_EQ(ask("GET", "/applications/00a/dashboard"), "emr-serverless GetResourceDashboard");
  for (const char* path : {"/", "/applications/", "/applications//jobruns", "/applications/%zz",
                           "/applications/00a/nope", "/nope"}) {
    EXPECT_EQ(ask("GET", path), "error UnknownOperationException") << path;
  }
  EXPECT_EQ(ask("PUT", "/applications"), "error UnknownOperationException");

  auto tags = serverless("DELETE", "/tags/arn%3Aaws%3A%2Fapplications%2F00a?tagKeys=a&tagKeys=c");
  const auto found = route(tags.request, "");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->labels, (Form{{"resourceArn", "arn:aws:/applications/00a"}}));
  EXPECT_EQ(found->form, (Form{{"tagKeys", "a"}, {"tagKeys", "c"}}));
}

TEST(Route, AnUnsignedFormIsKnownByItsVersion) {
  EXPECT_EQ(routed(with(TestRequest("POST", "/", ""), "Content-Type",
                        "application/x-www-form-urlencoded"),
                   "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"),
            "sts AssumeRoleWithWebIdentity");
  EXPECT_EQ(routed(TestRequest("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "")),
            "sts GetCallerIdentity");
}

TEST(Route, S3OperationsDifferByMethodPathQueryAndHeaders) {
  EXPECT_EQ(s3("GET", "/"), "s3 ListBuckets");
  EXPECT_EQ(s3("GET", "/b"), "s3 ListObjects");
  EXPECT_EQ(s3("GET", "/b/"), "s3 ListObjects");
  EXPECT_EQ(s3("GET", "/b?list-type=2&prefix=x"), "s3 ListObjectsV2");
  EXPECT_EQ(s3("GET", "/b?location"), "s3 GetBucketLocation");
  EXPECT_EQ(s3("GET", "/b?uploads"), "s3 ListMultipartUploads");
  EXPECT_EQ(s3("GET", "/b?versions"), "s3 ListObjectVersions");
  EXPECT_EQ(s3("GET", "/b?versioning"), "s3 GetBucketVersioning");
  EXPECT_EQ(s3("GET", "/b?lifecycle"), "s3 GetBucketLifecycleConfiguration");
  EXPECT_EQ(s3("GET", "/b?notification"), "s3 GetBucketNotificationConfiguration");
  EXPECT_EQ(s3("GET", "/b?analytics&id=x"), "s3 GetBucketAnalyticsConfiguration");
  EXPECT_EQ(s3("GET", "/b?analytics"), "s3 ListBucketAnalyticsConfigurations");
  EXPECT_EQ(s3("HEAD", "/b"), "s3 HeadBucket");
  EXPECT_EQ(s3("PUT", "/b"), "s3 CreateBucket");
  EXPECT_EQ(s3("POST", "/b?delete"), "s3 DeleteObjects");
  EXPECT_EQ(s3("GET", "/b/k"), "s3 GetObject");
  EXPECT_EQ(s3("GET", "/b/k?uploadId=u"), "s3 ListParts");
  EXPECT_EQ(s3("GET", "/b/k?tagging"), "s3 GetObjectTagging");
  EXPECT_EQ(s3("GET", "/b/k?attributes"), "s3 GetObjectAttributes");
  EXPECT_EQ(s3("GET", "/b/k?x-id=GetObject&partNumber=1"), "s3 GetObject");
  EXPECT_EQ(s3("PUT", "/b/k"), "s3 PutObject");
  EXPECT_EQ(s3("PUT", "/b/k?partNumber=1&uploadId=u"), "s3 UploadPart");
  EXPECT_EQ(s3("POST", "/b/k?uploads"), "s3 CreateMultipartUpload");
  EXPECT_EQ(s3("POST", "/b/k?uploadId=u"), "s3 CompleteMultipartUpload");
  EXPECT_EQ(s3("DELETE", "/b/k?uploadId=u"), "s3 AbortMultipartUpload");
  EXPECT_EQ(s3("DELETE", "/b/k"), "s3 DeleteObject");
  EXPECT_EQ(s3("PATCH", "/b/k"), "error MethodNotAllowed");
  EXPECT_EQ(s3("POST", "/b/k"), "error MethodNotAllowed");
  EXPECT_EQ(s3("DELETE", "/"), "error MethodNotAllowed");
  EXPECT_EQ(s3("GET", "/b/%zz"), "error InvalidURI");
  EXPECT_EQ(s3("GET", "/b/%00"), "error InvalidURI");
  const auto copy = [](std::string target) {
    return routed(with(TestRequest("PUT", std::move(target), ""), "x-amz-copy-source", "/a/b"));
  };
  EXPECT_EQ(copy("/b/k"), "s3 CopyObject");
  EXPECT_EQ(copy("/b/k?partNumber=1&uploadId=u"), "s3 UploadPartCopy");
}

TEST(Route, TheBucketMayBeInTheHost) {
  EXPECT_EQ(s3("GET", "/", "b.localhost:4566"), "s3 ListObjects");
  EXPECT_EQ(s3("GET", "/k", "b.localhost:4566"), "s3 GetObject");
  EXPECT_EQ(bucket_of_host("b.localhost:4566"), "b");
  EXPECT_EQ(bucket_of_host("us-east-1.elasticmapreduce.localhost"), "us-east-1.elasticmapreduce");
  EXPECT_EQ(bucket_of_host("b.s3.localhost"), "b");
  EXPECT_EQ(bucket_of_host("b.s3.us-east-1.amazonaws.com"), "b");
  EXPECT_EQ(bucket_of_host("b.s3-eu-west-1.amazonaws.com"), "b");
  EXPECT_EQ(bucket_of_host("s3.us-east-1.amazonaws.com"), "");
  EXPECT_EQ(bucket_of_host("s3.localhost"), "");
  EXPECT_EQ(bucket_of_host("localhost:4566"), "");
  EXPECT_EQ(bucket_of_host("127.0.0.1:4566"), "");
  EXPECT_EQ(bucket_of_host("[::1]:4566"), "");
}

TEST(Route, LabelsAreDecodedAndSlashesKept) {
  TestRequest made("GET", "/b//dir%2Fa%20b+c/", "");
  auto found = route(made.request, "");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*find(found->labels, "Bucket"), "b");
  EXPECT_EQ(*find(found->labels, "Key"), "/dir/a b+c/");
}

TEST(Route, OnlyS3IsReadAsAStream) {
  EXPECT_FALSE(reads_body_first(TestRequest("PUT", "/b/k", "").request));
  EXPECT_TRUE(reads_body_first(
      with(TestRequest("POST", "/", ""), "X-Amz-Target", "ElasticMapReduce.ListClusters").request));
  EXPECT_TRUE(
      reads_body_first(with(TestRequest("POST", "/", ""), "Authorization", scope("iam")).request));
  EXPECT_TRUE(reads_body_first(
      with(TestRequest("POST", "/", ""), "Content-Type", "application/x-www-form-urlencoded")
          .request));
}

TEST(Route, PolicyActionsFollowS3sOwnNames) {
  EXPECT_EQ(std::string_view(emr::operation(emr::Op::kRunJobFlow).action),
            "elasticmapreduce:RunJobFlow");
  EXPECT_EQ(std::string_view(s3::operation(s3::Op::kListObjectsV2).action), "s3:ListBucket");
  EXPECT_EQ(std::string_view(s3::operation(s3::Op::kHeadObject).action), "s3:GetObject");
  EXPECT_EQ(std::string_view(s3::operation(s3::Op::kUploadPart).action), "s3:PutObject");
  EXPECT_EQ(std::string_view(s3::operation(s3::Op::kGetObjectTagging).action),
            "s3:GetObjectTagging");
}

}  // namespace
}  // namespace howdah::aws
