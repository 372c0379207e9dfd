#include "aws/compressed_body.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "aws/test_request.h"

namespace howdah::aws {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(CompressedBody, WhatWasCompressedComesBack) {
  std::string text;
  for (int i = 0; i < 50000; ++i) text += std::to_string(i);
  EXPECT_EQ(*decompress(gzip(text), 1 << 20), text);
  EXPECT_EQ(*decompress(gzip(""), 1 << 20), "");
}

TEST(CompressedBody, BrokenAndOversizedBodiesAreRefused) {
  const std::string good = gzip(std::string(100000, 'a'));
  EXPECT_EQ(decompress("plain", 100).error().reason, "SerializationException");
  EXPECT_EQ(decompress("", 100).error().reason, "SerializationException");
  EXPECT_EQ(decompress(good.substr(0, good.size() / 2), 1 << 20).error().reason,
            "SerializationException");
  EXPECT_EQ(decompress(good, 1000).error().code, base::Code::kInvalidArgument);
}

TEST(CompressedBody, TheHeaderSaysSo) {
  TestRequest made("POST", "/", "");
  EXPECT_FALSE(is_compressed(made.request));
  made.request.headers.add("Content-Encoding", "GZIP");
  EXPECT_TRUE(is_compressed(made.request));
}

}  // namespace
}  // namespace howdah::aws
