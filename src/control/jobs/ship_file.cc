#include "control/jobs/ship_file.h"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <vector>

namespace howdah::control {
namespace {

// The gzip stream (RFC 1952) of a file's first `left` bytes.
class GzipSource final : public objects::Source {
 public:
  GzipSource(base::Fd file, uint64_t left, std::string name)
      : file_(std::move(file)), left_(left), name_(std::move(name)), buffer_(128 * 1024) {
    CHECK(deflateInit2(&stream_, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~GzipSource() override { deflateEnd(&stream_); }

  base::Result<size_t> read(std::span<char> into) override {
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    stream_.avail_out = static_cast<uInt>(into.size());
    while (stream_.avail_out == into.size() && !done_) {
      if (stream_.avail_in == 0 && left_ > 0) TRY(fill());
      const int code = deflate(&stream_, left_ == 0 ? Z_FINISH : Z_NO_FLUSH);
      CHECK(code != Z_STREAM_ERROR);
      done_ = code == Z_STREAM_END;
    }
    return into.size() - stream_.avail_out;
  }

 private:
  base::Status fill() {
    const size_t want = static_cast<size_t>(std::min<uint64_t>(left_, buffer_.size()));
    const ssize_t got = file_.valid() ? ::read(file_.get(), buffer_.data(), want) : 0;
    if (got < 0) return base::from_errno(name_);
    // A file that became shorter ends here.
    left_ = got == 0 ? 0 : left_ - static_cast<uint64_t>(got);
    stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_in = static_cast<uInt>(got);
    return base::ok();
  }

  base::Fd file_;
  uint64_t left_;
  std::string name_;
  std::vector<char> buffer_;
  z_stream stream_{};
  bool done_ = false;
};

}  // namespace

base::Status ship_file(objects::ObjectStore& store, const std::string& bucket,
                       const std::string& key, base::Fd file) {
  struct stat info {};
  const bool there = file.valid() && ::fstat(file.get(), &info) == 0;
  GzipSource source(std::move(file), there ? static_cast<uint64_t>(info.st_size) : 0, key);
  return store.put_from(bucket, key, source, "application/x-gzip");
}

}  // namespace howdah::control
