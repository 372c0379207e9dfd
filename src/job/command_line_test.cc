#include "job/command_line.h"

#include <gtest/gtest.h>

namespace howdah::job {
namespace {

using Words = std::vector<std::string>;

TEST(CommandLine, is_taken_apart_as_a_shell_does) {
  const struct {
    std::string text;
    Words words;
  } cases[] = {
      {"", {}},
      {"  --conf  a=b\t--name x\n", {"--conf", "a=b", "--name", "x"}},
      {"--conf a='b c'", {"--conf", "a=b c"}},
      {"--conf \"a=b c\"", {"--conf", "a=b c"}},
      {"a\"b\"'c'd", {"abcd"}},
      {"'' \"\"", {"", ""}},
      {R"("say \"hi\" \\ \n")", {R"(say "hi" \ \n)"}},
      {R"('no \ escape')", {R"(no \ escape)"}},
      {R"(a\ b \'c)", {"a b", "'c"}},
      {"$HOME ~ *.py; rm|x `ls` $(ls)", {"$HOME", "~", "*.py;", "rm|x", "`ls`", "$(ls)"}},
      {"--conf \\\n a=b", {"--conf", "a=b"}},
      {"end\\", {"end\\"}},
      {"größe=ß", {"größe=ß"}},
  };
  for (const auto& one : cases) {
    const auto words = split_command_line(one.text);
    ASSERT_TRUE(words.ok()) << one.text;
    EXPECT_EQ(*words, one.words) << one.text;
  }
}

TEST(CommandLine, an_open_quote_is_refused) {
  for (const char* text : {"'", "\"a b", "a 'b\"c\"", "--conf a=\"b"}) {
    const auto words = split_command_line(text);
    ASSERT_FALSE(words.ok()) << text;
    EXPECT_EQ(words.error().code, base::Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace howdah::job
