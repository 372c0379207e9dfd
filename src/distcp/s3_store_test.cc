// S3 as it behaves on a bad day, by an HTTP server that plays it; and local files.

#include "distcp/s3_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <mutex>

#include "base/text.h"
#include "distcp/copy.h"
#include "distcp/eager_clock.h"
#include "distcp/local_store.h"
#include "distcp/reading.h"
#include "http/server.h"

namespace howdah::distcp {
namespace {

using testing::HasSubstr;
using testing::Not;

http::Response failure(int status, const std::string& code) {
  return {status, {}, "<Error><Code>" + code + "</Code><Message>because</Message></Error>"};
}

// Objects of one bucket in a map; the next answers may be failures.
class TinyS3 {
 public:
  TinyS3() {
    server_ = std::move(http::Server::start({}, [this](http::Request& request) {
                return on(request);
              })).value();
  }
  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

  std::mutex mutex;
  std::map<std::string, std::string> objects;
  std::map<std::string, std::string> parts;
  std::vector<http::Response (*)()> failures;  // of the next requests
  std::vector<std::string> keys_used;          // access key ids
  bool lose_completion = false;                // completes, and says 500

 private:
  http::Response on(http::Request& request) {
    const std::string body = http::read_all(*request.body, 1 << 26).value_or("");
    std::lock_guard lock(mutex);
    if (request.path == "/credentials") return credentials();
    const std::string signature(request.headers.value_or("Authorization", ""));
    const size_t from = signature.find("Credential=") + 11;
    keys_used.push_back(signature.substr(from, signature.find('/', from) - from));
    if (!failures.empty()) {
      auto next = failures.front();
      failures.erase(failures.begin());
      return next();
    }
    const std::string key = *base::percent_decode(request.path.substr(2));  // "/b/key" -> "/key"
    if (request.query.find("uploads") != std::string::npos) {
      return {200, {}, "<R><UploadId>u&amp;1</UploadId></R>"};
    }
    if (request.query.find("uploadId") != std::string::npos) return multipart(request, key, body);
    return simple(request, key, body);
  }

  http::Response credentials() {
    return {200,
            {},
            "{\"AccessKeyId\":\"KEY" + std::to_string(++minted_) +
                "\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                "\"Expiration\":\"2126-01-01T00:00:00Z\"}"};
  }

  http::Response multipart(const http::Request& request, const std::string& key,
                           const std::string& body) {
    if (request.method == "PUT") {
      const size_t at = request.query.find("partNumber=") + 11;
      parts[std::string(4 - request.query.substr(at, request.query.find('&', at) - at).size(),
                        '0') +
            request.query.substr(at, request.query.find('&', at) - at)] = body;
      http::Response out{200, {}, ""};
      out.headers.set("ETag", "\"etag\"");
      return out;
    }
    if (request.method == "POST") {
      if (parts.empty()) return failure(404, "NoSuchUpload");
      for (const auto& [number, text] : parts) objects[key] += text;
      parts.clear();
      if (std::exchange(lose_completion, false)) return failure(500, "InternalError");
      return {200, {}, "<Ok/>"};
    }
    parts.clear();
    return {204, {}, ""};
  }

  http::Response simple(const http::Request& request, const std::string& key,
                        const std::string& body) {
    if (request.method == "PUT") {
      objects[key] = body;
      return {200, {}, ""};
    }
    const auto found = objects.find(key);
    if (found == objects.end()) return failure(404, "NoSuchKey");
    return {200, {}, found->second};
  }

  std::unique_ptr<http::Server> server_;
  int minted_ = 0;
};

class S3StoreTest : public testing::Test {
 protected:
  S3StoreTest() : credentials_(environment(), clock_, "us-east-1") {
    S3Options options;
    options.endpoint = s3_.endpoint();
    options.part_size = 1000;
    store_ = std::make_unique<S3Store>(options, credentials_, clock_, retry_);
  }

  Environment environment() {
    return [this](const std::string& name) -> std::optional<std::string> {
      if (name == "AWS_CONTAINER_CREDENTIALS_FULL_URI") return s3_.endpoint() + "/credentials";
      return std::nullopt;
    };
  }

  static Location at(const std::string& key) { return {Scheme::kS3, "s3", "b", key}; }

  // Through copy_all, from a local file.
  base::Status put(const std::string& key, const std::string& text, Codec codec = Codec::kKeep) {
    const std::string path = testing::TempDir() + "/s3_store_test_source";
    std::ofstream(path, std::ios::binary) << text;
    Output output;
    output.relative = key;
    output.inputs.push_back(TRY(local_.look({Scheme::kLocal, "file", "", path})));
    if (codec == Codec::kKeep) output.size = text.size();
    const StoreOf store_of = [this](const Location& location) -> base::Result<Store*> {
      if (location.scheme == Scheme::kS3) return static_cast<Store*>(store_.get());
      return static_cast<Store*>(&local_);
    };
    Progress progress;
    return copy_all({output}, {at(""), codec, 3}, store_of, retry_, {}, progress);
  }

  TinyS3 s3_;
  EagerClock clock_;
  base::SeededIds ids_{7};
  Retry retry_{clock_, ids_, {}};
  LocalStore local_{ids_};
  Credentials credentials_;
  std::unique_ptr<S3Store> store_;
};

std::string numbers(size_t size) {
  std::string out;
  for (int i = 0; out.size() < size; ++i) out += std::to_string(i) + " ";
  out.resize(size);
  return out;
}

TEST_F(S3StoreTest, PutsSmallFilesAndUploadsLargeOnesInParts) {
  for (size_t size : {0, 1, 1000, 1001, 12'345}) {
    const std::string text = numbers(size);
    const auto done = put("k/" + std::to_string(size), text);
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_EQ(s3_.objects["/k/" + std::to_string(size)], text);
  }
}

TEST_F(S3StoreTest, UploadsWhatACodecMakes) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += std::to_string(i * 7919 % 10'007);
  const auto done = put("z.gz", text, Codec::kGzip);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_GT(s3_.objects["/z.gz"].size(), 1000u);  // several parts
  EXPECT_EQ(*gunzip_text(s3_.objects["/z.gz"], 1 << 20), text);
}

TEST_F(S3StoreTest, TriesAgainWhenS3IsBusy) {
  s3_.failures = {[] { return failure(503, "SlowDown"); },
                  [] { return failure(500, "InternalError"); },
                  [] { return failure(400, "RequestTimeout"); }};
  const auto done = put("k", numbers(5000));
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(s3_.objects["/k"], numbers(5000));
}

TEST_F(S3StoreTest, NoticesThatALostAnswerWasASuccess) {
  s3_.lose_completion = true;
  const auto done = put("k", numbers(5000));
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(s3_.objects["/k"], numbers(5000));
}

TEST_F(S3StoreTest, FetchesNewKeysWhenS3CallsTheOldOnesExpired) {
  s3_.failures = {[] { return failure(400, "ExpiredToken"); }};
  s3_.objects["/k"] = "x";
  const auto source = store_->open({at("k"), "k", 1, "", ""}, 0, 1);
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ(*read_source(**source, 10), "x");
  EXPECT_EQ(s3_.keys_used, (std::vector<std::string>{"KEY1", "KEY2"}));
}

TEST_F(S3StoreTest, SaysWhatS3SaidAndOfWhat) {
  s3_.failures = {[] { return failure(403, "AccessDenied"); }};
  const auto done = put("folder/k", "x");
  ASSERT_FALSE(done.ok());
  EXPECT_THAT(done.error().message, HasSubstr("s3://b/folder/k"));
  EXPECT_THAT(done.error().message, HasSubstr("AccessDenied: because"));
  EXPECT_EQ(done.error().code, base::Code::kPermissionDenied);
  EXPECT_EQ(s3_.keys_used.size(), 1u);  // no second try
}

TEST_F(S3StoreTest, AbortsTheUploadOfAFileThatCannotBeCopied) {
  s3_.failures = {[] {
                    return http::Response{200, {}, "<R><UploadId>u</UploadId></R>"};
                  },
                  [] { return failure(403, "AccessDenied"); }};
  ASSERT_FALSE(put("k", numbers(5000)).ok());
  EXPECT_TRUE(s3_.objects.empty());
  EXPECT_TRUE(s3_.parts.empty());
}

TEST(Credentials, SayWhatWasTriedAndNoSecret) {
  EagerClock clock;
  Credentials none(
      [](const std::string& name) -> std::optional<std::string> {
        if (name == "AWS_EC2_METADATA_DISABLED") return "true";
        if (name == "AWS_ACCESS_KEY_ID") return "AKIDSECRET";
        return std::nullopt;
      },
      clock, "us-east-1");
  const auto key = none.key();
  ASSERT_FALSE(key.ok());
  EXPECT_THAT(key.error().message, HasSubstr("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
  EXPECT_THAT(key.error().message, Not(HasSubstr("AKIDSECRET")));
}

class ReadingTest : public testing::Test {
 protected:
  // One file of these contents each.
  Output files(const std::vector<std::string>& texts, const std::string& ending = "") {
    Output out;
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string path = testing::TempDir() + "/reading_test_" + std::to_string(i) + ending;
      std::ofstream(path, std::ios::binary) << texts[i];
      out.inputs.push_back(*local_.look({Scheme::kLocal, "file", "", path}));
    }
    return out;
  }
  base::Result<std::string> read(const Output& output, const Piece& piece, Codec codec) {
    std::atomic<uint64_t> bytes = 0;
    const StoreOf store_of = [this](const Location&) -> base::Result<Store*> { return &local_; };
    auto source =
        TRY(open_piece({store_of, retry_, stop_.get_token(), codec, bytes}, output, piece));
    return read_source(*source, 1 << 26);
  }

  EagerClock clock_;
  base::SeededIds ids_{7};
  Retry retry_{clock_, ids_, {}};
  LocalStore local_{ids_};
  std::stop_source stop_;
};

TEST_F(ReadingTest, GivesAnyPieceOfTheConcatenation) {
  for (size_t count : {1, 3, 60}) {  // one after another, and read ahead
    std::vector<std::string> texts;
    std::string all;
    for (size_t i = 0; i < count; ++i) {
      texts.push_back(i % 7 == 3 ? "" : numbers(i * 37 % 500));
      all += texts.back();
    }
    const Output output = files(texts);
    EXPECT_EQ(*read(output, {0, all.size()}, Codec::kKeep), all);
    for (size_t from = 0; from < all.size(); from += 1 + all.size() / 7) {
      EXPECT_EQ(*read(output, {from, all.size() - from}, Codec::kKeep), all.substr(from));
      EXPECT_EQ(*read(output, {from, 1}, Codec::kKeep), all.substr(from, 1));
    }
  }
}

TEST_F(ReadingTest, JoinsCompressedFilesIntoOne) {
  std::vector<std::string> texts;
  for (int i = 0; i < 20; ++i) texts.push_back(*gzip_text("line " + std::to_string(i) + "\n"));
  const Output output = files(texts, ".gz");
  const std::string plain = *read(output, {}, Codec::kNone);
  EXPECT_THAT(plain, HasSubstr("line 0\nline 1\n"));
  EXPECT_EQ(*gunzip_text(*read(output, {}, Codec::kGzip), 1 << 20), plain);
}

TEST_F(ReadingTest, NamesTheFileThatIsNotWhatItsNameSays) {
  const auto read_it = read(files({"not gzip"}, ".gz"), {}, Codec::kNone);
  ASSERT_FALSE(read_it.ok());
  EXPECT_THAT(read_it.error().message, HasSubstr("reading_test_0.gz: not gzip data"));
  const auto lzo = read(files({"x"}, ".lzo"), {}, Codec::kNone);
  EXPECT_THAT(lzo.error().message, HasSubstr("lzo is not available"));
}

TEST_F(ReadingTest, EndsWhenItIsStopped) {
  stop_.request_stop();
  EXPECT_EQ(read(files({"x"}), {0, 1}, Codec::kKeep).error().code, base::Code::kCancelled);
}

TEST_F(ReadingTest, NoticesThatAFileBecameShorter) {
  Output output = files({"short"});
  output.inputs[0].size = 100;
  EXPECT_THAT(read(output, {0, 100}, Codec::kKeep).error().message, HasSubstr("became shorter"));
}

}  // namespace
}  // namespace howdah::distcp
