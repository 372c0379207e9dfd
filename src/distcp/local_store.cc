#include "distcp/local_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/fd.h"
#include "os/file.h"

namespace howdah::distcp {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kPiece = 64 << 20;
constexpr size_t kBuffer = 1 << 20;

base::Error failed(std::string_view what, const std::string& path) {
  return base::from_errno(fmt::format("{} {}", what, path));
}

base::Error failed(std::string_view what, const std::string& path, const std::error_code& error) {
  return base::from_errno(fmt::format("{} {}", what, path), error.value());
}

class FileSource final : public http::BodySource {
 public:
  FileSource(base::Fd fd, std::string path, uint64_t offset, uint64_t length)
      : fd_(std::move(fd)), path_(std::move(path)), at_(offset), left_(length), length_(length) {}

  base::Result<size_t> read(std::span<char> into) override {
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(into.size(), left_));
    if (wanted == 0) return size_t{0};
    const ssize_t got = ::pread(fd_.get(), into.data(), wanted, static_cast<off_t>(at_));
    if (got < 0) return failed("reading", path_);
    if (got == 0) {
      return base::Error{
          base::Code::kFailedPrecondition, path_ + " became shorter while it was copied", {}, {}};
    }
    at_ += static_cast<uint64_t>(got);
    left_ -= static_cast<uint64_t>(got);
    return static_cast<size_t>(got);
  }
  std::optional<uint64_t> length() const override { return length_; }

 private:
  base::Fd fd_;
  std::string path_;
  uint64_t at_;
  uint64_t left_;
  uint64_t length_;
};

class LocalWriter final : public Writer {
 public:
  LocalWriter(NewFile file, std::string temporary, base::Fd fd)
      : file_(std::move(file)), temporary_(std::move(temporary)), fd_(std::move(fd)) {}

  std::vector<Piece> pieces() const override {
    if (!file_.size) return {Piece{}};
    std::vector<Piece> out;
    for (uint64_t at = 0; at < *file_.size; at += kPiece) {
      out.push_back({at, std::min(kPiece, *file_.size - at)});
    }
    if (out.empty()) out.push_back({0, 0});
    return out;
  }

  base::Status write(size_t piece, http::BodySource& bytes) override {
    uint64_t at = file_.appended_to + piece * kPiece;
    std::vector<char> buffer(kBuffer);
    for (;;) {
      const size_t got = TRY(bytes.read(buffer));
      if (got == 0) break;
      TRY(write_at(at, {buffer.data(), got}));
      at += got;
    }
    // an earlier try may have written more
    if (!file_.size && ::ftruncate(fd_.get(), static_cast<off_t>(at)) != 0) {
      return failed("writing", temporary_);
    }
    return base::ok();
  }

  base::Status finish() override {
    if (::fsync(fd_.get()) != 0) return failed("writing", temporary_);
    if (::rename(temporary_.c_str(), file_.location.path.c_str()) != 0) {
      return failed("writing", file_.location.path);
    }
    const std::string folder = parent(file_.location).path;
    const base::Fd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.valid() || ::fsync(opened.get()) != 0) return failed("writing", folder);
    return base::ok();
  }

  void abandon() override { ::unlink(temporary_.c_str()); }

  // What is appended to comes first.
  base::Status begin() {
    if (!file_.append) return base::ok();
    const std::string& path = file_.location.path;
    base::Fd old(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!old.valid()) return failed("opening", path);
    FileSource source(std::move(old), path, 0, file_.appended_to);
    std::vector<char> buffer(kBuffer);
    uint64_t at = 0;
    for (;;) {
      const size_t got = TRY(source.read(buffer));
      if (got == 0) return base::ok();
      TRY(write_at(at, {buffer.data(), got}));
      at += got;
    }
  }

 private:
  base::Status write_at(uint64_t at, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t wrote = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (wrote < 0) return failed("writing", temporary_);
      at += static_cast<uint64_t>(wrote);
      bytes.remove_prefix(static_cast<size_t>(wrote));
    }
    return base::ok();
  }

  const NewFile file_;
  const std::string temporary_;
  base::Fd fd_;
};

Input input_of(const std::string& path, uint64_t size) {
  Input out;
  out.location = {Scheme::kLocal, "file", "", path};
  out.size = size;
  return out;
}

}  // namespace

base::Result<Input> LocalStore::look(const Location& file) {
  struct stat status {};
  if (::stat(file.path.c_str(), &status) != 0) return failed("looking at", file.path);
  if (!S_ISREG(status.st_mode)) {
    return base::invalid_argument(file.path + " is not a regular file");
  }
  return input_of(file.path, static_cast<uint64_t>(status.st_size));
}

base::Result<std::vector<Input>> LocalStore::list(const Location& folder) {
  struct stat status {};
  if (::stat(folder.path.c_str(), &status) != 0) return failed("looking at", folder.path);
  std::vector<Input> out;
  if (!S_ISDIR(status.st_mode)) {
    out.push_back(TRY(look(folder)));
    return out;
  }
  std::error_code error;
  fs::recursive_directory_iterator at(folder.path, error), end;
  while (!error && at != end) {
    if (at->is_regular_file(error) && !error) {
      const uint64_t size = at->file_size(error);
      if (!error) out.push_back(input_of(at->path().string(), size));
    }
    if (error && error != std::errc::no_such_file_or_directory) break;
    at.increment(error);
  }
  if (error) return failed("listing", folder.path, error);
  return out;
}

base::Result<std::vector<Input>> LocalStore::list_prefix(const Location& prefix) {
  auto found = list(prefix);
  if (found.ok() || found.error().code != base::Code::kNotFound) return found;
  std::vector<Input> all = TRY(list(parent(prefix)));
  std::erase_if(all,
                [&](const Input& each) { return !each.location.path.starts_with(prefix.path); });
  return all;
}

base::Result<Source> LocalStore::open(const Input& file, uint64_t offset, uint64_t length) {
  const std::string& path = file.location.path;
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return failed("opening", path);
  return Source(std::make_unique<FileSource>(std::move(fd), path, offset, length));
}

base::Result<std::unique_ptr<Writer>> LocalStore::create(const NewFile& file) {
  const Location folder = parent(file.location);
  TRY(os::make_folders(folder.path));
  const std::string temporary =
      fmt::format("{}/.s3-dist-cp-{}", folder.path == "/" ? "" : folder.path,
                  ids_.token(base::kLowerAlnum, 16));
  base::Fd fd(::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.valid()) return failed("creating", temporary);
  auto writer = std::make_unique<LocalWriter>(file, temporary, std::move(fd));
  if (auto begun = writer->begin(); !begun.ok()) {
    writer->abandon();
    return std::move(begun).error();
  }
  return std::unique_ptr<Writer>(std::move(writer));
}

std::optional<base::Status> LocalStore::copy(const Input&, const NewFile&) { return std::nullopt; }

base::Status LocalStore::remove(const std::vector<Location>& files) {
  for (const Location& file : files) {
    if (::unlink(file.path.c_str()) != 0 && errno != ENOENT) return failed("deleting", file.path);
  }
  return base::ok();
}

}  // namespace howdah::distcp
