#include "control/jobs/disk.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <cstdint>

#include "job/failure.h"

namespace howdah::control {
namespace {

constexpr uint64_t kMiB = 1024 * 1024;
constexpr uint64_t kFull = 2 * kMiB;  // programs write in blocks: what is left is less than one
// A DataNode takes a block of 128 MiB when beside it dfs.datanode.du.reserved (apps/hadoop) and
// what its volume choosing policy keeps (1 GiB) stay free.
constexpr uint64_t kHdfsNeeds = (128 + 512 + 1024) * kMiB;

}  // namespace

std::string word_of_full_disk(nodes::Provider& nodes, const std::string& node_id,
                              std::string_view log_line) {
  const auto folder = nodes.host_path(node_id, "/mnt/");
  struct statvfs disk {};
  if (!folder.ok() || ::statvfs(folder->c_str(), &disk) != 0) return "";
  const uint64_t free = disk.f_bavail * disk.f_frsize, size = disk.f_blocks * disk.f_frsize;
  const bool no_files = disk.f_files != 0 && disk.f_favail == 0;
  const bool full = free < kFull || no_files;
  if (!full && job::is_full_hdfs(log_line) && free < kHdfsNeeds) {
    return fmt::format(
        "The disk is too full for HDFS: {} of {} MiB are free below the server's data directory, "
        "and a DataNode takes a new block only while {} are.",
        free / kMiB, size / kMiB, kHdfsNeeds / kMiB);
  }
  if (!full && !job::is_full_disk(log_line)) return "";
  return fmt::format(
      "The disk of {} {}: {} of {} MiB are free{}. Remove what is not needed there, or give the "
      "server's data directory a larger disk.",
      node_id.substr(node_id.rfind('/') + 1), full ? "is full" : "was full", free / kMiB,
      size / kMiB,
      no_files ? ", and it takes no more files"
      : full   ? ""
               : " now");
}

}  // namespace howdah::control
