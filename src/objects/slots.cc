#include "objects/slots.h"

namespace howdah::objects {
namespace {

constexpr uint64_t kFarthest = uint64_t{8} << 40;  // ext4 files end at 16 TiB

}  // namespace

base::Result<std::optional<Slots::Claim>> Slots::claim(const std::string& upload, int number,
                                                       uint64_t size) {
  if (size < kSmallest) {
    std::lock_guard lock(mutex_);
    if (!shared_.contains(upload)) return std::optional<Claim>();
  }
  std::lock_guard lock(mutex_);
  auto at = shared_.find(upload);
  if (at == shared_.end()) {
    NewFile file = TRY(files_.create());
    TRY(files_.make_durable(file));  // its folder entry; the parts sync their bytes
    at =
        shared_.emplace(upload, Shared{std::make_shared<NewFile>(std::move(file)), size, {}, false})
            .first;
  }
  Shared& shared = at->second;
  const uint64_t offset = shared.part_size * static_cast<uint64_t>(number - 1);
  if (size > shared.part_size || offset + size > kFarthest || size <= kInlineLimit) {
    return std::optional<Claim>();
  }
  if (!shared.taken.insert(number).second) return std::optional<Claim>();
  return std::optional<Claim>(Claim{shared.file, {shared.file->fd(), offset, size}});
}

void Slots::release(const std::string& upload, int number) {
  std::lock_guard lock(mutex_);
  const auto at = shared_.find(upload);
  if (at != shared_.end()) at->second.taken.erase(number);
}

void Slots::keep(const Claim& claim) {
  std::lock_guard lock(mutex_);
  claim.file->keep();
  for (auto& [upload, shared] : shared_) {
    if (shared.file == claim.file) shared.kept = true;
  }
}

std::string Slots::forget(const std::string& upload) {
  std::lock_guard lock(mutex_);
  const auto at = shared_.find(upload);
  if (at == shared_.end()) return {};
  std::string name = at->second.kept ? at->second.file->name() : std::string();
  shared_.erase(at);
  return name;
}

}  // namespace howdah::objects
