#include "apps/releases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "apps/files.h"
#include "apps/test_folder.h"

namespace howdah::apps {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Releases, NewestFirst) {
  EXPECT_TRUE(newer_label("emr-7.10.0", "emr-7.9.0"));
  EXPECT_TRUE(newer_label("emr-spark-8.0.0", "emr-7.14.0"));
  EXPECT_TRUE(newer_label("emr-spark-8.1.0", "emr-spark-8.0.0"));
  EXPECT_FALSE(newer_label("emr-6.4.0", "emr-6.4.0"));
}

TEST(Releases, TheRepositorysOwnAreWhole) {
  const base::Result<Releases> loaded = Releases::load(apps_folder());
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const Releases& releases = *loaded;
  EXPECT_THAT(releases.runnable_labels(),
              ElementsAre("emr-7.10.0", "emr-7.9.0", "emr-6.15.0", "emr-6.8.0", "emr-6.5.0"));
  EXPECT_EQ(releases.all().front().label, "emr-spark-8.1.0");
  EXPECT_EQ(releases.all().back().label, "emr-6.4.0");
  const Release* release = releases.find("emr-7.10.0");
  ASSERT_NE(release, nullptr);
  EXPECT_EQ(release->spark_version, "3.5.5");
  EXPECT_EQ(release->aws_versions.at("Spark"), "3.5.5-amzn-1");
  EXPECT_THAT(release->applications, Contains(testing::Pair("Spark", "3.5.5")));
  EXPECT_EQ(*find_application(*release, "spark"), "Spark");
  EXPECT_EQ(find_application(*release, "Spork"), nullptr);
  EXPECT_EQ(releases.find("emr-7.10"), nullptr);
}

TEST(Releases, EveryFileOfAManifestIsNamedOnceAndChecked) {
  const Releases releases = *Releases::load(apps_folder());
  for (const std::string& label : releases.runnable_labels()) {
    for (const Manifest& manifest : releases.find(label)->manifests) {
      std::set<std::string> files;
      for (const Artifact& artifact : manifest.artifacts())
        EXPECT_TRUE(files.insert(artifact.file).second) << label << ": " << artifact.file;
    }
  }
  const Manifest& spark = *releases.find("emr-7.10.0")->manifest_of("Spark");
  EXPECT_EQ(spark.artifacts().front().name, "pyspark");
  EXPECT_GT(spark.download_bytes(), 317'000'000u);
  EXPECT_THAT(spark.folder_name(), testing::MatchesRegex("spark-3\\.5\\.5-[0-9a-f]{12}"));
}

TEST(Releases, ABrokenManifestNamesFileAndMember) {
  TestFolder folder;
  ASSERT_TRUE(make_folders(folder.path() / "releases").ok());
  const auto problem = [&](std::string_view text) {
    CHECK(write_file(folder.path() / "releases/emr-1.0.0.json", text).ok());
    const base::Result<Releases> loaded = Releases::load(folder.path());
    return loaded.ok() ? std::string() : loaded.error().message;
  };
  EXPECT_THAT(problem("{"), HasSubstr("emr-1.0.0.json"));
  EXPECT_THAT(problem("[]"), HasSubstr("not an object"));
  EXPECT_THAT(problem(R"({"label":"emr-2.0.0"})"), HasSubstr("\"label\""));
  EXPECT_THAT(problem(R"({"label":"emr-1.0.0"})"), HasSubstr("\"applications\""));
  EXPECT_THAT(problem(R"({"label":"emr-1.0.0","applications":{"A":1}})"),
              HasSubstr("version of A"));
  EXPECT_THAT(problem(R"({"label":"emr-1.0.0","applications":{"A":"1"},"runs":{"B":"1"}})"),
              HasSubstr("B is not in"));
  EXPECT_THAT(problem(R"({"label":"emr-1.0.0","applications":{"A":"1"},"runs":{"A":"1"}})"),
              HasSubstr("a/manifest.json"));
  EXPECT_EQ(problem(R"({"label":"emr-1.0.0","applications":{"A":"1"}})"), "");
}

TEST(Manifest, RefusesNamesThatLeadElsewhere) {
  TestFolder folder;
  const std::string hash(64, '0');
  const auto problem = [&](const std::string& home) {
    CHECK(write_file(folder.path() / "manifest.json",
                     R"({"application":"A","versions":{"1":{"java":17,"home":)" + home +
                         R"(,"compiler":{},"jars":[],"python_packages":[]}}})")
              .ok());
    return load_manifest(folder.path() / "manifest.json", "1").error().message;
  };
  const auto home = [&](const std::string& file, const std::string& sha, int bytes) {
    return R"({"package":"p","version":"1","file":")" + file + R"(","sha256":")" + sha +
           R"(","bytes":)" + std::to_string(bytes) + "}";
  };
  EXPECT_THAT(problem(home("../x", hash, 1)), HasSubstr("\"file\""));
  EXPECT_THAT(problem(home("-x", hash, 1)), HasSubstr("\"file\""));
  EXPECT_THAT(problem(home("x", "ABC", 1)), HasSubstr("\"sha256\""));
  EXPECT_THAT(problem(home("x", hash, 0)), HasSubstr("\"bytes\""));
  EXPECT_THAT(load_manifest(folder.path() / "manifest.json", "2").error().message,
              HasSubstr("version 2"));
}

}  // namespace
}  // namespace howdah::apps
