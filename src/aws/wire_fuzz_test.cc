#include "aws/wire_fuzz.cc"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace howdah::aws {
namespace {

const std::vector<std::string>& corpus() {
  static const std::vector<std::string> kInputs = {
      std::string("\0", 1) +
          R"({"Name":"a","Instances":{"InstanceCount":1,)"
          R"("InstanceGroups":[{"InstanceRole":"MASTER"}]},)"
          R"("Steps":[{"Name":"s","HadoopJarStep":{"Jar":"x","Args":["a"]}}],"Configurations":[)"
          R"({"Classification":"c","Configurations":[{"Properties":{"a":"b"}}]}]})",
      "\1Action=SimulatePrincipalPolicy&PolicySourceArn=arn%3Aaws&ActionNames.member.1=s3%3AGet&"
      "ContextEntries.member.1.ContextKeyName=aws:x&ContextEntries.member.1.ContextKeyValues."
      "member.2=v",
      "\2<LifecycleConfiguration "
      "xmlns=\"x\"><Rule><ID>r</ID><Filter><And><Prefix>p</Prefix><Tag><Key>a"
      "</Key><Value>b</Value></Tag></And></Filter><Status>Enabled</Status><Expiration><Date>"
      "2026-01-31T00:00:00Z</Date><Days>3</Days></Expiration></Rule></LifecycleConfiguration>",
      "\3b/k?list-type=2&max-keys=3&X-Amz-Expires=5\nAWS4-HMAC-SHA256 "
      "Credential=AK/20260131/us-east-1/s3/"
      "aws4_request, SignedHeaders=host;x-amz-date, Signature=00\nb.localhost:1\na/b\nbody",
      "\4"
      "5;chunk-signature=aa\r\nhello\r\n0\r\nx-amz-checksum-crc32:aaaa\r\n\r\n"};
  return kInputs;
}

constexpr std::string_view kTokens[] = {"{",        "}",
                                        "[",        "]",
                                        "\"",       ":",
                                        ",",        "<",
                                        "</",       ">",
                                        "&",        "=",
                                        "%",        "%2",
                                        "null",     "1e999",
                                        "-1",       ".member.",
                                        ".1",       "\r\n",
                                        "\n",       "/",
                                        ";",        "ffffffffffffffff",
                                        "\xff",     "<!DOCTYPE a [",
                                        "?uploads", "<![CDATA["};

std::string mutated(std::string input, std::mt19937& random) {
  const auto upto = [&](size_t limit) { return static_cast<size_t>(random() % (limit + 1)); };
  for (size_t changes = 1 + upto(3); changes > 0; --changes) {
    const size_t at = 1 + upto(input.size() - 1);
    switch (random() % 4) {
      case 0:
        input.insert(at, kTokens[random() % std::size(kTokens)]);
        break;
      case 1:
        input.erase(at, upto(8));
        break;
      case 2:
        if (at < input.size()) input[at] = static_cast<char>(random());
        break;
      default:
        input.insert(at, input.substr(upto(input.size()), upto(40)));
    }
  }
  return input;
}

TEST(WireFuzz, NoInputBreaksAParser) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 4000; ++round) {
    for (const std::string& seed : corpus()) {
      const std::string input = round == 0 ? seed : mutated(seed, random);
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
    }
  }
}

}  // namespace
}  // namespace howdah::aws
