#include "os/disk_use.h"

#include <fts.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace howdah::os {
namespace {

constexpr uint64_t kBlock = 512;  // st_blocks' unit, stat(3type)

}  // namespace

std::optional<uint64_t> disk_use(const std::filesystem::path& folder) {
  std::string top = folder.string();
  char* const tops[] = {top.data(), nullptr};
  const std::unique_ptr<FTS, int (*)(FTS*)> walk(
      ::fts_open(tops, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, nullptr), ::fts_close);
  if (!walk) return std::nullopt;
  uint64_t out = 0;
  std::set<std::pair<dev_t, ino_t>> linked;  // counted once, whatever their names
  while (const FTSENT* entry = ::fts_read(walk.get())) {
    const bool gone = entry->fts_errno == ENOENT;
    if (entry->fts_info == FTS_DP) continue;  // a folder again, after what is in it
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
      if (gone && entry->fts_level > 0) continue;
      return std::nullopt;
    }
    const struct stat& found = *entry->fts_statp;
    const bool again = entry->fts_info == FTS_F && found.st_nlink > 1 &&
                       !linked.emplace(found.st_dev, found.st_ino).second;
    if (!again) out += static_cast<uint64_t>(found.st_blocks) * kBlock;
  }
  return out;
}

}  // namespace howdah::os
