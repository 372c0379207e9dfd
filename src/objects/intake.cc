#include "objects/intake.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "objects/errors.h"

namespace howdah::objects {
namespace {

constexpr size_t kBuffer = 1 << 20;
constexpr size_t kRing = 4;
constexpr uint64_t kFlushEvery = 16 << 20;

// Sums buffers in order on its own thread. A buffer belongs to the summer from add() until
// wait_for().
class BackgroundSummer {
 public:
  explicit BackgroundSummer(Summer& summer) : summer_(summer), thread_([this] { run(); }) {}
  ~BackgroundSummer() { drain(); }

  void add(std::string_view bytes) {
    {
      std::lock_guard lock(mutex_);
      ring_[added_ % kRing] = bytes;
      ++added_;
    }
    changed_.notify_all();
  }
  /// Returns once at most `pending` (< kRing) buffers are still unsummed.
  void wait_for(size_t pending) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return added_ - summed_ <= pending; });
  }
  void drain() {
    {
      std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return summed_ < added_ || ended_; });
      if (summed_ == added_) return;
      const std::string_view bytes = ring_[summed_ % kRing];
      lock.unlock();
      summer_.update(bytes);
      lock.lock();
      ++summed_;
      changed_.notify_all();
    }
  }

  Summer& summer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::string_view, kRing> ring_;
  size_t added_ = 0;
  size_t summed_ = 0;
  bool ended_ = false;
  std::thread thread_;
};

// Fills `into` as far as the source has bytes.
base::Result<size_t> fill(Source& source, std::span<char> into) {
  size_t filled = 0;
  while (filled < into.size()) {
    const size_t got = TRY(source.read(into.subspan(filled)));
    if (got == 0) break;
    filled += got;
  }
  return filled;
}

base::Status check_sum(const ChecksumValue& said, const std::vector<ChecksumValue>& computed) {
  for (const ChecksumValue& value : computed) {
    if (value.algorithm != said.algorithm) continue;
    if (value.raw == said.raw) return base::ok();
    return s3_error(base::Code::kInvalidArgument, "BadDigest",
                    fmt::format("The {} you specified did not match the calculated checksum.",
                                wire_name(said.algorithm)));
  }
  return base::internal(
      fmt::format("the {} of this body was not computed", wire_name(said.algorithm)));
}

base::Status compare(const Expected& expected, const Taken& taken) {
  if (expected.size && *expected.size != taken.size) return incomplete_body();
  if (expected.md5 && *expected.md5 != taken.md5) {
    return s3_error(base::Code::kInvalidArgument, "BadDigest",
                    "The Content-MD5 you specified did not match what we received.",
                    {{"ExpectedDigest", base::to_base64(*expected.md5)},
                     {"CalculatedDigest", base::to_base64(taken.md5)}});
  }
  for (const ChecksumValue& said : expected.checksums) TRY(check_sum(said, taken.checksums));
  if (expected.trailer) {
    for (const ChecksumValue& said : TRY(expected.trailer())) {
      TRY(check_sum(said, taken.checksums));
    }
  }
  return base::ok();
}

base::Error too_large(uint64_t size) {
  return s3_error(
      base::Code::kInvalidArgument, "EntityTooLarge",
      "Your proposed upload exceeds the maximum allowed size",
      {{"ProposedSize", std::to_string(size)}, {"MaxSizeAllowed", std::to_string(kMaxPut)}});
}

// Streams what is left into `fd` from `offset`, beginning with what was already read.
class Stream {
 public:
  Stream(Source& source, Summer& summer, int fd, uint64_t offset, uint64_t limit, std::string what)
      : source_(source),
        background_(summer),
        fd_(fd),
        offset_(offset),
        limit_(limit),
        what_(std::move(what)) {}

  base::Result<uint64_t> run(std::string_view first) {
    TRY(put(first));
    bool more = true;
    for (size_t round = 0; more; ++round) {
      background_.wait_for(kRing - 1);  // then the oldest buffer is free again
      auto& buffer = buffers_[round % kRing];
      if (!buffer) buffer = std::make_unique_for_overwrite<char[]>(kBuffer);
      const size_t got = TRY(fill(source_, {buffer.get(), kBuffer}));
      more = got == kBuffer;
      if (got > 0) TRY(put({buffer.get(), got}));
    }
    background_.drain();
    return written_;
  }

 private:
  base::Status put(std::string_view bytes) {
    if (bytes.size() > limit_ - written_) {
      return limit_ == kMaxPut ? too_large(written_ + bytes.size()) : incomplete_body();
    }
    background_.add(bytes);
    TRY(write_at(fd_, bytes, offset_ + written_, what_));
    written_ += bytes.size();
    if (written_ - flushing_ >= kFlushEvery) {
      // begins the write-back now, so that the sync at the end is short; a hint, errors show there
      ::sync_file_range(fd_, static_cast<off_t>(offset_ + flushing_),
                        static_cast<off_t>(written_ - flushing_), SYNC_FILE_RANGE_WRITE);
      flushing_ = written_;
    }
    return base::ok();
  }

  Source& source_;
  std::array<std::unique_ptr<char[]>, kRing> buffers_;
  BackgroundSummer background_;  // after the buffers: it ends before they do
  int fd_;
  uint64_t offset_;
  uint64_t limit_;
  std::string what_;
  uint64_t written_ = 0;
  uint64_t flushing_ = 0;
};

base::Status take_large(Source& source, std::string_view first, Summer& summer, Files& files,
                        const std::optional<Slot>& slot, Taken& taken) {
  if (slot) {
    // the stream ends (and its thread with it) before `first` and the buffers do
    Stream stream(source, summer, slot->fd, slot->offset, slot->capacity, files.root().string());
    taken.size = TRY(stream.run(first));
    if (::fdatasync(slot->fd) != 0) return write_failed(files.root().string(), errno);
    return base::ok();
  }
  NewFile file = TRY(files.create());
  {
    Stream stream(source, summer, file.fd(), 0, kMaxPut, files.root().string());
    taken.size = TRY(stream.run(first));
  }
  TRY(files.make_durable(file));
  taken.body = std::move(file);
  return base::ok();
}

}  // namespace

base::Result<Taken> take_in(Source& source, const Expected& expected, Files& files,
                            const std::optional<Slot>& slot) {
  if (expected.size && *expected.size > kMaxPut) return too_large(*expected.size);
  Summer summer(expected.wanted);
  const uint64_t likely = expected.size.value_or(kInlineLimit);
  std::string first(std::min(likely, kInlineLimit) + 1, '\0');  // one more shows that there is more
  first.resize(TRY(fill(source, first)));
  Taken taken;
  if (first.size() <= kInlineLimit && !slot) {
    taken.size = first.size();
    summer.update(first);
    taken.body = std::move(first);
  } else {
    TRY(take_large(source, first, summer, files, slot, taken));
  }
  summer.finish();
  taken.md5 = std::move(summer.md5);
  taken.checksums = std::move(summer.values);
  TRY(compare(expected, taken));
  return taken;
}

}  // namespace howdah::objects
