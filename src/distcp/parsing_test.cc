// What others wrote: manifests, configuration files, protobuf messages, gzip; whole, broken, and
// mutated at random.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "distcp/codec.h"
#include "distcp/crc32c.h"
#include "distcp/hdfs_store.h"
#include "distcp/manifest.h"
#include "distcp/name_node.h"
#include "distcp/protobuf.h"
#include "distcp/site.h"

namespace howdah::distcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Calls `parse` with many damaged copies: it may refuse them, it must not fall over.
void mutate(const std::string& good, const std::function<void(std::string_view)>& parse) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 3000; ++round) {
    std::string text = good;
    for (int edits = 1 + static_cast<int>(random() % 4); edits > 0 && !text.empty(); --edits) {
      const size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 8);
          break;
        case 2:
          text.insert(at, text.substr(at, 1 + random() % 8));
          break;
        default:
          text.resize(at);
      }
    }
    parse(text);
  }
}

const std::vector<ManifestLine> kLines = {
    {"hdfs://h:8020/out/a \"b\".gz", "a \"b\".gz", "hdfs://h:8020/out", 12},
    {"s3://b/\xc3\xa4", "\xc3\xa4", "s3://b", 5'000'000'000}};

TEST(Manifest, IsReadAsItWasWritten) {
  const auto bytes = format_manifest(kLines);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes->substr(0, 2), "\x1f\x8b");
  const auto lines = parse_manifest(*bytes);
  ASSERT_TRUE(lines.ok()) << lines.error().message;
  EXPECT_EQ(*lines, kLines);
}

TEST(Manifest, IsAlsoPlainText) {
  const auto lines = parse_manifest(
      "{\"path\":\"hdfs:/out/000151.sst\",\"baseName\":\"000151.sst\",\"srcDir\":\"hdfs:/out\","
      "\"size\":2252}\r\n\n");
  ASSERT_TRUE(lines.ok());
  EXPECT_THAT(*lines,
              ElementsAre(ManifestLine{"hdfs:/out/000151.sst", "000151.sst", "hdfs:/out", 2252}));
  EXPECT_TRUE(parse_manifest("")->empty());
}

TEST(Manifest, NamesTheLineThatIsWrong) {
  EXPECT_THAT(parse_manifest("{}\n").error().message, HasSubstr("line 1"));
  EXPECT_THAT(parse_manifest("\n\n[1]").error().message, HasSubstr("line 3"));
  EXPECT_FALSE(parse_manifest("\x1f\x8bnot gzip").ok());
}

TEST(Manifest, SurvivesDamage) {
  const std::string good = *format_manifest(kLines);
  mutate(good, [](std::string_view text) { (void)parse_manifest(text); });
  mutate(*gunzip_text(good, 1 << 20), [](std::string_view text) { (void)parse_manifest(text); });
}

TEST(Gzip, ReadsSeveralMembersAsOne) {
  const std::string two = *gzip_text("hello ") + *gzip_text("") + *gzip_text("world");
  EXPECT_EQ(*gunzip_text(two, 100), "hello world");
  EXPECT_EQ(gunzip_text(two, 5).error().code, base::Code::kResourceExhausted);
  EXPECT_FALSE(gunzip_text(two.substr(0, two.size() - 4), 100).ok());
  EXPECT_EQ(*gunzip_text("", 100), "");
  mutate(two, [](std::string_view text) { (void)gunzip_text(text, 1 << 20); });
}

constexpr const char* kXml =
    "<?xml version=\"1.0\"?>\n<configuration>\n  <property><name>fs.defaultFS</name>"
    "<value> hdfs://ip-10-0-0-1:8020 </value><final>true</final></property>\n"
    "  <property><name>a</name><value>&lt;b&gt;</value></property></configuration>";

TEST(Configuration, IsReadFromHadoopsXml) {
  const auto properties = parse_configuration(kXml);
  ASSERT_TRUE(properties.ok());
  EXPECT_EQ(properties->at("fs.defaultFS"), "hdfs://ip-10-0-0-1:8020");
  EXPECT_EQ(properties->at("a"), "<b>");
  EXPECT_FALSE(parse_configuration("<configuration>").ok());
  EXPECT_FALSE(parse_configuration("<other/>").ok());
  mutate(kXml, [](std::string_view text) { (void)parse_configuration(text); });
}

TEST(Configuration, TellsWhereTheNameNodeAnswers) {
  Site site;
  site.default_fs = "hdfs://primary:8020";
  EXPECT_EQ(site.web_address("primary:8020"), "primary:9870");
  EXPECT_EQ(site.web_address("other:9000"), "other:9870");
  site.hadoop["dfs.namenode.http-address"] = "primary:50070";
  EXPECT_EQ(site.web_address("primary:8020"), "primary:50070");
  site.hadoop["dfs.namenode.http-address"] = "0.0.0.0:9871";
  EXPECT_EQ(site.web_address("primary:8020"), "primary:9871");
  EXPECT_EQ(site.web_address("other:8020"), "other:9870");
}

TEST(Configuration, LetsTheClustersEndpointStandForAmazons) {
  const auto endpoint = [](std::string_view asked, std::map<std::string, std::string> variables) {
    const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
      const auto at = variables.find(name);
      if (at == variables.end()) return std::nullopt;
      return at->second;
    };
    return load_site("/nonexistent", environment, asked)->s3_endpoint;
  };
  const std::map<std::string, std::string> node = {{"AWS_ENDPOINT_URL", "http://localhost:4566/"}};
  EXPECT_EQ(endpoint("", node), "http://localhost:4566");
  EXPECT_EQ(endpoint("s3.eu-west-1.amazonaws.com", node), "http://localhost:4566");
  EXPECT_EQ(endpoint("http://127.0.0.1:9000", node), "http://127.0.0.1:9000");
  EXPECT_EQ(endpoint("", {{"AWS_REGION", "eu-west-1"}}), "https://s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(endpoint("s3.amazonaws.com", {}), "https://s3.amazonaws.com");
}

TEST(Sizes, AreReadAsHadoopWritesThem) {
  EXPECT_EQ(parse_size("134217728"), 134217728u);
  EXPECT_EQ(parse_size("128m"), 134217728u);
  EXPECT_EQ(parse_size("1G"), 1073741824u);
  for (const char* wrong : {"", "m", "12x", "12mm", "-1", "99999999999t"}) {
    EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
  }
}

TEST(Protobuf, IsReadAsItWasWritten) {
  Message inner, outer;
  inner.text(1, "pool").number(2, 1073741825);
  outer.number(1, 300).signed_number(2, -3).fixed32(3, 7).fixed64(4, 1ull << 40);
  outer.message(5, inner).text(6, "a").text(6, "b").number(7, 1).number(7, 2);
  const auto fields = Fields::parse(outer.bytes());
  ASSERT_TRUE(fields.ok());
  EXPECT_EQ(fields->number(1), 300u);
  EXPECT_EQ(fields->signed_number(2), -3);
  EXPECT_EQ(fields->number(3), 7u);
  EXPECT_EQ(fields->number(4), 1ull << 40);
  EXPECT_EQ(Fields::parse(fields->text(5))->text(1), "pool");
  EXPECT_THAT(fields->texts(6), ElementsAre("a", "b"));
  EXPECT_THAT(fields->numbers(7), ElementsAre(1, 2));
  EXPECT_FALSE(fields->has(8));
  EXPECT_EQ(fields->number(8, 9), 9u);
  std::string_view delimited = "\x02hi!";
  EXPECT_EQ(take_delimited(delimited), "hi");
  EXPECT_EQ(delimited, "!");
  std::string_view cut = "\x05hi";
  EXPECT_EQ(take_delimited(cut), std::nullopt);
}

TEST(Protobuf, SurvivesDamage) {
  Message id, node, block, located, blocks;
  id.text(1, "10.0.0.2").text(2, "core").text(3, "uuid").number(4, 9866);
  node.message(1, id);
  block.text(1, "BP-1").number(2, 5).number(3, 1001).number(4, 42);
  located.message(1, block).number(2, 0).message(3, node).number(4, 0).text(5, "token");
  located.number(7, 1).text(8, "DS-1");
  blocks.number(1, 42).message(2, located);
  const auto read = parse_located_blocks(blocks.bytes());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->at(0).replicas.at(0).address, "10.0.0.2:9866");
  EXPECT_EQ(read->at(0).replicas.at(0).storage, "DS-1");
  EXPECT_EQ(read->at(0).size, 42u);
  mutate(blocks.bytes(), [](std::string_view text) { (void)parse_located_blocks(text); });
}

TEST(Crc32c, IsThatOfTheCastagnoliPolynomial) {
  std::string out;
  append_checksums("123456789", 512, out);  // the check value of CRC-32C
  EXPECT_EQ(out, "\xe3\x06\x92\x83");
  out.clear();
  append_checksums(std::string(1025, 'x'), 512, out);
  EXPECT_EQ(out.size(), 12u);
  EXPECT_EQ(out.substr(0, 4), out.substr(4, 4));
}

}  // namespace
}  // namespace howdah::distcp
