#include "distcp/codec.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cstring>
#include <vector>

namespace howdah::distcp {
namespace {

constexpr size_t kBuffer = 256 * 1024;
constexpr int kGzipWindow = 15 + 16;  // zlib: the largest window, with gzip's header

struct NamedCodec {
  std::string_view ending;
  bool available;
};
constexpr NamedCodec kEndings[] = {{".gz", true}, {".lzo", false}, {".snappy", false}};

base::Error not_available(std::string_view name) {
  return base::invalid_argument(
      fmt::format("the codec {} is not available here; use gzip, none or keep", name));
}

// Both ways of zlib: bytes of `from` through `z` into whoever asks.
class ZlibSource : public http::BodySource {
 public:
  explicit ZlibSource(Source from) : from_(std::move(from)), buffer_(kBuffer) {}
  std::optional<uint64_t> length() const override { return std::nullopt; }

 protected:
  // More input, when there is none; false at the end of `from_`.
  base::Result<bool> fill() {
    if (z_.avail_in > 0) return true;
    const size_t got = TRY(from_->read(buffer_));
    z_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    z_.avail_in = static_cast<uInt>(got);
    return got > 0;
  }

  Source from_;
  std::vector<char> buffer_;
  z_stream z_{};
};

class Gunzip final : public ZlibSource {
 public:
  explicit Gunzip(Source from) : ZlibSource(std::move(from)) {
    CHECK(inflateInit2(&z_, kGzipWindow) == Z_OK);
  }
  ~Gunzip() override { inflateEnd(&z_); }

  base::Result<size_t> read(std::span<char> into) override {
    while (!done_) {
      const bool more = TRY(fill());
      if (!more) {
        if (inside_) return base::invalid_argument("the gzip data ends too early");
        done_ = true;
        break;
      }
      if (!inside_) {  // another member follows the one before
        inflateReset(&z_);
        inside_ = true;
      }
      z_.next_out = reinterpret_cast<Bytef*>(into.data());
      z_.avail_out = static_cast<uInt>(std::min<size_t>(into.size(), 1u << 30));
      const uInt room = z_.avail_out;
      const int code = inflate(&z_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        inside_ = false;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return base::invalid_argument(
            fmt::format("not gzip data: {}", z_.msg != nullptr ? z_.msg : "unknown format"));
      }
      if (room > z_.avail_out) return size_t{room - z_.avail_out};
    }
    return size_t{0};
  }

 private:
  bool inside_ = false;  // of a member
  bool done_ = false;
};

class Gzip final : public ZlibSource {
 public:
  explicit Gzip(Source from) : ZlibSource(std::move(from)) {
    CHECK(deflateInit2(&z_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                       Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~Gzip() override { deflateEnd(&z_); }

  base::Result<size_t> read(std::span<char> into) override {
    while (!done_) {
      if (!last_) last_ = !TRY(fill());
      z_.next_out = reinterpret_cast<Bytef*>(into.data());
      z_.avail_out = static_cast<uInt>(std::min<size_t>(into.size(), 1u << 30));
      const uInt room = z_.avail_out;
      const int code = deflate(&z_, last_ ? Z_FINISH : Z_NO_FLUSH);
      if (code == Z_STREAM_END) done_ = true;
      if (code == Z_STREAM_ERROR) return base::internal("zlib lost its state");
      if (room > z_.avail_out) return size_t{room - z_.avail_out};
    }
    return size_t{0};
  }

 private:
  bool last_ = false;  // all of the input is known
  bool done_ = false;
};

class TextSource final : public http::BodySource {
 public:
  explicit TextSource(std::string_view text) : left_(text), length_(text.size()) {}
  base::Result<size_t> read(std::span<char> into) override {
    const size_t count = std::min(into.size(), left_.size());
    if (count > 0) std::memcpy(into.data(), left_.data(), count);
    left_.remove_prefix(count);
    return count;
  }
  std::optional<uint64_t> length() const override { return length_; }

 private:
  std::string_view left_;
  uint64_t length_;
};

}  // namespace

base::Result<Codec> parse_codec(std::string_view name) {
  if (name == "gzip" || name == "gz") return Codec::kGzip;
  if (name == "none") return Codec::kNone;
  if (name == "keep") return Codec::kKeep;
  if (name == "lzo" || name == "lzop" || name == "snappy") return not_available(name);
  return base::invalid_argument(
      fmt::format("--outputCodec: \"{}\" is no codec; use gzip, gz, none or keep", name));
}

std::string_view extension(Codec codec) { return codec == Codec::kGzip ? ".gz" : ""; }

base::Result<Codec> codec_of(std::string_view file_name) {
  for (const auto& [ending, available] : kEndings) {
    if (!file_name.ends_with(ending)) continue;
    if (!available) return not_available(ending.substr(1));
    return Codec::kGzip;
  }
  return Codec::kNone;
}

std::string_view without_extension(std::string_view file_name) {
  for (const auto& each : kEndings) {
    if (file_name.ends_with(each.ending)) {
      file_name.remove_suffix(each.ending.size());
      break;
    }
  }
  return file_name;
}

Source gunzip(Source from) { return std::make_unique<Gunzip>(std::move(from)); }
Source gzip(Source from) { return std::make_unique<Gzip>(std::move(from)); }
Source source_of(std::string_view text) { return std::make_unique<TextSource>(text); }

base::Result<std::string> read_source(http::BodySource& from, size_t limit) {
  std::string out;
  std::vector<char> buffer(kBuffer);
  for (;;) {
    const size_t got = TRY(from.read(buffer));
    if (got == 0) return out;
    if (out.size() + got > limit) {
      return base::Error{
          base::Code::kResourceExhausted, fmt::format("more than {} bytes", limit), {}, {}};
    }
    out.append(buffer.data(), got);
  }
}

base::Result<std::string> gunzip_text(std::string_view compressed, size_t limit) {
  Gunzip source(source_of(compressed));
  return read_source(source, limit);
}

base::Result<std::string> gzip_text(std::string_view text) {
  Gzip source(source_of(text));
  return read_source(source, SIZE_MAX);
}

}  // namespace howdah::distcp
