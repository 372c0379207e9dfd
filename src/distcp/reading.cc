#include "distcp/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace howdah::distcp {
namespace {

constexpr uint64_t kSmall = 1 << 20;  // files up to this size are read ahead
constexpr size_t kReaders = 4;        // at once, ahead of one piece
constexpr size_t kWindow = 12;        // files that wait in memory
constexpr size_t kFewest = 4;         // fewer are not worth threads

struct Segment {
  Store* store;
  const Input* input;
  uint64_t offset;
  uint64_t length;
};

base::Error cancelled() { return {base::Code::kCancelled, "the copy was stopped", {}, {}}; }

// One segment, from wherever it broke off.
class SegmentSource final : public http::BodySource {
 public:
  SegmentSource(const Reading& reading, Segment segment) : reading_(reading), segment_(segment) {}

  base::Result<size_t> read(std::span<char> into) override {
    if (reading_.stop.stop_requested()) return cancelled();
    const uint64_t left = segment_.length - done_;
    if (left == 0 || into.empty()) return size_t{0};
    into = into.first(static_cast<size_t>(std::min<uint64_t>(into.size(), left)));
    auto got = reading_.retry.get<size_t>([&]() -> base::Result<size_t> {
      auto count = some(into);
      if (!count.ok()) current_.reset();
      return count;
    });
    if (!got.ok()) {
      base::Error error = std::move(got).error();
      if (is_transient(error)) error.code = base::Code::kInternal;  // it was tried often enough
      return error;
    }
    done_ += *got;
    reading_.bytes += *got;
    return got;
  }
  std::optional<uint64_t> length() const override { return segment_.length; }

 private:
  base::Result<size_t> some(std::span<char> into) {
    const Input& input = *segment_.input;
    if (!current_) {
      current_ = TRY(segment_.store->open(input, segment_.offset + done_, segment_.length - done_));
    }
    const size_t got = TRY(current_->read(into));
    if (got > 0) return got;
    return base::unavailable(
        fmt::format("{} ended after {} of {} bytes", uri(input.location), done_, segment_.length));
  }

  const Reading reading_;
  const Segment segment_;
  uint64_t done_ = 0;
  Source current_;
};

class TextOwner final : public http::BodySource {
 public:
  explicit TextOwner(std::string text) : text_(std::move(text)), source_(source_of(text_)) {}
  base::Result<size_t> read(std::span<char> into) override { return source_->read(into); }
  std::optional<uint64_t> length() const override { return text_.size(); }

 private:
  const std::string text_;
  Source source_;
};

// Reads the next segments while one is being written.
class Ahead {
 public:
  Ahead(const Reading& reading, const std::vector<Segment>& segments)
      : reading_(reading), segments_(segments) {
    for (size_t i = 0; i < kReaders; ++i) {
      threads_.emplace_back([this](std::stop_token stop) { run(stop); });
    }
  }
  ~Ahead() {
    for (std::jthread& thread : threads_) thread.request_stop();
    changed_.notify_all();
  }

  base::Result<Source> take(size_t index) {
    std::unique_lock lock(mutex_);
    wanted_ = index;
    changed_.notify_all();
    changed_.wait(lock, [&] { return ready_.contains(index); });
    auto text = std::move(ready_.extract(index).mapped());
    if (!text.ok()) return std::move(text).error();
    return Source(std::make_unique<TextOwner>(std::move(text).value()));
  }

 private:
  void run(std::stop_token stop) {
    for (;;) {
      size_t index = 0;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, stop,
                      [&] { return next_ >= segments_.size() || next_ < wanted_ + kWindow; });
        if (stop.stop_requested() || next_ >= segments_.size()) return;
        index = next_++;
      }
      SegmentSource source(reading_, segments_[index]);
      auto text = read_source(source, kSmall);
      std::lock_guard lock(mutex_);
      ready_.emplace(index, std::move(text));
      changed_.notify_all();
    }
  }

  const Reading reading_;
  const std::vector<Segment>& segments_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  size_t next_ = 0;    // to be read
  size_t wanted_ = 0;  // by the consumer
  std::map<size_t, base::Result<std::string>> ready_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

class Chain final : public http::BodySource {
 public:
  Chain(const Reading& reading, std::vector<Segment> segments)
      : reading_(reading), segments_(std::move(segments)) {
    for (const Segment& segment : segments_) length_ += segment.length;
    const bool small = std::all_of(segments_.begin(), segments_.end(),
                                   [](const Segment& each) { return each.length <= kSmall; });
    if (small && segments_.size() >= kFewest) ahead_ = std::make_unique<Ahead>(reading, segments_);
  }

  base::Result<size_t> read(std::span<char> into) override {
    for (;;) {
      if (reading_.stop.stop_requested()) return cancelled();
      if (!current_) {
        if (at_ == segments_.size()) return size_t{0};
        current_ = TRY(open(at_++));
      }
      auto got = current_->read(into);
      if (!got.ok()) {
        base::Error error = std::move(got).error();
        if (error.code == base::Code::kInvalidArgument) {  // a codec knows no names
          error.message = uri(segments_[at_ - 1].input->location) + ": " + error.message;
        }
        return error;
      }
      if (*got > 0) return got;
      current_.reset();
    }
  }
  std::optional<uint64_t> length() const override {
    if (reading_.codec != Codec::kKeep) return std::nullopt;
    return length_;
  }

 private:
  base::Result<Source> open(size_t index) {
    const Segment& segment = segments_[index];
    Source raw;
    if (ahead_) {
      raw = TRY(ahead_->take(index));
    } else {
      raw = std::make_unique<SegmentSource>(reading_, segment);
    }
    if (reading_.codec == Codec::kKeep) return raw;
    const std::string_view name = file_name(segment.input->location.path);
    auto codec = codec_of(name);
    if (!codec.ok()) {
      return base::invalid_argument(
          fmt::format("{}: {}", uri(segment.input->location), codec.error().message));
    }
    return *codec == Codec::kGzip ? gunzip(std::move(raw)) : std::move(raw);
  }

  const Reading reading_;
  const std::vector<Segment> segments_;
  uint64_t length_ = 0;
  size_t at_ = 0;
  std::unique_ptr<Ahead> ahead_;
  Source current_;
};

}  // namespace

base::Result<Source> open_piece(const Reading& reading, const Output& output, const Piece& piece) {
  std::vector<Segment> segments;
  uint64_t at = 0;  // of the input in the concatenation
  const uint64_t from = piece.offset;
  const uint64_t to = piece.length ? from + *piece.length : UINT64_MAX;
  for (const Input& input : output.inputs) {
    const uint64_t begin = std::max(at, from), end = std::min(at + input.size, to);
    if (begin < end) {
      Store* store = TRY(reading.store_of(input.location));
      segments.push_back({store, &input, begin - at, end - begin});
    }
    at += input.size;
  }
  Source out = std::make_unique<Chain>(reading, std::move(segments));
  return reading.codec == Codec::kGzip ? gzip(std::move(out)) : std::move(out);
}

}  // namespace howdah::distcp
