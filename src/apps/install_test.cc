#include "apps/install.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include "apps/fetch.h"
#include "apps/files.h"
#include "apps/java.h"
#include "apps/test_folder.h"
#include "base/digest.h"

namespace howdah::apps {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::string_view kNoSuch = "howdah-there-is-no-such-package";

void put(const fs::path& path, std::string_view contents) {
  CHECK(make_folders(path.parent_path()).ok());
  CHECK(write_file(path, contents).ok());
}

std::string artifact(std::string_view members, std::string_view contents) {
  return "{" + std::string(members) +
         ",\"version\":\"1\",\"bytes\":" + std::to_string(contents.size()) + ",\"sha256\":\"" +
         base::sha256_hex(contents) + "\"}";
}

/// An apps/ folder of one label whose application is a few bytes of text.
struct Small {
  Small() {
    put(apps / "releases/emr-7.10.0.json",
        R"({"label":"emr-7.10.0","applications":{"Spark":"1-amzn-0"},"runs":{"Spark":"1"}})");
    put(apps / "releases/emr-7.9.0.json",
        R"({"label":"emr-7.9.0","applications":{"Spark":"3.5.5-amzn-0"}})");
    put(apps / "spark/manifest.json",
        R"({"application":"Spark","versions":{"1":{"java":17,"python":"3.11","home":)" +
            artifact("\"package\":\"" + std::string(kNoSuch) + "\",\"file\":\"home.tar.gz\"",
                     "home") +
            ",\"compiler\":" + artifact("\"group\":\"g\",\"artifact\":\"compiler\"", "compiler") +
            ",\"jars\":[],\"python_packages\":[]}}}");
    releases = *Releases::load(apps);
  }
  base::Result<Installed> install_with(InstallOptions options) {
    options.engines_root = engines;
    options.on_progress = [this](const Progress& progress) { seen.push_back(progress); };
    return install(releases, "emr-7.10.0", options, clock);
  }
  TestFolder folder;
  fs::path apps = folder.path() / "apps";
  fs::path engines = folder.path() / "engines";
  fs::path cache = folder.path() / "cache";
  base::SystemClock clock;
  Releases releases;
  std::vector<Progress> seen;
};

TEST(Install, UnknownAndUnrunnableLabelsListTheRunnable) {
  Small small;
  base::Result<Installed> unknown =
      install(small.releases, "emr-9.9.9", {.engines_root = small.engines}, small.clock);
  EXPECT_EQ(unknown.error().code, base::Code::kNotFound);
  EXPECT_THAT(unknown.error().message, HasSubstr("emr-7.10.0"));
  base::Result<Installed> idle =
      install(small.releases, "emr-7.9.0", {.engines_root = small.engines}, small.clock);
  EXPECT_EQ(idle.error().code, base::Code::kFailedPrecondition);
  EXPECT_THAT(idle.error().message, HasSubstr("runnable: emr-7.10.0"));
}

TEST(Install, OfflineWithoutACacheNamesTheFolder) {
  Small small;
  base::Result<Installed> result = small.install_with({.cache = small.cache, .offline = true});
  EXPECT_THAT(result.error().message, HasSubstr(small.cache.string()));
  EXPECT_FALSE(installed(small.releases, "emr-7.10.0", small.engines));
}

TEST(Install, OfflineNamesTheFirstMissingFile) {
  Small small;
  put(small.cache / "compiler-1.jar", "compiler");
  base::Result<Installed> result = small.install_with({.cache = small.cache, .offline = true});
  EXPECT_THAT(result.error().message, HasSubstr("home.tar.gz"));
  EXPECT_THAT(result.error().message, HasSubstr("1 of 2 files are missing"));
  const std::optional<Progress> progress = read_progress(small.engines, "emr-7.10.0");
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->error, result.error().message);
}

TEST(Install, AWrongChecksumNamesPackageExpectedAndGot) {
  Small small;
  put(small.cache / "compiler-1.jar", "compiler");
  put(small.cache / "home.tar.gz", "tampered");
  base::Result<Installed> result = small.install_with({.cache = small.cache, .offline = true});
  EXPECT_THAT(result.error().message, HasSubstr(std::string(kNoSuch) + " 1: home.tar.gz"));
  EXPECT_THAT(result.error().message, HasSubstr("expected SHA-256 " + base::sha256_hex("home")));
  EXPECT_THAT(result.error().message, HasSubstr("got " + base::sha256_hex("tampered")));
}

TEST(Install, AFailedDownloadNamesPackageAndCause) {
  Small small;
  put(small.cache / "compiler-1.jar", "compiler");
  // A pip that fails at once, without any network.
  const fs::path pip = small.folder.path() / "python";
  put(pip,
      "#!/bin/sh\n[ \"$3\" = --version ] && exit 0\necho Collecting\necho 'ERROR: No matching "
      "distribution found'\nexit 1\n");
  fs::permissions(pip, fs::perms::owner_all);
  base::Result<Installed> result =
      small.install_with({.cache = small.cache, .python = pip.string()});
  EXPECT_EQ(result.error().code, base::Code::kUnavailable);
  EXPECT_THAT(result.error().message,
              HasSubstr("pip could not download " + std::string(kNoSuch) + " 1"));
  EXPECT_THAT(result.error().message, HasSubstr("ERROR: No matching distribution found"));
  EXPECT_THAT(result.error().message, HasSubstr("pip-" + std::string(kNoSuch) + ".log"));
  EXPECT_EQ(small.seen.back().error, result.error().message);
}

TEST(Install, WhatWasDownloadedIsVerifiedAndKeptInTheCache) {
  Small small;
  put(small.cache / "compiler-1.jar", "compiler");
  const fs::path pip = small.folder.path() / "python";
  // "-d" is the eighth argument after -m pip download --no-deps --no-binary NAME.
  put(pip,
      "#!/bin/sh\n[ \"$2\" = pip ] && [ \"$3\" = download ] && printf home > "
      "\"$8/home.tar.gz\"\nexit 0\n");
  fs::permissions(pip, fs::perms::owner_all);
  base::Result<Installed> result =
      small.install_with({.cache = small.cache, .python = pip.string()});
  EXPECT_EQ(*read_file(small.cache / "home.tar.gz"), "home");
  EXPECT_THAT(result.error().message,
              HasSubstr("unpacking home.tar.gz ended with exit code"));  // it is no archive
  EXPECT_THAT(small.seen[0].text, HasSubstr("Checking the files of Spark 1"));
}

TEST(Progress, ReadsAsPeopleExpect) {
  EXPECT_EQ(download_text("Spark 3.5.5", 140'400'000, 316'900'000),
            "Downloading Spark 3.5.5, 140 of 317 MB");
}

TEST(Progress, IsWrittenAtMostEvery250Milliseconds) {
  TestFolder folder;
  base::FakeClock clock;
  int written = 0;
  ProgressFile file(
      progress_path(folder.path(), "emr-7.10.0"), [&](const Progress&) { ++written; }, clock);
  file.update({.phase = "downloading", .text = "1", .done_bytes = 1, .total_bytes = 9});
  clock.advance(base::Millis(249));
  file.update({.phase = "downloading", .text = "2", .done_bytes = 2, .total_bytes = 9});
  EXPECT_EQ(read_progress(folder.path(), "emr-7.10.0")->done_bytes, 1u);
  clock.advance(base::Millis(1));
  file.update({.phase = "downloading", .text = "3", .done_bytes = 3, .total_bytes = 9});
  EXPECT_EQ(read_progress(folder.path(), "emr-7.10.0")->text, "3");
  file.update({.phase = "unpacking", .text = "4"});
  EXPECT_EQ(read_progress(folder.path(), "emr-7.10.0")->phase, "unpacking");
  EXPECT_EQ(written, 3);
  file.finish();
  EXPECT_FALSE(read_progress(folder.path(), "emr-7.10.0").has_value());
}

TEST(Progress, AnythingElseInTheFileIsNoProgress) {
  for (const char* text : {"", "[", "[]", "{}", "{\"phase\":7}", "null"})
    EXPECT_FALSE(parse_progress(text)) << text;
}

TEST(Fetch, ArgumentsAreArraysAndNameNoHost) {
  FetchSpec spec{.python_version = "3.11", .machine = "x86_64", .incoming = "/in", .python = "py"};
  const Artifact spark{.name = "pyspark", .version = "3.5.5", .file = "pyspark-3.5.5.tar.gz"};
  EXPECT_EQ(pip_source_argv(spec, spark),
            (std::vector<std::string>{"py", "-m", "pip", "download", "--no-deps", "--no-binary",
                                      "pyspark", "-d", "/in", "pyspark==3.5.5"}));
  const std::string project = maven_project({{.group = "g", .name = "a<b", .version = "1"}});
  EXPECT_THAT(project, HasSubstr("<artifactId>a&lt;b</artifactId>"));
  EXPECT_THAT(project, testing::Not(HasSubstr("<repositor")));
}

TEST(Fetch, AClientsLogSaysWhyItFailed) {
  EXPECT_EQ(failure_in_log("a\nERROR: no such package\nb\n"), "ERROR: no such package");
  EXPECT_EQ(failure_in_log("[INFO] x\n[ERROR] Could not resolve y\n[ERROR] \n[ERROR] -> help\n"),
            "[ERROR] Could not resolve y; [ERROR] -> help");
  EXPECT_EQ(failure_in_log("one\ntwo\n\n"), "two");
  EXPECT_EQ(failure_in_log(""), "");
}

TEST(Java, MajorVersionsOldAndNew) {
  EXPECT_EQ(java_major("IMPLEMENTOR=\"Debian\"\nJAVA_VERSION=\"17.0.9\"\n"), 17);
  EXPECT_EQ(java_major("JAVA_VERSION=\"1.8.0_402\""), 8);
  EXPECT_EQ(java_major("JAVA_VERSION=\"25\""), 25);
  EXPECT_EQ(java_major(""), 0);
}

TEST(Java, TheRightOneIsTakenAndTheMissingOneNamed) {
  TestFolder folder;
  for (const char* version : {"11", "17"}) {
    const fs::path home = folder.path() / version;
    put(home / "release", std::string("JAVA_VERSION=\"") + version + ".0.1\"\n");
    put(home / "bin/java", "");
    fs::permissions(home / "bin/java", fs::perms::owner_all);
  }
  EXPECT_EQ(find_java(17, {folder.path() / "none", folder.path() / "11", folder.path() / "17"})
                ->filename(),
            "17");
  EXPECT_THAT(find_java(21, {folder.path() / "11"}).error().message,
              HasSubstr("openjdk-21-jre-headless"));
}

}  // namespace
}  // namespace howdah::apps
