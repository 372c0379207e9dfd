#include "base/json.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace howdah::base {
namespace {

JsonObject object_of(std::string_view text) { return parse_json(text).value().get_object(); }

TEST(Json, WhatIsAbsentNullOrOfAnotherTypeGivesTheDefault) {
  const JsonObject object =
      object_of(R"({"n":null,"s":"x","i":7,"d":1.5,"b":true,"big":18446744073709551615,)"
                R"("a":["p",3,"q"],"o":{"k":1}})");
  EXPECT_EQ(text_at(object, "s"), "x");
  EXPECT_EQ(text_at(object, "i", "none"), "none");
  EXPECT_EQ(text_at(object, "n", "none"), "none");
  EXPECT_EQ(int_at(object, "i"), 7);
  EXPECT_EQ(int_at(object, "d", -1), -1);
  EXPECT_EQ(int_at(object, "big", -1), -1);
  EXPECT_EQ(double_at(object, "d"), 1.5);
  EXPECT_EQ(double_at(object, "i"), 7.0);
  EXPECT_EQ(double_at(object, "big"), 18446744073709551615.0);
  EXPECT_TRUE(bool_at(object, "b"));
  EXPECT_TRUE(bool_at(object, "s", true));
  EXPECT_EQ(texts_at(object, "a"), (std::vector<std::string>{"p", "q"}));
  EXPECT_EQ(find(object, "n"), nullptr);
  EXPECT_EQ(find_array(object, "o"), nullptr);
  EXPECT_EQ(int_at(*find_object(object, "o"), "k"), 1);
}

TEST(Json, KeepsTheOrderOfKeys) {
  constexpr std::string_view text = R"({"z":1,"a":{"y":[],"b":null},"é":"\u0001\n"})";
  EXPECT_EQ(to_text(object_of(text)), text);
}

TEST(Json, IsPrettyForPeople) {
  EXPECT_EQ(to_pretty_text(object_of(R"({"a":[1,{"b":"x"}],"c":{},"d":[]})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x\"\n    }\n  ],\n  \"c\": {},\n  \"d\": "
            "[]\n}");
}

TEST(Json, FaultsNameTheirPlace) {
  EXPECT_NE(parse_json(R"({"a":1,})").error().message.find("at byte"), std::string::npos);
  EXPECT_FALSE(parse_json("").ok());
  EXPECT_FALSE(parse_json("nul").ok());
  EXPECT_FALSE(parse_json("1 2").ok());
  EXPECT_TRUE(parse_json(" {} \n").ok());
  EXPECT_TRUE(parse_json(std::string(60, '[') + std::string(60, ']')).ok());
}

TEST(Json, AnyTextGoesThereAndBackAndAnyBytesAreSafe) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) { (void)parse_json(bytes); }));
  EXPECT_TRUE(rc::check([] {
    const auto ascii = *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
    const std::string text = to_text(Json(ascii));
    RC_ASSERT(view_of(parse_json(text)->get_string()) == ascii);
  }));
}

}  // namespace
}  // namespace howdah::base
