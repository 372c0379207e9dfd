#include "gateways/ui/rewrite_fuzz.cc"

#include <gtest/gtest.h>

#include <random>

namespace howdah::gateways {
namespace {

constexpr std::string_view kTokens[] = {"href=",
                                        "\"/",
                                        "'/x'",
                                        "src = \\\"/",
                                        "http://a/",
                                        "\"http://a:80",
                                        "//a:80/",
                                        "url(/",
                                        "url=/",
                                        "<!doctype html>",
                                        "<html>",
                                        "<!--",
                                        "-->",
                                        "<head>",
                                        "<title>",
                                        "/_howdah/",
                                        "https://a",
                                        ";http://",
                                        "=",
                                        "(",
                                        "h",
                                        "\\",
                                        "\n",
                                        "\xff",
                                        "/_howdah/ui/j-1/i-0/8088/x",
                                        "a=b; Path=/",
                                        "1.us-east-1.00"};

TEST(RewriteFuzz, NoPageBreaksTheRewriterOrIsReadInTwoWays) {
  std::mt19937 random(20270311);
  for (int round = 0; round < 6000; ++round) {
    std::string input(1, static_cast<char>(random()));
    for (size_t parts = random() % 60; parts > 0; --parts) {
      if (random() % 4 == 0) {
        input += std::string(random() % 300, static_cast<char>('a' + random() % 3));
      } else {
        input += kTokens[random() % std::size(kTokens)];
      }
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  }
}

}  // namespace
}  // namespace howdah::gateways
