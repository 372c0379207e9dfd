#include "iam/request_context.h"

#include <gtest/gtest.h>

namespace howdah::iam {
namespace {

std::string one(const Context& context, std::string_view key) {
  const auto* values = context.find(key);
  if (!values) return "unknown";
  return values->empty() ? "absent" : values->front();
}

TEST(RequestContext, TellsWhereTheRequestCameFrom) {
  const Context v4 = request_context({.peer = "127.0.0.1:50000", .region = "us-east-1"});
  EXPECT_EQ(one(v4, "aws:SourceIp"), "127.0.0.1");
  EXPECT_EQ(one(v4, "aws:RequestedRegion"), "us-east-1");
  EXPECT_EQ(one(v4, "aws:SecureTransport"), "false");
  EXPECT_EQ(one(v4, "aws:Referer"), "absent");
  EXPECT_EQ(one(v4, "aws:RequestTag/x"), "unknown");
  const Context v6 = request_context({.peer = "[::1]:50000", .tls = true});
  EXPECT_EQ(one(v6, "aws:SourceIp"), "::1");
  EXPECT_EQ(one(v6, "aws:SecureTransport"), "true");
}

TEST(RequestContext, TellsTheTagsOfTheInput) {
  const auto list = base::parse_json(R"({"Tags":[{"Key":"team","Value":"a"},{"Key":"x"}]})");
  const Context context = request_context({.peer = "a:1", .input = &list->get_object()});
  EXPECT_EQ(one(context, "aws:RequestTag/team"), "a");
  EXPECT_EQ(one(context, "aws:RequestTag/other"), "absent");
  EXPECT_EQ(context.find("aws:TagKeys")->size(), 2u);
  const auto map = base::parse_json(R"({"tags":{"team":"b"}})");
  EXPECT_EQ(
      one(request_context({.peer = "a:1", .input = &map->get_object()}), "aws:RequestTag/team"),
      "b");
}

TEST(RequestContext, TellsWhatAListingAsksFor) {
  const auto input = base::parse_json(R"({"Bucket":"b","Prefix":"","MaxKeys":5})");
  const Context context =
      request_context({.peer = "a:1", .service = "s3", .input = &input->get_object()});
  EXPECT_EQ(one(context, "s3:prefix"), "");
  EXPECT_EQ(one(context, "s3:delimiter"), "absent");
  EXPECT_EQ(one(context, "s3:max-keys"), "5");
}

}  // namespace
}  // namespace howdah::iam
