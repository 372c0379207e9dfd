// Any bytes as what an AWS client sends. The first byte chooses the parser; what is accepted must
// be writable again.

#include <cstdint>
#include <string>

#include "aws/chunked_body.h"
#include "aws/codec.h"
#include "aws/json_codec.h"
#include "aws/query_codec.h"
#include "aws/services.h"
#include "aws/sigv4_parse.h"
#include "aws/test_request.h"
#include "aws/validate.h"
#include "aws/xml_codec.h"

namespace {

using namespace howdah;
using namespace howdah::aws;

void fuzz_json(std::string_view text) {
  const Shape& shape = *find_operation(emr::kService, "RunJobFlow")->input;
  auto input = read_json(shape, text);
  if (!input.ok()) return;
  (void)validate(Protocol::kJson11, shape, *input);
  std::string out;
  write_json(shape, *input, out);
  CHECK(read_json(shape, out).ok());
}

void fuzz_query(std::string_view text) {
  const Shape& shape = *find_operation(iam::kService, "SimulatePrincipalPolicy")->input;
  auto form = parse_form(text, true);
  if (!form.ok()) return;
  auto input = read_query(shape, *form);
  if (input.ok()) (void)validate(Protocol::kQuery, shape, *input);
}

void fuzz_xml(std::string_view text) {
  const Shape& top = *find_operation(s3::kService, "PutBucketLifecycleConfiguration")->input;
  const Shape& shape = *top.members[top.payload].shape;
  auto input = read_xml(shape, "LifecycleConfiguration", text);
  if (!input.ok()) return;
  std::string out = "<LifecycleConfiguration>";
  write_xml(shape, *input, {}, out);
  CHECK(read_xml(shape, "LifecycleConfiguration", out + "</LifecycleConfiguration>").ok());
}

// Lines: target, Authorization, Host, X-Amz-Copy-Source; the rest is the body.
void fuzz_request(std::string_view text) {
  std::string lines[4];
  for (std::string& line : lines) {
    const size_t end = text.find('\n');
    line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  TestRequest made(text.size() % 2 ? "GET" : "PUT", "/" + lines[0], std::string(text));
  made.request.headers.add("Authorization", lines[1]);
  made.request.headers.add("Host", lines[2]);
  if (!lines[3].empty()) made.request.headers.add("x-amz-copy-source", lines[3]);
  (void)parse_signature(made.request);
  auto found = route(made.request, text);
  if (!found.ok()) return;
  (void)decode(*found, made.request, text);
  const SigV4 verifier([](std::string_view) { return std::optional<AccessKey>(AccessKey{}); });
  (void)verifier.verify(made.request, *found, text, base::from_millis(1769860800000));
}

void fuzz_chunks(std::string_view text) {
  Identity identity;
  identity.anonymous = false;
  identity.payload = text.size() % 2 ? Payload::kUnsignedTrailer : Payload::kChunksTrailer;
  TestRequest made("PUT", "/b/k", std::string(text));
  made.request.headers.add("X-Amz-Decoded-Content-Length", "5");
  auto opened = open_body(made.request, identity);
  CHECK(opened.ok());
  auto read = http::read_all(**opened, 1 << 16);
  CHECK(!read.ok() || read->size() == 5);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      fuzz_json(text);
      break;
    case 1:
      fuzz_query(text);
      break;
    case 2:
      fuzz_xml(text);
      break;
    case 3:
      fuzz_request(text);
      break;
    default:
      fuzz_chunks(text);
  }
  return 0;
}
