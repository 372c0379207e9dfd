#include "aws/chunked_body.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "aws/test_request.h"
#include "base/digest.h"
#include "base/text.h"

namespace howdah::aws {
namespace {

constexpr std::string_view kEmpty =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// What a client does, written down once more from AWS's description of the chunks.
struct Signer {
  Identity identity;
  std::string previous;

  explicit Signer(Payload payload) {
    identity.anonymous = false;
    identity.payload = payload;
    identity.timestamp = "20130524T000000Z";
    identity.scope = "20130524/us-east-1/s3/aws4_request";
    identity.signing_key = derive_signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                              "20130524", "us-east-1", "s3");
    identity.signature = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    previous = identity.signature;
  }

  std::string sign(std::string_view text) {
    return previous = base::to_hex(base::hmac_sha256(identity.signing_key, text));
  }
  std::string chunk(std::string_view data) {
    const std::string signature =
        sign(fmt::format("AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{}\n{}\n{}", identity.timestamp,
                         identity.scope, previous, kEmpty, base::sha256_hex(data)));
    return fmt::format("{:x};chunk-signature={}\r\n{}\r\n", data.size(), signature, data);
  }
  std::string last_chunk() {
    std::string out = chunk("");
    return out.substr(0, out.size() - 2);
  }
  std::string trailer(std::string_view line) {
    const std::string signature =
        sign(fmt::format("AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{}\n{}", identity.timestamp,
                         identity.scope, previous, base::sha256_hex(std::string(line) + "\n")));
    return fmt::format("{}\r\nx-amz-trailer-signature:{}\r\n\r\n", line, signature);
  }
};

struct Outcome {
  std::string text;
  std::string reason;
  Form trailers;
};

Outcome read(const Identity& identity, std::string body, uint64_t decoded, std::string trailer = "",
             size_t piece = 7) {
  TestRequest made("PUT", "/b/k", std::move(body));
  made.reader.piece = piece;
  made.request.headers.add("X-Amz-Decoded-Content-Length", std::to_string(decoded));
  if (!trailer.empty()) made.request.headers.add("X-Amz-Trailer", trailer);
  auto opened = open_body(made.request, identity);
  if (!opened.ok()) return {{}, opened.error().reason, {}};
  auto text = http::read_all(**opened, 1 << 20);
  if (!text.ok()) return {{}, text.error().reason, {}};
  return {*text, "", (*opened)->trailers()};
}

TEST(ChunkedBody, TheExampleOfTheDocumentation) {
  Signer signer(Payload::kChunks);
  const std::string first = signer.chunk(std::string(65536, 'a'));
  EXPECT_NE(first.find("ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
            std::string::npos);
  const std::string second = signer.chunk(std::string(1024, 'a'));
  EXPECT_NE(second.find("0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
            std::string::npos);
  const std::string last = signer.last_chunk() + "\r\n";
  EXPECT_NE(last.find("b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
            std::string::npos);
  const Outcome outcome = read(signer.identity, first + second + last, 66560, "", 4096);
  EXPECT_EQ(outcome.reason, "");
  EXPECT_EQ(outcome.text, std::string(66560, 'a'));
}

TEST(ChunkedBody, ASignedTrailerIsVerifiedAndExposed) {
  for (const bool good : {true, false}) {
    Signer signer(Payload::kChunksTrailer);
    std::string body = signer.chunk("hello");
    body += signer.last_chunk();
    std::string tail = signer.trailer("x-amz-checksum-crc32c:AAAAAA==");
    if (!good) tail[tail.find("AAAA")] = 'B';
    const Outcome outcome = read(signer.identity, body + tail, 5, "x-amz-checksum-crc32c");
    EXPECT_EQ(outcome.reason, good ? "" : "SignatureDoesNotMatch");
    if (!good || !outcome.reason.empty()) continue;
    EXPECT_EQ(*find(outcome.trailers, "x-amz-checksum-crc32c"), "AAAAAA==");
  }
}

TEST(ChunkedBody, AnyChangedByteOfASignedBodyIsFound) {
  Signer signer(Payload::kChunks);
  std::string body = signer.chunk("hello");
  body += signer.chunk("world!");
  body += signer.last_chunk() + "\r\n";
  ASSERT_EQ(read(signer.identity, body, 11).text, "helloworld!");
  for (size_t i = 0; i < body.size(); ++i) {
    std::string changed = body;
    changed[i] ^= 1;
    const Outcome outcome = read(signer.identity, changed, 11);
    EXPECT_TRUE(!outcome.reason.empty() || outcome.text == "helloworld!") << i;
  }
}

TEST(ChunkedBody, AShortenedBodyIsNeverWhole) {
  Signer signer(Payload::kChunks);
  std::string body = signer.chunk("hello");
  body += signer.last_chunk() + "\r\n";
  for (size_t size = 0; size + 2 < body.size(); ++size) {
    EXPECT_NE(read(signer.identity, body.substr(0, size), 5).reason, "") << size;
  }
}

TEST(ChunkedBody, UnsignedChunksWithATrailer) {
  Signer signer(Payload::kUnsignedTrailer);
  const std::string body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
  const Outcome outcome = read(signer.identity, body, 5, "x-amz-checksum-crc32");
  EXPECT_EQ(outcome.reason, "");
  EXPECT_EQ(outcome.text, "hello");
  EXPECT_EQ(*find(outcome.trailers, "x-amz-checksum-crc32"), "NhCmhg==");
  EXPECT_EQ(read(signer.identity, body, 5, "x-amz-checksum-sha256").reason,
            "MalformedTrailerError");
  EXPECT_EQ(read(signer.identity, body, 6).reason, "IncompleteBody");
  EXPECT_EQ(read(signer.identity, body, 4).reason, "InvalidRequest");
  EXPECT_EQ(read(signer.identity, body + "x", 5).reason, "InvalidRequest");
  EXPECT_EQ(read(signer.identity, "xyz\r\n", 5).reason, "InvalidRequest");
  EXPECT_EQ(read(signer.identity, "ffffffffffffffff\r\n", 5).reason, "InvalidRequest");
  EXPECT_EQ(read(signer.identity, "0\r\n\r\n", 0).reason, "");
}

TEST(ChunkedBody, AWholeBodysHashIsComparedWithItsLastByte) {
  Identity identity;
  identity.anonymous = false;
  identity.payload = Payload::kWhole;
  identity.payload_hash = base::sha256_hex("hello");
  EXPECT_EQ(read(identity, "hello", 0).text, "hello");
  EXPECT_EQ(read(identity, "hellO", 0).reason, "XAmzContentSHA256Mismatch");
  EXPECT_EQ(read(identity, "", 0).reason, "XAmzContentSHA256Mismatch");
  TestRequest made("PUT", "/b/k", "hellO");
  auto opened = open_body(made.request, identity);
  ASSERT_TRUE(opened.ok());
  std::array<char, 5> exactly;  // never asks for the end
  EXPECT_FALSE((*opened)->read(exactly).ok());
}

TEST(ChunkedBody, TheDecodedLengthMustBeThere) {
  Signer signer(Payload::kChunks);
  TestRequest made("PUT", "/b/k", "");
  auto opened = open_body(made.request, signer.identity);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().reason, "MissingContentLength");
}

}  // namespace
}  // namespace howdah::aws
