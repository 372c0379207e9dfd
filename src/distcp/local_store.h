#pragma once

// Files of this host. A new file is written beside its place under a name of its own, synced and
// renamed. Threads, failure: see store.h.

#include "base/ids.h"
#include "distcp/store.h"

namespace howdah::distcp {

class LocalStore final : public Store {
 public:
  explicit LocalStore(base::Ids& ids) : ids_(ids) {}

  base::Result<std::vector<Input>> list(const Location& folder) override;
  base::Result<std::vector<Input>> list_prefix(const Location& prefix) override;
  base::Result<Input> look(const Location& file) override;
  base::Result<Source> open(const Input& file, uint64_t offset, uint64_t length) override;
  base::Result<std::unique_ptr<Writer>> create(const NewFile& file) override;
  std::optional<base::Status> copy(const Input& from, const NewFile& to) override;
  base::Status remove(const std::vector<Location>& files) override;

 private:
  base::Ids& ids_;
};

}  // namespace howdah::distcp
