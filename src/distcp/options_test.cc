#include "distcp/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace howdah::distcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

base::Result<Options> parse(const std::vector<std::string>& arguments) {
  return parse_options(arguments);
}

std::string fault(const std::vector<std::string>& arguments) {
  const auto parsed = parse(arguments);
  return parsed.ok() ? "accepted" : parsed.error().message;
}

TEST(Options, TakeTheirValueBehindAnEqualsSignOrAsTheNextArgument) {
  for (const auto& arguments :
       {std::vector<std::string>{"--src=s3://a/b", "--dest=hdfs:///c", "--groupBy=.*(x=1).*",
                                 "--targetSize=2"},
        std::vector<std::string>{"--src", "s3://a/b", "--dest", "hdfs:///c", "--groupBy",
                                 ".*(x=1).*", "--targetSize", "2"}}) {
    const auto parsed = parse(arguments);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(parsed->source, "s3://a/b");
    EXPECT_EQ(parsed->destination, "hdfs:///c");
    EXPECT_EQ(parsed->group_by, ".*(x=1).*");
    EXPECT_EQ(parsed->target_size, 2 * kMebibyte);
    EXPECT_TRUE(parsed->notes.empty());
  }
}

TEST(Options, HaveTheDefaultsOfAws) {
  const auto parsed = parse({"--src=/a", "--dest=/b"});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->chunk_size, 16 * kMebibyte);
  EXPECT_TRUE(parsed->require_previous_manifest);
  EXPECT_EQ(parsed->output_codec, Codec::kKeep);
  EXPECT_EQ(parsed->starting_index, 0);
  EXPECT_FALSE(parsed->delete_on_success);
}

TEST(Options, KnowFlagsAloneWithAnEqualsSignAndWithTheNextArgument) {
  const auto parsed =
      parse({"--deleteOnSuccess", "--requirePreviousManifest=false", "--numberFiles", "true",
             "--appendToLastFile", "false", "--src=/a", "--dest=/b"});
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_TRUE(parsed->delete_on_success);
  EXPECT_FALSE(parsed->require_previous_manifest);
  EXPECT_TRUE(parsed->number_files);
  EXPECT_FALSE(parsed->append_to_last_file);
}

TEST(Options, TakeHadoopsGenericOnes) {
  const auto parsed =
      parse({"-Ddfs.replication=1", "-D", "a=b=c", "-conf", "x.xml", "--src=/a", "--dest=/b"});
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_THAT(parsed->properties, ElementsAre(Pair("dfs.replication", "1"), Pair("a", "b=c")));
  EXPECT_THAT(parsed->notes, ElementsAre(HasSubstr("-conf has no effect")));
}

TEST(Options, SayWhatHasNoEffect) {
  const auto parsed = parse({"--src=/a", "--dest=/b", "--targetSize=1", "--startingIndex=3",
                             "--filesPerMapper=5", "--tmpDir=/t"});
  ASSERT_TRUE(parsed.ok());
  EXPECT_THAT(parsed->notes, ElementsAre(HasSubstr("targetSize"), HasSubstr("startingIndex"),
                                         HasSubstr("filesPerMapper"), HasSubstr("tmpDir")));
}

TEST(Options, NameWhatIsWrong) {
  EXPECT_THAT(fault({"--dest=/b"}), HasSubstr("--src is missing"));
  EXPECT_THAT(fault({"--src=/b"}), HasSubstr("--dest is missing"));
  EXPECT_THAT(fault({"--src=/a", "--dest=/b", "--nope"}), HasSubstr("unknown option --nope"));
  EXPECT_THAT(fault({"--src=/a", "--dest=/b", "extra"}), HasSubstr("\"extra\""));
  EXPECT_THAT(fault({"--src"}), HasSubstr("needs LOCATION"));
  EXPECT_THAT(fault({"--src=", "--dest=/b"}), HasSubstr("empty value"));
  EXPECT_THAT(fault({"--targetSize=1.5"}), HasSubstr("whole number"));
  EXPECT_THAT(fault({"--targetSize=0"}), HasSubstr("1 to"));
  EXPECT_THAT(fault({"--multipartUploadChunkSize=4"}), HasSubstr("limits of S3"));
  EXPECT_THAT(fault({"--storageClass=GLACIER"}), HasSubstr("REDUCED_REDUNDANCY"));
  EXPECT_THAT(fault({"--outputCodec=lzo"}), HasSubstr("not available"));
  EXPECT_THAT(fault({"--outputCodec=zip"}), HasSubstr("is no codec"));
  EXPECT_THAT(fault({"--numberFiles=maybe"}), HasSubstr("true or false"));
  EXPECT_THAT(fault({"--copyFromManifest", "--dest=/b"}), HasSubstr("--previousManifest"));
  EXPECT_THAT(fault({"--encryptionKey=k"}), HasSubstr("not available"));
  EXPECT_THAT(fault({"-D"}), HasSubstr("name=value"));
}

TEST(Options, NeedNothingBesideHelp) {
  const auto parsed = parse({"--help"});
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->help);
  for (const char* name : {"--srcPattern", "--srcPrefixesFile", "--outputManifest", "-D"}) {
    EXPECT_THAT(usage(), HasSubstr(name));
  }
}

}  // namespace
}  // namespace howdah::distcp
