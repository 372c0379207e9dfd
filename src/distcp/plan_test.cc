#include "distcp/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace howdah::distcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr uint64_t kMiB = 1 << 20;

// Files below s3://in/logs.
Findings found(const std::vector<std::pair<std::string, uint64_t>>& files) {
  Findings out;
  for (const auto& [name, size] : files) {
    Input input;
    input.location = {Scheme::kS3, "s3", "in", "logs/" + name};
    input.relative = name;
    input.size = size;
    out.inputs.push_back(std::move(input));
  }
  return out;
}

// "name <- input input", in the plan's order.
std::vector<std::string> shape(const base::Result<Plan>& plan) {
  if (!plan.ok()) return {"error: " + plan.error().message};
  std::vector<std::string> out;
  for (const Output& output : plan->outputs) {
    std::string line = output.relative + (output.append ? " <<-" : " <-");
    for (const Input& input : output.inputs) line += " " + input.relative;
    out.push_back(line);
  }
  return out;
}

TEST(Plan, CopiesEverythingUnderItsOwnName) {
  const auto plan = make_plan({}, found({{"b/2.txt", 5}, {"a.txt", 7}}));
  EXPECT_THAT(shape(plan), ElementsAre("a.txt <- a.txt", "b/2.txt <- b/2.txt"));
  EXPECT_EQ(plan->bytes, 12u);
  EXPECT_EQ(plan->outputs[0].size, 7u);
}

TEST(Plan, TakesOnlyWhatTheWholePatternMatches) {
  Options options;
  options.source_pattern = ".*daemons.*-hadoop-.*";
  EXPECT_THAT(shape(make_plan(options, found({{"i-1/daemons/x-hadoop-1.gz", 1}, {"other", 1}}))),
              ElementsAre("i-1/daemons/x-hadoop-1.gz <- i-1/daemons/x-hadoop-1.gz"));
  options.source_pattern = "s3://in/logs/.\\.txt";  // the full path, from its scheme on
  EXPECT_THAT(shape(make_plan(options, found({{"a.txt", 1}, {"aa.txt", 1}}))),
              ElementsAre("a.txt <- a.txt"));
  options.source_pattern = "txt";  // not a part of it
  EXPECT_TRUE(shape(make_plan(options, found({{"a.txt", 1}}))).empty());
}

TEST(Plan, JoinsWhatTheParenthesesCapture) {
  Options options;
  options.group_by = ".*subnetid.*([0-9]+-[0-9]+-[0-9]+-[0-9]+).*";
  options.group_by = ".*/(\\d\\d\\d\\d-\\d\\d)-.*";
  const auto plan = make_plan(
      options,
      found({{"x/2026-02-01", 1}, {"x/2026-01-31", 2}, {"x/2026-01-30", 3}, {"x/readme", 4}}));
  EXPECT_THAT(shape(plan),
              ElementsAre("x/2026-01 <- x/2026-01-30 x/2026-01-31", "x/2026-02 <- x/2026-02-01"));
  EXPECT_EQ(plan->outputs[0].size, 5u);
  EXPECT_EQ(plan->skipped, 1u);
}

TEST(Plan, JoinsGroupsAcrossFoldersAndSeveralParentheses) {
  Options options;
  options.group_by = ".*/(\\d+)/\\w(-\\d)\\.log";
  EXPECT_THAT(shape(make_plan(options, found({{"a/1/x-1.log", 1}, {"b/1/y-1.log", 1}}))),
              ElementsAre("a/1/1-1 <- a/1/x-1.log b/1/y-1.log"));
}

TEST(Plan, NeedsParenthesesAndARegularExpression) {
  Options options;
  options.group_by = ".*log.*";
  EXPECT_THAT(shape(make_plan(options, found({}))), ElementsAre(HasSubstr("no parentheses")));
  options.group_by = "(unclosed";
  EXPECT_THAT(shape(make_plan(options, found({}))), ElementsAre(HasSubstr("at character 9")));
  options.group_by = ".*(z?)log";
  EXPECT_THAT(shape(make_plan(options, found({{"log", 1}}))),
              ElementsAre(HasSubstr("could be a name")));
  options.group_by.clear();
  options.source_pattern = "*";
  EXPECT_THAT(shape(make_plan(options, found({}))), ElementsAre(HasSubstr("--srcPattern")));
}

TEST(Plan, StopsAPatternThatWouldRunForEver) {
  Options options;
  options.source_pattern = "(?:.|.)*(a+)+(a+)+(a+)+(a+)+$x";
  const auto plan = make_plan(options, found({{std::string(400, 'a'), 1}}));
  EXPECT_TRUE(!plan.ok() || plan->outputs.empty());
}

TEST(Plan, SplitsAGroupAtTheTargetSize) {
  Options options;
  options.group_by = ".*/(part\\.gz)\\..*";
  options.target_size = 2 * kMebibyte;
  EXPECT_THAT(shape(make_plan(options, found({{"part.gz.1", kMiB},
                                              {"part.gz.2", kMiB},
                                              {"part.gz.3", 5 * kMiB},
                                              {"part.gz.4", 1}}))),
              ElementsAre("part0.gz <- part.gz.1 part.gz.2", "part1.gz <- part.gz.3",
                          "part2.gz <- part.gz.4"));
  EXPECT_THAT(shape(make_plan(options, found({{"part.gz.1", kMiB}}))),
              ElementsAre("part.gz <- part.gz.1"));
}

TEST(Plan, NamesWhatACodecChanges) {
  Options options;
  options.output_codec = Codec::kGzip;
  auto plan = make_plan(options, found({{"a.txt", 1}, {"b.gz", 1}}));
  EXPECT_THAT(shape(plan), ElementsAre("a.txt.gz <- a.txt", "b.gz <- b.gz"));
  EXPECT_FALSE(plan->outputs[0].size.has_value());
  options.output_codec = Codec::kNone;
  EXPECT_THAT(shape(make_plan(options, found({{"a.txt.gz", 1}, {"c", 1}}))),
              ElementsAre("a.txt <- a.txt.gz", "c <- c"));
}

TEST(Plan, RefusesToWriteTwoFilesIntoOne) {
  Options options;
  options.output_codec = Codec::kNone;
  EXPECT_THAT(shape(make_plan(options, found({{"a", 1}, {"a.gz", 1}}))),
              ElementsAre(HasSubstr("would both become a")));
}

TEST(Plan, NumbersFiles) {
  Options options;
  options.number_files = true;
  options.starting_index = 9;
  EXPECT_THAT(shape(make_plan(options, found({{"x/a", 1}, {"x/b", 1}}))),
              ElementsAre("x/9a <- x/a", "x/10b <- x/b"));
}

TEST(Plan, LeavesOutWhatTheManifestHas) {
  Findings findings = found({{"a", 1}, {"b", 1}});
  findings.previous.push_back({"s3://out/a", "a", "s3://out", 1});
  EXPECT_THAT(shape(make_plan({}, std::move(findings))), ElementsAre("b <- b"));
}

TEST(Plan, AppendsToFilesAndGroupsThatAreThere) {
  Options options;
  options.append_to_last_file = true;
  Findings findings = found({{"a", 1}, {"b", 1}});
  findings.destination = Scheme::kHdfs;
  findings.present = {{"a", 100}};
  EXPECT_THAT(shape(make_plan(options, std::move(findings))), ElementsAre("a <<- a", "b <- b"));

  options.group_by = ".*/(k)-.*";
  options.target_size = 3 * kMebibyte;
  Findings groups = found({{"k-1", kMiB}, {"k-2", kMiB}, {"k-3", kMiB}});
  groups.present = {{"k0", 3 * kMiB}, {"k1", kMiB}, {"kx", 1}, {"other1", 1}};
  EXPECT_THAT(shape(make_plan(options, std::move(groups))),
              ElementsAre("k1 <<- k-1 k-2", "k2 <- k-3"));
  Findings full = found({{"k-1", kMiB}});
  full.present = {{"k", 3 * kMiB}};
  EXPECT_THAT(shape(make_plan(options, std::move(full))), ElementsAre("k1 <- k-1"));
}

TEST(Plan, FitsKeysIntoFileSystems) {
  Findings findings = found({{"a//b", 1}});
  findings.destination = Scheme::kHdfs;
  EXPECT_THAT(shape(make_plan({}, findings)), ElementsAre("a/b <- a//b"));
  findings.destination = Scheme::kS3;
  EXPECT_THAT(shape(make_plan({}, findings)), ElementsAre("a//b <- a//b"));
  Findings escaping = found({{"../etc/passwd", 1}});
  escaping.destination = Scheme::kLocal;
  EXPECT_THAT(shape(make_plan({}, escaping)), ElementsAre(HasSubstr("\"..\" in its name")));
}

TEST(Plan, KeepsTheStorageClassUnlessAnotherIsAsked) {
  Findings findings = found({{"a", 1}});
  findings.inputs[0].storage_class = "REDUCED_REDUNDANCY";
  EXPECT_EQ(make_plan({}, findings)->outputs[0].storage_class, "REDUCED_REDUNDANCY");
  Options options;
  options.storage_class = "STANDARD";
  EXPECT_EQ(make_plan(options, findings)->outputs[0].storage_class, "STANDARD");
}

TEST(Plan, PutsNumbersBeforeAnEnding) {
  EXPECT_EQ(with_number("myfile.gz", 0), "myfile0.gz");
  EXPECT_EQ(with_number("log", 12), "log12");
  EXPECT_EQ(with_number("2026.11.01", 3), "2026.11.013");
  EXPECT_EQ(with_number(".hidden", 3), ".hidden3");
}

}  // namespace
}  // namespace howdah::distcp
