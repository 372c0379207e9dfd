#include "aws/compressed_body.h"

#include <zlib.h>

#include <memory>

#include "base/text.h"

namespace howdah::aws {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: a gzip header is expected
constexpr size_t kPiece = 64 * 1024;

base::Error broken() {
  return {base::Code::kInvalidArgument,
          "The body is not what its Content-Encoding says.",
          "SerializationException",
          {}};
}

}  // namespace

bool is_compressed(const http::Request& request) {
  return base::equals_ignore_case(base::trim(request.headers.value_or("Content-Encoding", "")),
                                  "gzip");
}

base::Result<std::string> decompress(std::string_view body, size_t limit) {
  z_stream stream{};
  CHECK(inflateInit2(&stream, kGzipWindow) == Z_OK);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, &inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  std::string out;
  while (true) {
    const size_t at = out.size();
    out.resize(at + kPiece);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + at);
    stream.avail_out = kPiece;
    const int code = inflate(&stream, Z_NO_FLUSH);
    out.resize(at + kPiece - stream.avail_out);
    if (out.size() > limit) {
      return base::invalid_argument("The request is too large.");
    }
    if (code == Z_STREAM_END) return out;
    if (code != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) return broken();
  }
}

}  // namespace howdah::aws
