#include "base/json_members.h"

#include <gtest/gtest.h>

namespace howdah::base {
namespace {

TEST(JsonMembers, are_read_back_as_they_were_written) {
  const Time time = from_millis(1'700'000'000'123);
  const Pairs pairs = {{"b", "1"}, {"a", ""}, {"b", "2"}};
  JsonObject out;
  put_time(out, "time", time);
  put_time(out, "never", std::nullopt);
  out["pairs"] = pairs_json(pairs);
  out["texts"] = texts_json({"x", "", "y"});
  EXPECT_EQ(time_at(out, "time"), time);
  EXPECT_FALSE(out.contains("never"));
  EXPECT_EQ(time_at(out, "never"), std::nullopt);
  EXPECT_EQ(pairs_at(out, "pairs"), pairs);
  EXPECT_EQ(texts_at(out, "texts"), (std::vector<std::string>{"x", "", "y"}));
}

TEST(JsonMembers, of_another_type_or_absent_are_their_defaults) {
  const JsonObject in =
      parse_json(R"({"pairs": [["a"], ["a", 1], "b", ["c", "d"]], "number": 1})")->as_object();
  EXPECT_EQ(pairs_at(in, "pairs"), (Pairs{{"c", "d"}}));
  EXPECT_TRUE(pairs_at(in, "number").empty());
  EXPECT_EQ(string_at(in, "number", "none"), "none");
  EXPECT_EQ(string_at(in, "absent", "none"), "none");
  EXPECT_TRUE(object_at(in, "number").empty());
  EXPECT_TRUE(array_at(in, "number").empty());
}

}  // namespace
}  // namespace howdah::base
