#include "http/request_fuzz.cc"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace howdah::http {
namespace {

const std::vector<std::string>& corpus() {
  static const std::vector<std::string> kInputs = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.0\r\n\r\n",
      "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
      "5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\nGET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\nX-Amz-Date: \xc3\xa9\r\n\r\n"};
  return kInputs;
}

constexpr std::string_view kTokens[] = {"\r\n",
                                        "\r\n\r\n",
                                        "\n",
                                        "\r",
                                        ":",
                                        " ",
                                        "\t",
                                        ";",
                                        "0\r\n",
                                        "ffffffffffffffff\r\n",
                                        "Content-Length: 3\r\n",
                                        "Transfer-Encoding: chunked\r\n",
                                        "HTTP/1.1",
                                        "Host: b\r\n",
                                        "\xff",
                                        "-1",
                                        "\r\n x"};

std::string mutated(std::string input, std::mt19937& random) {
  const auto upto = [&](size_t limit) { return static_cast<size_t>(random() % (limit + 1)); };
  for (size_t changes = 1 + upto(4); changes > 0; --changes) {
    const size_t at = upto(input.size());
    switch (random() % 5) {
      case 0:
        input.insert(at, kTokens[random() % std::size(kTokens)]);
        break;
      case 1:
        input.erase(at, upto(10));
        break;
      case 2:
        if (at < input.size()) input[at] = static_cast<char>(random());
        break;
      case 3:
        input.insert(at, input.substr(upto(input.size()), upto(60)));
        break;
      default:
        input.resize(at);
        break;
    }
  }
  return input;
}

TEST(RequestFuzz, NoInputBreaksTheParser) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 20000; ++round) {
    const std::string input = mutated(corpus()[random() % corpus().size()], random);
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  }
}

}  // namespace
}  // namespace howdah::http
