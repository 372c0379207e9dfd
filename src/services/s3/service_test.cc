// The S3 API as requests and answers, without a network and without signatures.

#include "services/s3/service.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "aws/codec.h"
#include "aws/errors.h"
#include "aws/route.h"
#include "base/text.h"
#include "objects/files.h"

namespace howdah::services::s3 {
namespace {

using testing::HasSubstr;
using testing::Not;

class TextBody final : public http::BodyReader {
 public:
  explicit TextBody(std::string_view text) : left_(text), length_(text.size()) {}
  base::Result<size_t> read(std::span<char> into) override {
    const size_t count = left_.copy(into.data(), into.size());
    left_.remove_prefix(count);
    return count;
  }
  std::optional<uint64_t> length() const override { return length_; }

 private:
  std::string_view left_;
  uint64_t length_;
};

struct Answer {
  int status = 0;
  http::Headers headers;
  std::string body;
  std::string header(std::string_view name) const {
    return std::string(headers.value_or(name, ""));
  }
};

class S3Test : public testing::Test {
 protected:
  S3Test() {
    std::string pattern = (std::filesystem::temp_directory_path() / "howdah-s3-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    store_ = std::move(objects::S3Store::open({folder_, &clock_, &ids_, false})).value();
    service_ = std::make_unique<S3Service>(*store_);
    EXPECT_EQ(send("PUT", "/bucket").status, 200);
  }
  ~S3Test() override {
    service_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  Answer send(const std::string& method, const std::string& target, const std::string& body = {},
              const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (const size_t query = target.find('?'); query != std::string::npos) {
      request.query = target.substr(query + 1);
    }
    request.headers.add("Host", "localhost:4566");
    for (const auto& [name, value] : headers) request.headers.add(name, value);
    TextBody reader(body);
    request.body = &reader;
    http::Response response = handle(request, body);
    Answer answer{response.status, std::move(response.headers), {}};
    if (auto* text = std::get_if<std::string>(&response.body)) {
      answer.body = std::move(*text);
    } else if (auto* file = std::get_if<http::FileBody>(&response.body)) {
      answer.body = *objects::read_at(file->file.get(), file->offset, file->length, "it");
    }
    return answer;
  }

  http::Response handle(http::Request& request, const std::string& body) {
    const aws::Face face = aws::face_of(request);
    const auto answer = [&]() -> base::Result<http::Response> {
      const aws::Route route = TRY(aws::route(request, {}));
      const bool streams = aws::streams_input(*route.operation);
      const base::JsonObject input = TRY(aws::decode(route, request, streams ? "" : body));
      Context context;
      context.account = "000000000000";
      context.region = region_;
      context.request = &request;
      if (deny_) {
        context.allow = [](std::string_view action, std::string_view resource) -> base::Status {
          if (!resource.ends_with("/denied")) return base::ok();
          return base::Error{base::Code::kPermissionDenied,
                             "no " + std::string(action),
                             "AccessDeniedException",
                             {}};
        };
      }
      aws::Answer made = TRY(service_->call(*route.operation, context, input, request.body));
      return aws::encode(route, std::move(made), "id");
    }();
    return answer.ok() ? std::move(const_cast<http::Response&>(*answer))
                       : aws::encode_error(face, answer.error(), "id", request);
  }

  base::FakeClock clock_;
  base::SeededIds ids_{3};
  std::string folder_;
  std::string region_ = "us-east-1";
  bool deny_ = false;
  std::unique_ptr<objects::S3Store> store_;
  std::unique_ptr<S3Service> service_;
};

TEST_F(S3Test, AnObjectComesBackWithItsMetadata) {
  const auto put = send("PUT", "/bucket/a%20b/c%2Bd", "hello",
                        {{"Content-Type", "text/plain"},
                         {"Content-Encoding", "aws-chunked,gzip"},
                         {"x-amz-meta-Owner", "me"},
                         {"x-amz-storage-class", "STANDARD_IA"},
                         {"x-amz-tagging", "a=1&b=2"}});
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.header("ETag"), "\"5d41402abc4b2a76b9719d911017c592\"");
  for (const char* method : {"GET", "HEAD"}) {
    const auto got = send(method, "/bucket/a%20b/c+d");
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.body, std::string(method) == "GET" ? "hello" : "");
    EXPECT_EQ(got.header("Content-Type"), "text/plain");
    EXPECT_EQ(got.header("Content-Encoding"), "gzip");
    EXPECT_EQ(got.header("x-amz-meta-owner"), "me");
    EXPECT_EQ(got.header("x-amz-storage-class"), "STANDARD_IA");
    EXPECT_EQ(got.header("x-amz-tagging-count"), "2");
    EXPECT_EQ(got.header("Last-Modified"), "Thu, 01 Jan 2026 00:00:00 GMT");
    EXPECT_EQ(got.header("Accept-Ranges"), "bytes");
  }
  EXPECT_EQ(send("HEAD", "/bucket/a%20b/c+d").header("Content-Length"), "5");
}

TEST_F(S3Test, WhatIsMissingIsNamed) {
  EXPECT_THAT(send("GET", "/bucket/none").body, HasSubstr("<Code>NoSuchKey</Code>"));
  EXPECT_EQ(send("GET", "/bucket/none").status, 404);
  EXPECT_EQ(send("HEAD", "/bucket/none").status, 404);
  EXPECT_EQ(send("HEAD", "/bucket/none").body, "");
  EXPECT_THAT(send("GET", "/nobucket/k").body, HasSubstr("<BucketName>nobucket</BucketName>"));
  EXPECT_EQ(send("HEAD", "/nobucket").status, 404);
  EXPECT_EQ(send("DELETE", "/bucket/none").status, 204);
  EXPECT_THAT(send("PUT", "/Bad_Name").body, HasSubstr("InvalidBucketName"));
}

TEST_F(S3Test, RangesAndTheirChecksums) {
  ASSERT_EQ(send("PUT", "/bucket/k", "0123456789", {{"x-amz-checksum-crc32", "poTD5Q=="}}).status,
            400);
  const auto put =
      send("PUT", "/bucket/k", "0123456789", {{"x-amz-sdk-checksum-algorithm", "CRC32"}});
  ASSERT_EQ(put.status, 200);
  const std::string crc = put.header("x-amz-checksum-crc32");
  EXPECT_FALSE(crc.empty());
  const std::pair<std::string, std::string> enabled = {"x-amz-checksum-mode", "ENABLED"};
  auto got = send("GET", "/bucket/k", "", {enabled});
  EXPECT_EQ(got.header("x-amz-checksum-crc32"), crc);
  EXPECT_EQ(got.header("x-amz-checksum-type"), "FULL_OBJECT");
  got = send("GET", "/bucket/k", "", {enabled, {"Range", "bytes=2-4"}});
  EXPECT_EQ(got.status, 206);
  EXPECT_EQ(got.body, "234");
  EXPECT_EQ(got.header("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(got.header("x-amz-checksum-crc32"), "");
  EXPECT_EQ(send("GET", "/bucket/k", "", {{"Range", "bytes=-2"}}).body, "89");
  got = send("GET", "/bucket/k", "", {{"Range", "bytes=10-"}});
  EXPECT_EQ(got.status, 416);
  EXPECT_THAT(got.body, HasSubstr("<ActualObjectSize>10</ActualObjectSize>"));
  EXPECT_EQ(send("GET", "/bucket/k", "", {{"Range", "lines=1"}}).status, 200);
}

TEST_F(S3Test, ConditionsOfReads) {
  const std::string etag = send("PUT", "/bucket/k", "x").header("ETag");
  const std::string before = "Wed, 31 Dec 2025 23:59:59 GMT";
  const std::string at = "Thu, 01 Jan 2026 00:00:00 GMT";
  const auto status = [&](const std::string& name, const std::string& value) {
    return send("GET", "/bucket/k", "", {{name, value}}).status;
  };
  EXPECT_EQ(status("If-Match", etag), 200);
  EXPECT_EQ(status("If-Match", "*"), 200);
  EXPECT_EQ(status("If-Match", "\"other\""), 412);
  EXPECT_EQ(status("If-None-Match", etag), 304);
  EXPECT_EQ(status("If-None-Match", "\"other\""), 200);
  EXPECT_EQ(status("If-Modified-Since", at), 304);
  EXPECT_EQ(status("If-Modified-Since", before), 200);
  EXPECT_EQ(status("If-Unmodified-Since", before), 412);
  EXPECT_EQ(status("If-Unmodified-Since", at), 200);
  EXPECT_EQ(
      send("GET", "/bucket/k", "", {{"If-Match", etag}, {"If-Unmodified-Since", before}}).status,
      200);
  EXPECT_EQ(send("HEAD", "/bucket/k", "", {{"If-None-Match", etag}}).header("ETag"), etag);
}

TEST_F(S3Test, ConditionsOfWrites) {
  EXPECT_EQ(send("PUT", "/bucket/k", "1", {{"If-None-Match", "*"}}).status, 200);
  const auto again = send("PUT", "/bucket/k", "2", {{"If-None-Match", "*"}});
  EXPECT_EQ(again.status, 412);
  EXPECT_THAT(again.body, HasSubstr("<Condition>If-None-Match</Condition>"));
  EXPECT_EQ(send("PUT", "/bucket/k", "2", {{"If-None-Match", "\"x\""}}).status, 501);
  EXPECT_EQ(send("PUT", "/bucket/none", "2", {{"If-Match", "\"x\""}}).status, 404);
}

TEST_F(S3Test, AnAnswersHeadersCanBeChosen) {
  send("PUT", "/bucket/k", "x");
  const auto got = send("GET",
                        "/bucket/k?response-content-type=text%2Fcsv&"
                        "response-content-disposition=attachment&response-cache-control=no-cache");
  EXPECT_EQ(got.header("Content-Type"), "text/csv");
  EXPECT_EQ(got.header("Content-Disposition"), "attachment");
  EXPECT_EQ(got.header("Cache-Control"), "no-cache");
  EXPECT_EQ(send("GET", "/bucket/k").header("Content-Type"), "binary/octet-stream");
}

TEST_F(S3Test, DigestsAreCompared) {
  EXPECT_EQ(send("PUT", "/bucket/k", "x", {{"Content-MD5", "nope"}}).status, 400);
  EXPECT_THAT(
      send("PUT", "/bucket/k", "x", {{"Content-MD5", base::to_base64(std::string(16, 'a'))}}).body,
      HasSubstr("BadDigest"));
  EXPECT_THAT(send("PUT", "/bucket/k", "x", {{"x-amz-checksum-sha256", "short"}}).body,
              HasSubstr("x-amz-checksum-sha256 header is invalid"));
  EXPECT_EQ(send("GET", "/bucket/k").status, 404);
}

TEST_F(S3Test, ListingsOfBothVersions) {
  for (const char* key : {"a", "b%20c", "d/1", "d/2", "e"}) {
    ASSERT_EQ(send("PUT", std::string("/bucket/") + key, "x").status, 200);
  }
  auto page = send("GET", "/bucket?list-type=2&delimiter=%2F&encoding-type=url&max-keys=3");
  EXPECT_THAT(page.body, HasSubstr("<Key>b%20c</Key>"));
  EXPECT_THAT(page.body, HasSubstr("<CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes>"));
  EXPECT_THAT(page.body, HasSubstr("<KeyCount>3</KeyCount>"));
  EXPECT_THAT(page.body, HasSubstr("<IsTruncated>true</IsTruncated>"));
  EXPECT_THAT(page.body, HasSubstr("<EncodingType>url</EncodingType>"));
  const size_t begin = page.body.find("<NextContinuationToken>") + 23;
  const std::string token = page.body.substr(begin, page.body.find('<', begin) - begin);
  page = send(
      "GET", "/bucket?list-type=2&delimiter=%2F&continuation-token=" + base::percent_encode(token));
  EXPECT_THAT(page.body, HasSubstr("<Key>e</Key>"));
  EXPECT_THAT(page.body, Not(HasSubstr("d/")));
  EXPECT_THAT(page.body, HasSubstr("<IsTruncated>false</IsTruncated>"));
  page = send("GET", "/bucket?max-keys=2");
  EXPECT_THAT(page.body, HasSubstr("<Key>b c</Key>"));
  EXPECT_THAT(page.body, HasSubstr("<Owner>"));
  EXPECT_THAT(page.body, Not(HasSubstr("NextMarker")));
  page = send("GET", "/bucket?delimiter=/&marker=b%20c&max-keys=1");
  EXPECT_THAT(page.body, HasSubstr("<NextMarker>d/</NextMarker>"));
  EXPECT_THAT(send("GET", "/bucket?delimiter=/&marker=d/").body, Not(HasSubstr("CommonPrefixes")));
  EXPECT_EQ(send("GET", "/bucket?list-type=2&continuation-token=zzz").status, 400);
  EXPECT_EQ(send("GET", "/bucket?list-type=2&max-keys=-1").status, 400);
}

TEST_F(S3Test, BatchesAreDeletedAndRefusedKeyByKey) {
  deny_ = true;
  send("PUT", "/bucket/a", "x");
  const std::string xml =
      "<Delete><Object><Key>a</Key></Object><Object><Key>none</Key></Object>"
      "<Object><Key>denied</Key></Object></Delete>";
  const auto answer = send("POST", "/bucket?delete", xml);
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("<Deleted><Key>a</Key></Deleted>"));
  EXPECT_THAT(answer.body, HasSubstr("<Deleted><Key>none</Key></Deleted>"));
  EXPECT_THAT(answer.body, HasSubstr("<Code>AccessDenied</Code>"));
  EXPECT_EQ(send("GET", "/bucket/a").status, 404);
}

TEST_F(S3Test, CopiesWithTheirDirectives) {
  send("PUT", "/bucket/from", "text", {{"x-amz-meta-a", "1"}, {"Content-Type", "text/csv"}});
  const auto copy = send("PUT", "/bucket/to", "", {{"x-amz-copy-source", "/bucket/from"}});
  EXPECT_THAT(copy.body, HasSubstr("<CopyObjectResult"));
  auto got = send("GET", "/bucket/to");
  EXPECT_EQ(got.body, "text");
  EXPECT_EQ(got.header("x-amz-meta-a"), "1");
  send("PUT", "/bucket/to", "",
       {{"x-amz-copy-source", "bucket/from"},
        {"x-amz-metadata-directive", "REPLACE"},
        {"x-amz-meta-b", "2"}});
  got = send("GET", "/bucket/to");
  EXPECT_EQ(got.header("x-amz-meta-a"), "");
  EXPECT_EQ(got.header("x-amz-meta-b"), "2");
  EXPECT_EQ(send("PUT", "/bucket/to", "",
                 {{"x-amz-copy-source", "bucket/from"}, {"x-amz-copy-source-if-match", "\"x\""}})
                .status,
            412);
  EXPECT_EQ(send("PUT", "/bucket/to", "", {{"x-amz-copy-source", "bucket/none"}}).status, 404);
  EXPECT_EQ(send("PUT", "/bucket/from", "", {{"x-amz-copy-source", "bucket/from"}}).status, 400);
  deny_ = true;
  EXPECT_EQ(send("PUT", "/bucket/to", "", {{"x-amz-copy-source", "bucket/denied"}}).status, 403);
}

std::string element(const std::string& xml, const std::string& name) {
  const size_t begin = xml.find("<" + name + ">") + name.size() + 2;
  return xml.substr(begin, xml.find("</" + name, begin) - begin);
}

TEST_F(S3Test, AMultipartUploadFromBeginToEnd) {
  const auto begun = send("POST", "/bucket/k?uploads", "", {{"x-amz-checksum-algorithm", "CRC32"}});
  const std::string id = element(begun.body, "UploadId");
  ASSERT_EQ(begun.status, 200) << begun.body;
  EXPECT_EQ(begun.header("x-amz-checksum-type"), "COMPOSITE");
  std::string xml = "<CompleteMultipartUpload>";
  for (int number : {1, 2}) {
    const std::string body(number == 1 ? 5 << 20 : 10, 'x');
    const auto part =
        send("PUT", "/bucket/k?partNumber=" + std::to_string(number) + "&uploadId=" + id, body);
    ASSERT_EQ(part.status, 200) << part.body;
    xml += "<Part><ETag>" + part.header("ETag") + "</ETag><ChecksumCRC32>" +
           part.header("x-amz-checksum-crc32") + "</ChecksumCRC32><PartNumber>" +
           std::to_string(number) + "</PartNumber></Part>";
  }
  xml += "</CompleteMultipartUpload>";
  EXPECT_THAT(send("GET", "/bucket?uploads").body, HasSubstr(id));
  EXPECT_THAT(send("GET", "/bucket/k?uploadId=" + id).body,
              HasSubstr("<PartNumber>2</PartNumber>"));
  const auto made = send("POST", "/bucket/k?uploadId=" + id, xml);
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_THAT(made.body, HasSubstr("<Location>http://localhost:4566/bucket/k</Location>"));
  EXPECT_THAT(element(made.body, "ChecksumCRC32"), testing::EndsWith("-2"));
  const auto part = send("GET", "/bucket/k?partNumber=2");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, std::string(10, 'x'));
  EXPECT_EQ(part.header("x-amz-mp-parts-count"), "2");
  EXPECT_EQ(send("GET", "/bucket/k?partNumber=3").status, 416);
  EXPECT_EQ(send("DELETE", "/bucket/k?uploadId=" + id).status, 404);
}

TEST_F(S3Test, TagsOfAnObject) {
  send("PUT", "/bucket/k", "x");
  EXPECT_EQ(send("PUT", "/bucket/k?tagging",
                 "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>")
                .status,
            200);
  EXPECT_THAT(send("GET", "/bucket/k?tagging").body, HasSubstr("<Key>a</Key><Value>1</Value>"));
  EXPECT_EQ(send("DELETE", "/bucket/k?tagging").status, 204);
  EXPECT_THAT(send("GET", "/bucket/k?tagging").body, Not(HasSubstr("<Key>")));
}

TEST_F(S3Test, RegionsOfBuckets) {
  EXPECT_EQ(send("PUT", "/bucket").status, 200);  // us-east-1 says so twice
  const auto location = [](const std::string& region) {
    return "<CreateBucketConfiguration><LocationConstraint>" + region +
           "</LocationConstraint></CreateBucketConfiguration>";
  };
  region_ = "eu-west-1";
  EXPECT_THAT(send("PUT", "/other").body, HasSubstr("IllegalLocationConstraintException"));
  EXPECT_EQ(send("PUT", "/other", location("eu-west-1")).status, 200);
  EXPECT_EQ(send("PUT", "/other", location("eu-west-1")).status, 409);
  EXPECT_EQ(send("HEAD", "/other").header("x-amz-bucket-region"), "eu-west-1");
  EXPECT_THAT(send("GET", "/other?location").body, HasSubstr(">eu-west-1</LocationConstraint>"));
  EXPECT_THAT(send("GET", "/bucket?location").body, Not(HasSubstr("us-east-1")));
  const auto buckets = send("GET", "/");
  EXPECT_THAT(buckets.body, HasSubstr("<Name>bucket</Name>"));
  EXPECT_THAT(buckets.body, Not(HasSubstr("elasticmapreduce")));
}

TEST_F(S3Test, ThePublicBucketIsReadOnly) {
  EXPECT_EQ(send("HEAD", "/eu-west-1.elasticmapreduce/libs/script-runner/script-runner.jar").status,
            200);
  EXPECT_EQ(send("PUT", "/us-east-1.elasticmapreduce/k", "x").status, 403);
  EXPECT_EQ(send("DELETE", "/us-east-1.elasticmapreduce/bootstrap-actions/run-if").status, 403);
  EXPECT_EQ(
      send("PUT", "/bucket/w.py", "",
           {{"x-amz-copy-source",
             "us-east-1.elasticmapreduce/emr-containers/samples/wordcount/scripts/wordcount.py"}})
          .status,
      200);
  EXPECT_THAT(send("GET", "/us-east-1.elasticmapreduce?list-type=2&prefix=emr-containers/").body,
              HasSubstr("wordcount/input/harbour.txt"));
}

TEST_F(S3Test, WhatPromisesProtectionIsRefused) {
  EXPECT_EQ(send("PUT", "/bucket/k", "x", {{"x-amz-server-side-encryption", "aws:kms"}}).status,
            501);
  EXPECT_EQ(send("PUT", "/bucket/k", "x", {{"x-amz-acl", "public-read"}}).status, 400);
  EXPECT_EQ(send("PUT", "/bucket/k", "x", {{"x-amz-acl", "bucket-owner-full-control"}}).status,
            200);
  EXPECT_EQ(send("GET", "/bucket/k", "", {{"x-amz-expected-bucket-owner", "111111111111"}}).status,
            403);
}

TEST_F(S3Test, SettingsThatNoBucketHas) {
  EXPECT_EQ(send("GET", "/bucket?versioning").status, 200);
  EXPECT_EQ(send("GET", "/bucket?acl").status, 200);
  EXPECT_THAT(send("GET", "/bucket?policy").body, HasSubstr("NoSuchBucketPolicy"));
  EXPECT_THAT(send("GET", "/bucket?tagging").body, HasSubstr("NoSuchTagSet"));
  EXPECT_EQ(send("GET", "/bucket?publicAccessBlock").status, 404);
  EXPECT_EQ(send("GET", "/nobucket?versioning").status, 404);
}

}  // namespace
}  // namespace howdah::services::s3
