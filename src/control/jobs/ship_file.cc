#include "control/jobs/ship_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <vector>

#include "os/file.h"

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

// A file as it is.
class PlainSource final : public objects::Source {
 public:
  explicit PlainSource(base::Fd file) : file_(std::move(file)) {}
  base::Result<size_t> read(std::span<char> into) override {
    const ssize_t got = file_.valid() ? ::read(file_.get(), into.data(), into.size()) : 0;
    if (got < 0) return base::from_errno("read a log");
    return static_cast<size_t>(got);
  }

 private:
  base::Fd file_;
};

uint64_t size_of(const base::Fd& file) {
  struct stat info {};
  const bool there = file.valid() && ::fstat(file.get(), &info) == 0;
  return there ? static_cast<uint64_t>(info.st_size) : 0;
}

base::Status write_source(objects::Source& source, const std::filesystem::path& target,
                          mode_t mode = 0600) {
  const std::filesystem::path fresh = target.string() + ".new";
  const base::Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.valid()) return base::from_errno(fresh.string());
  std::vector<char> buffer(128 * 1024);
  while (true) {
    const size_t got = TRY(source.read(buffer));
    if (got == 0) break;
    TRY(os::write_all(file.get(), {buffer.data(), got}, fresh.string()));
  }
  if (::fchmod(file.get(), mode) != 0) return base::from_errno(fresh.string());
  if (::rename(fresh.c_str(), target.c_str()) != 0) return base::from_errno(target.string());
  return base::ok();
}

}  // namespace

base::Status ship_plain(objects::ObjectStore& store, const std::string& bucket,
                        const std::string& key, base::Fd file) {
  PlainSource source(std::move(file));
  return store.put_from(bucket, key, source, "application/octet-stream");
}

base::Status gzip_file(base::Fd file, const std::filesystem::path& target) {
  const uint64_t size = size_of(file);
  GzipSource source(std::move(file), size, target.string());
  return write_source(source, target);
}

base::Status copy_file(base::Fd file, const std::filesystem::path& target, mode_t mode) {
  PlainSource source(std::move(file));
  return write_source(source, target, mode);
}

base::Status ship_file(objects::ObjectStore& store, const std::string& bucket,
                       const std::string& key, base::Fd file) {
  const uint64_t size = size_of(file);
  GzipSource source(std::move(file), size, key);
  return store.put_from(bucket, key, source, "application/x-gzip");
}

}  // namespace howdah::control
