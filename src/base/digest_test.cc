#include "base/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/text.h"

namespace howdah::base {
namespace {

constexpr Algorithm kAll[] = {Algorithm::kMd5, Algorithm::kSha1, Algorithm::kSha256,
                              Algorithm::kCrc32, Algorithm::kCrc32c};

TEST(Digest, PiecesGiveWhatTheWholeGives) {
  EXPECT_TRUE(rc::check([](const std::vector<std::string>& pieces) {
    for (const Algorithm algorithm : kAll) {
      Digest streamed(algorithm);
      for (const std::string& piece : pieces) streamed.update(piece);
      RC_ASSERT(streamed.finish() == digest(algorithm, join(pieces, "")));
    }
  }));
}

TEST(Digest, OfNothing) {
  EXPECT_EQ(to_hex(digest(Algorithm::kMd5, "")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(digest(Algorithm::kCrc32, "")), "00000000");
  EXPECT_EQ(to_hex(digest(Algorithm::kCrc32c, {})), "00000000");
  EXPECT_EQ(to_hex(hmac_sha256("", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Digest, Crc32cOfPublishedBlocks) {  // RFC 3720, B.4
  EXPECT_EQ(to_hex(digest(Algorithm::kCrc32c, std::string(32, '\0'))), "8a9136aa");
  EXPECT_EQ(to_hex(digest(Algorithm::kCrc32c, std::string(32, '\xff'))), "62a8ab43");
}

TEST(Digest, AMovedDigestGoesOn) {
  Digest first(Algorithm::kSha256);
  first.update("ab");
  Digest second(std::move(first));
  second.update("c");
  EXPECT_EQ(second.finish(), digest(Algorithm::kSha256, "abc"));
}

}  // namespace
}  // namespace howdah::base
