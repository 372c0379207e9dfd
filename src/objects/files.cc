#include "objects/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <vector>

#include "base/log.h"
#include "objects/errors.h"

namespace howdah::objects {
namespace fs = std::filesystem;
namespace {

// <epoch>-<number>; false for what is not ours.
bool parse_name(std::string_view name, uint64_t& epoch, uint64_t& number) {
  const char* end = name.data() + name.size();
  const auto first = std::from_chars(name.data(), end, epoch, 16);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return false;
  const auto second = std::from_chars(first.ptr + 1, end, number, 16);
  return second.ec == std::errc() && second.ptr == end;
}

base::Status sync_folder(const fs::path& folder) {
  base::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return base::from_errno("syncing " + folder.string());
  return base::ok();
}

// Without copy_file_range (another file system, or an old kernel).
base::Status copy_by_hand(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t size,
                          std::string_view what) {
  std::string buffer(1 << 20, '\0');
  while (size > 0) {
    const ssize_t got = ::pread(from, buffer.data(), std::min<uint64_t>(size, buffer.size()),
                                static_cast<off_t>(from_offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return base::from_errno(what, got == 0 ? EIO : errno);
    const auto count = static_cast<size_t>(got);
    TRY(write_at(to, std::string_view(buffer).substr(0, count), to_offset, what));
    from_offset += count;
    to_offset += count;
    size -= count;
  }
  return base::ok();
}

}  // namespace

NewFile& NewFile::operator=(NewFile&& other) noexcept {
  if (this != &other) {
    if (files_ != nullptr) files_->remove(name_);
    files_ = std::exchange(other.files_, nullptr);
    name_ = std::move(other.name_);
    fd_ = std::move(other.fd_);
  }
  return *this;
}

NewFile::~NewFile() {
  if (files_ != nullptr) files_->remove(name_);
}

Files::Files(fs::path root, uint64_t epoch) : root_(std::move(root)), epoch_(epoch) {}

fs::path Files::path(const std::string& name) const {
  uint64_t epoch = 0;
  uint64_t number = 0;
  CHECK(parse_name(name, epoch, number));
  return root_ / fmt::format("{:02x}", number & 0xff) / name;
}

std::string Files::next_name() { return fmt::format("{:x}-{:x}", epoch_, number_.fetch_add(1)); }

base::Status Files::make_folder(const fs::path& folder) const {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return write_failed(folder.string(), errno);
  }
  return sync_folder(root_);
}

base::Result<NewFile> Files::create() {
  std::string name = next_name();
  const fs::path where = path(name);
  for (int attempt = 0;; ++attempt) {
    base::Fd fd(::open(where.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (fd.valid()) return NewFile(this, std::move(name), std::move(fd));
    if (errno != ENOENT || attempt > 0) return write_failed(where.string(), errno);
    TRY(make_folder(where.parent_path()));
  }
}

base::Result<NewFile> Files::duplicate(const std::string& name) {
  std::string copy = next_name();
  const fs::path from = path(name);
  const fs::path to = path(copy);
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (::link(from.c_str(), to.c_str()) == 0) {
      base::Fd fd(::open(to.c_str(), O_RDONLY | O_CLOEXEC));
      NewFile linked(this, std::move(copy), std::move(fd));
      if (linked.fd() < 0) return base::from_errno("opening " + to.string());
      return linked;
    }
    if (errno != ENOENT || attempt > 0) break;
    TRY(make_folder(to.parent_path()));
  }
  if (errno == ENOENT) return base::from_errno("linking " + from.string());
  base::Fd source = TRY(open(name));
  struct stat about {};
  if (::fstat(source.get(), &about) != 0) return base::from_errno("reading " + from.string());
  NewFile target = TRY(create());
  TRY(copy_bytes(source.get(), 0, target.fd(), 0, static_cast<uint64_t>(about.st_size),
                 to.string()));
  return target;
}

base::Status Files::make_durable(const NewFile& file) const {
  const fs::path where = path(file.name());
  if (::fdatasync(file.fd()) != 0) return write_failed(where.string(), errno);
  return sync_folder(where.parent_path());
}

base::Result<base::Fd> Files::open(const std::string& name) const {
  const fs::path where = path(name);
  base::Fd fd(::open(where.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return base::from_errno("opening " + where.string());
  return fd;
}

void Files::remove(const std::string& name) const {
  if (::unlink(path(name).c_str()) != 0 && errno != ENOENT) {
    base::log_warn("objects", "{}", base::from_errno("removing " + path(name).string()).message);
  }
}

base::Result<size_t> Files::sweep(
    const std::function<base::Result<bool>(const std::string&)>& is_named,
    std::stop_token stop) const {
  size_t removed = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(root_, error), end; !error && at != end;
       at.increment(error)) {
    if (stop.stop_requested()) break;
    const std::string name = at->path().filename().string();
    uint64_t epoch = 0;
    uint64_t number = 0;
    if (!parse_name(name, epoch, number) || epoch >= epoch_) continue;
    if (TRY(is_named(name))) continue;
    remove(name);
    ++removed;
  }
  if (error) return base::from_errno("reading " + root_.string(), error.value());
  return removed;
}

base::Status write_at(int fd, std::string_view bytes, uint64_t offset, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0) {
      if (errno == EINTR) continue;
      return write_failed(what, errno);
    }
    bytes.remove_prefix(static_cast<size_t>(wrote));
    offset += static_cast<uint64_t>(wrote);
  }
  return base::ok();
}

base::Status copy_bytes(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t size,
                        std::string_view what) {
  auto source = static_cast<off_t>(from_offset);
  auto target = static_cast<off_t>(to_offset);
  while (size > 0) {
    const ssize_t copied = ::copy_file_range(from, &source, to, &target, size, 0);
    if (copied > 0) {
      size -= static_cast<uint64_t>(copied);
      continue;
    }
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0 && errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS) {
      return write_failed(what, errno);
    }
    return copy_by_hand(from, static_cast<uint64_t>(source), to, static_cast<uint64_t>(target),
                        size, what);
  }
  return base::ok();
}

base::Result<std::string> read_at(int fd, uint64_t offset, uint64_t size, std::string_view what) {
  std::string bytes(size, '\0');
  for (uint64_t done = 0; done < size;) {
    const ssize_t got =
        ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return base::from_errno(what, got == 0 ? EIO : errno);
    done += static_cast<uint64_t>(got);
  }
  return bytes;
}

}  // namespace howdah::objects
