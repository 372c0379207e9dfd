#include "objects/checksum.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/text.h"

namespace howdah::objects {
namespace {

std::string sum(Checksum algorithm, std::string_view bytes) {
  Summer summer(std::span(&algorithm, 1));
  summer.update(bytes);
  summer.finish();
  return summer.values.at(0).raw;
}

TEST(Checksum, MatchesPublishedVectors) {
  EXPECT_EQ(base::to_hex(sum(Checksum::kCrc64nvme, "123456789")), "ae8b14860a799888");
  EXPECT_EQ(base::to_hex(sum(Checksum::kCrc32, "123456789")), "cbf43926");
  EXPECT_EQ(base::to_hex(sum(Checksum::kCrc32c, "123456789")), "e3069283");
}

TEST(Checksum, OfAnEmptyBodyIsThere) {
  EXPECT_EQ(base::to_hex(sum(Checksum::kCrc64nvme, "")), "0000000000000000");
  EXPECT_EQ(sum(Checksum::kSha256, "").size(), 32u);
}

TEST(Checksum, IsFoundByEitherName) {
  for (Checksum checksum : kAllChecksums) {
    EXPECT_EQ(checksum_of(wire_name(checksum)), checksum);
    EXPECT_EQ(checksum_of(field_name(checksum)), checksum);
  }
  EXPECT_EQ(checksum_of("MD5"), std::nullopt);
}

TEST(Checksum, CombinedFromPartsEqualsThatOfTheWhole) {
  const bool held = rc::check([](const std::vector<std::string>& pieces) {
    for (Checksum algorithm : {Checksum::kCrc32, Checksum::kCrc32c, Checksum::kCrc64nvme}) {
      std::string whole;
      std::vector<PartSum> parts;
      for (const std::string& piece : pieces) {
        whole += piece;
        parts.push_back({sum(algorithm, piece), piece.size()});
      }
      RC_ASSERT(combined(algorithm, parts) == sum(algorithm, whole));
    }
  });
  EXPECT_TRUE(held);
  EXPECT_EQ(combined(Checksum::kSha1, {}), std::nullopt);
}

TEST(Checksum, CompositeIsTheSumOfTheRawSums) {
  const PartSum parts[] = {{sum(Checksum::kSha256, "a"), 1}, {sum(Checksum::kSha256, "b"), 1}};
  EXPECT_EQ(composite(Checksum::kSha256, parts),
            sum(Checksum::kSha256, parts[0].raw + parts[1].raw));
}

}  // namespace
}  // namespace howdah::objects
