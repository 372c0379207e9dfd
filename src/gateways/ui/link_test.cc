#include "gateways/ui/link.h"

#include <gtest/gtest.h>

namespace howdah::gateways {
namespace {

const base::Time kNow = base::from_millis(1767225600000);
const base::Time kLater = kNow + base::Millis(3600000);

TEST(UiToken, OpensItsClusterUntilItsHourIsOver) {
  const std::string token = make_ui_token("secret", "eu-west-1", "j-1", kLater);
  const auto grant = check_ui_token("secret", "j-1", token, kNow);
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->region, "eu-west-1");
  EXPECT_EQ(grant->until, kLater);
  EXPECT_FALSE(check_ui_token("secret", "j-1", token, kLater));
  EXPECT_FALSE(check_ui_token("secret", "j-2", token, kNow));
  EXPECT_FALSE(check_ui_token("another", "j-1", token, kNow));
}

TEST(UiToken, IsRefusedWhenAnyPartOfItWasChanged) {
  const std::string token = make_ui_token("secret", "us-east-1", "j-1", kLater);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == '7' ? '8' : '7';
    EXPECT_FALSE(check_ui_token("secret", "j-1", changed, kNow)) << changed;
  }
  for (const char* other : {"", ".", "..", "1767229200", "1767229200.us-east-1.", "a.b.c.d"})
    EXPECT_FALSE(check_ui_token("secret", "j-1", other, kNow)) << other;
}

TEST(UiPath, IsTakenApart) {
  struct Case {
    const char* path;
    const char* cluster;
    const char* node;
    uint16_t port;
    const char* rest;
    const char* prefix;
  } cases[] = {
      {"/_howdah/ui/j-1", "j-1", "", 0, "", ""},
      {"/_howdah/ui/j-1/", "j-1", "", 0, "", ""},
      {"/_howdah/ui/j-1/howdah.js", "j-1", "howdah.js", 0, "", ""},
      {"/_howdah/ui/j-1/primary/8088", "j-1", "primary", 8088, "", "/_howdah/ui/j-1/primary/8088"},
      {"/_howdah/ui/j-1/primary/8088/", "j-1", "primary", 8088, "/",
       "/_howdah/ui/j-1/primary/8088"},
      {"/_howdah/ui/j-1/i-0a/8042/node/../x//y%2Fz", "j-1", "i-0a", 8042, "/node/../x//y%2Fz",
       "/_howdah/ui/j-1/i-0a/8042"},
      {"/_howdah/ui/j-1/ip-10-0-0-1.ec2.internal/9864/", "j-1", "ip-10-0-0-1.ec2.internal", 9864,
       "/", "/_howdah/ui/j-1/ip-10-0-0-1.ec2.internal/9864"}};
  for (const Case& one : cases) {
    const auto path = parse_ui_path(one.path);
    ASSERT_TRUE(path) << one.path;
    EXPECT_EQ(path->cluster, one.cluster) << one.path;
    EXPECT_EQ(path->node, one.node) << one.path;
    EXPECT_EQ(path->port, one.port) << one.path;
    EXPECT_EQ(path->rest, one.rest) << one.path;
    EXPECT_EQ(path->prefix, one.prefix) << one.path;
  }
}

TEST(UiPath, OfAnotherFormIsNone) {
  for (const char* path :
       {"/_howdah/ui/", "/_howdah/ui//primary/8088/", "/_howdah/ui/../primary/8088/",
        "/_howdah/ui/j%2F1/primary/8088/", "/_howdah/ui/j-1/primary/0/",
        "/_howdah/ui/j-1/primary/65536/", "/_howdah/ui/j-1/primary/08088/",
        "/_howdah/ui/j-1/primary/80x/", "/_howdah/ui/j-1/primary/-1/", "/_howdah/ui/j-1/a:b@c/80/",
        "/_howdah/ui/j-1/primary//x", "/_howdah/other"}) {
    EXPECT_FALSE(parse_ui_path(path)) << path;
  }
}

TEST(UiCookie, IsFoundAmongOthersAndLeftOut) {
  EXPECT_EQ(cookie_value("a=b; howdah-ui=x.y.z; c=d", kUiCookie), "x.y.z");
  EXPECT_EQ(cookie_value("xhowdah-ui=1", kUiCookie), "");
  EXPECT_EQ(without_cookie("a=b; howdah-ui=x; c=d", kUiCookie), "a=b; c=d");
  EXPECT_EQ(without_cookie("howdah-ui=x", kUiCookie), "");
}

TEST(UiParameter, IsTakenOutOfTheQuery) {
  std::string value;
  EXPECT_EQ(without_parameter("a=b&howdah-token=x&c", kUiParameter, &value), "a=b&c");
  EXPECT_EQ(value, "x");
}

}  // namespace
}  // namespace howdah::gateways
