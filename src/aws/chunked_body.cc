#include "aws/chunked_body.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>

#include "base/digest.h"
#include "base/text.h"

namespace howdah::aws {

namespace {

constexpr size_t kLongestLine = 8192;
constexpr size_t kMostTrailers = 32;
constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

base::Error broken(std::string_view reason, std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), std::string(reason), {}};
}

base::Error incomplete() {
  return broken(
      "IncompleteBody",
      "You did not provide the number of bytes specified by the Content-Length HTTP header");
}

base::Error bad_framing() {
  return broken("InvalidRequest", "The aws-chunked body is not well-formed.");
}

base::Error hash_mismatch(const std::string& expected, std::string_view actual) {
  base::Error error =
      broken("XAmzContentSHA256Mismatch",
             "The provided 'x-amz-content-sha256' header does not match what was computed.");
  error.details = {{"ClientComputedContentSHA256", expected},
                   {"S3ComputedContentSHA256", std::string(actual)}};
  return error;
}

// Neither hash nor chunks.
class PlainBody final : public VerifiedBody {
 public:
  explicit PlainBody(http::BodyReader& inner) : inner_(inner) {}
  base::Result<size_t> read(std::span<char> into) override { return inner_.read(into); }
  std::optional<uint64_t> length() const override { return inner_.length(); }
  const Form& trailers() const override { return trailers_; }

 private:
  http::BodyReader& inner_;
  Form trailers_;
};

class HashedBody final : public VerifiedBody {
 public:
  HashedBody(http::BodyReader& inner, std::string expected)
      : inner_(inner), expected_(std::move(expected)), digest_(base::Algorithm::kSha256) {}

  base::Result<size_t> read(std::span<char> into) override {
    if (done_) return size_t{0};
    const size_t count = TRY(inner_.read(into));
    digest_.update({into.data(), count});
    received_ += count;
    // as soon as the announced length is there: nobody need ask once more to learn of a mismatch
    if (count > 0 && received_ != inner_.length()) return count;
    done_ = true;
    const std::string actual = base::to_hex(digest_.finish());
    if (actual == expected_) return count;
    return hash_mismatch(expected_, actual);
  }
  std::optional<uint64_t> length() const override { return inner_.length(); }
  const Form& trailers() const override { return trailers_; }

 private:
  http::BodyReader& inner_;
  const std::string expected_;
  base::Digest digest_;
  uint64_t received_ = 0;
  bool done_ = false;
  Form trailers_;
};

// Takes the bytes of a reader line by line and piece by piece.
class Input {
 public:
  explicit Input(http::BodyReader& inner) : inner_(inner) {}

  /// Without its line end (CRLF, or LF alone as some clients write trailers).
  base::Result<std::string> line() {
    std::string out;
    while (true) {
      if (from_ == to_ && !TRY(fill())) return incomplete();
      const char* begin = buffer_.data() + from_;
      const auto* end = static_cast<const char*>(std::memchr(begin, '\n', to_ - from_));
      const size_t count = end ? static_cast<size_t>(end - begin) : to_ - from_;
      out.append(begin, count);
      from_ += count + (end ? 1 : 0);
      if (out.size() > kLongestLine) return bad_framing();
      if (!end) continue;
      if (out.ends_with('\r')) out.pop_back();
      return out;
    }
  }

  base::Result<size_t> read(std::span<char> into) {
    if (from_ < to_) {
      const size_t count = std::min(into.size(), to_ - from_);
      std::memcpy(into.data(), buffer_.data() + from_, count);
      from_ += count;
      return count;
    }
    if (into.size() >= buffer_.size()) return inner_.read(into);
    if (!TRY(fill())) return size_t{0};
    return read(into);
  }

  base::Result<bool> at_end() { return from_ == to_ && !TRY(fill()); }

 private:
  base::Result<bool> fill() {
    from_ = 0;
    to_ = 0;
    to_ = TRY(inner_.read(std::span(buffer_)));
    return to_ > 0;
  }

  http::BodyReader& inner_;
  std::array<char, 16 * 1024> buffer_;
  size_t from_ = 0;
  size_t to_ = 0;
};

class ChunkedBody final : public VerifiedBody {
 public:
  ChunkedBody(http::BodyReader& inner, const Identity& identity, uint64_t decoded,
              std::string announced)
      : input_(inner),
        signed_(identity.payload != Payload::kUnsignedTrailer),
        trailing_(identity.payload != Payload::kChunks),
        signing_key_(identity.signing_key),
        timestamp_(identity.timestamp),
        scope_(identity.scope),
        previous_(identity.signature),
        decoded_(decoded),
        announced_(std::move(announced)),
        digest_(base::Algorithm::kSha256) {}

  base::Result<size_t> read(std::span<char> into) override {
    if (done_) return size_t{0};
    if (left_ == 0) TRY(next_chunk());
    if (done_) return size_t{0};
    const size_t want = static_cast<size_t>(std::min<uint64_t>(into.size(), left_));
    const size_t count = TRY(input_.read(into.first(want)));
    if (count == 0) return incomplete();
    if (signed_) digest_.update({into.data(), count});
    left_ -= count;
    if (left_ == 0) {
      TRY(end_chunk());
      // with the last byte comes the end: nobody need ask once more to learn of a mismatch
      if (total_ == decoded_) TRY(next_chunk());
    }
    return count;
  }
  std::optional<uint64_t> length() const override { return decoded_; }
  const Form& trailers() const override { return trailers_; }

 private:
  // "<hex>[;chunk-signature=<64 hex>]"
  base::Status next_chunk() {
    const std::string line = TRY(input_.line());
    const size_t semicolon = line.find(';');
    const std::string_view digits = base::trim(std::string_view(line).substr(0, semicolon));
    uint64_t size = 0;
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (digits.empty() || error != std::errc{} || stop != digits.data() + digits.size() ||
        size > kLargestChunk) {
      return bad_framing();
    }
    signature_.clear();
    if (signed_) {
      constexpr std::string_view kName = "chunk-signature=";
      const std::string_view rest = semicolon == std::string::npos
                                        ? std::string_view{}
                                        : base::trim(std::string_view(line).substr(semicolon + 1));
      if (!rest.starts_with(kName)) return bad_framing();
      signature_ = rest.substr(kName.size());
    }
    total_ += size;
    if (total_ > decoded_) return too_long();
    left_ = size;
    if (size > 0) return {};
    TRY(finish());
    done_ = true;
    return {};
  }

  base::Status end_chunk() {
    if (!TRY(input_.line()).empty()) return bad_framing();
    if (!signed_) return {};
    const std::string hash = base::to_hex(digest_.finish());
    digest_ = base::Digest(base::Algorithm::kSha256);
    return check_signature(hash);
  }

  base::Status check_signature(std::string_view hash) {
    return compare(fmt::format("AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{}\n{}\n{}", timestamp_, scope_,
                               previous_, kEmptyHash, hash),
                   signature_);
  }

  base::Status compare(std::string_view to_sign, std::string_view provided) {
    const std::string expected = base::to_hex(base::hmac_sha256(signing_key_, to_sign));
    if (!base::equals_in_constant_time(expected, provided)) {
      return broken(
          "SignatureDoesNotMatch",
          "The request signature we calculated does not match the signature you provided. "
          "Check your key and signing method.");
    }
    previous_ = expected;
    return {};
  }

  // After the chunk of length 0: its signature, trailers, the lengths.
  base::Status finish() {
    if (signed_) TRY(check_signature(kEmptyHash));
    if (total_ != decoded_) return incomplete();
    if (trailing_) {
      TRY(read_trailers());
    } else if (!TRY(input_.at_end())) {
      if (!TRY(input_.line()).empty()) return bad_framing();
    }
    if (!TRY(input_.at_end())) return too_long();
    return {};
  }

  base::Status read_trailers() {
    std::string canonical, signature;
    while (!TRY(input_.at_end())) {
      const std::string line = TRY(input_.line());
      if (line.empty()) break;
      const size_t colon = line.find(':');
      if (colon == std::string::npos || trailers_.size() >= kMostTrailers) return bad_trailer();
      std::string name = base::to_lower(base::trim(std::string_view(line).substr(0, colon)));
      const std::string_view value = base::trim(std::string_view(line).substr(colon + 1));
      if (name == "x-amz-trailer-signature") {
        signature = value;
        continue;
      }
      canonical += fmt::format("{}:{}\n", name, value);
      trailers_.emplace_back(std::move(name), value);
    }
    for (std::string_view name : base::split(announced_, ',')) {
      name = base::trim(name);
      if (!name.empty() && !find(trailers_, base::to_lower(name))) return bad_trailer();
    }
    if (!signed_) return {};
    return compare(fmt::format("AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{}\n{}", timestamp_, scope_,
                               previous_, base::sha256_hex(canonical)),
                   signature);
  }

  static base::Error bad_trailer() {
    return broken(
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to "
        "our published schema.");
  }
  static base::Error too_long() {
    return broken("InvalidRequest",
                  "The body holds more bytes than x-amz-decoded-content-length says.");
  }

  Input input_;
  const bool signed_;
  const bool trailing_;
  const std::string signing_key_, timestamp_, scope_;
  std::string previous_;   // the signature that the next one builds on
  std::string signature_;  // of the chunk being read
  const uint64_t decoded_;
  const std::string announced_;  // X-Amz-Trailer
  base::Digest digest_;
  uint64_t left_ = 0;   // of this chunk
  uint64_t total_ = 0;  // of all chunks announced so far
  bool done_ = false;
  Form trailers_;
};

}  // namespace

base::Result<std::unique_ptr<VerifiedBody>> open_body(const http::Request& request,
                                                      const Identity& identity) {
  Payload payload = identity.payload;
  if (identity.anonymous && request.headers.value_or("X-Amz-Content-SHA256", "") ==
                                "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    payload = Payload::kUnsignedTrailer;  // an unsigned request may still be framed so
  }
  if (payload == Payload::kUnsigned) {
    return std::unique_ptr<VerifiedBody>(std::make_unique<PlainBody>(*request.body));
  }
  if (payload == Payload::kWhole) {
    if (request.body->length() == 0 && identity.payload_hash != kEmptyHash) {
      return hash_mismatch(identity.payload_hash, kEmptyHash);  // nobody reads an empty body
    }
    return std::unique_ptr<VerifiedBody>(
        std::make_unique<HashedBody>(*request.body, identity.payload_hash));
  }
  const std::string_view text = request.headers.value_or("X-Amz-Decoded-Content-Length", "");
  uint64_t decoded = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), decoded);
  if (text.empty() || error != std::errc{} || stop != text.data() + text.size()) {
    base::Error missing =
        broken("MissingContentLength", "You must provide the Content-Length HTTP header.");
    return missing;
  }
  Identity framed = identity;
  framed.payload = payload;
  return std::unique_ptr<VerifiedBody>(std::make_unique<ChunkedBody>(
      *request.body, framed, decoded, std::string(request.headers.value_or("X-Amz-Trailer", ""))));
}

}  // namespace howdah::aws
