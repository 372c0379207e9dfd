#pragma once

// The stores of one run, made when a location first asks for them. Ownership: owns them; what it
// was made with must outlive it. Threads: store_of concurrently.

#include <map>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/ids.h"
#include "distcp/credentials.h"
#include "distcp/options.h"
#include "distcp/retry.h"
#include "distcp/site.h"
#include "distcp/store.h"

namespace howdah::distcp {

class Session {
 public:
  Session(const Options& options, Site site, Environment environment, base::Clock& clock,
          base::Ids& ids, const Retry& retry);

  base::Result<Store*> store_of(const Location& location);
  base::Result<Location> locate(std::string_view text) const;
  const Site& site() const { return site_; }

 private:
  std::unique_ptr<Store> make(const Location& location);
  std::string property(const std::string& name) const;

  const Options& options_;
  const Site site_;
  base::Clock& clock_;
  base::Ids& ids_;
  const Retry& retry_;
  Credentials credentials_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Store>> stores_;  // by scheme and NameNode
};

}  // namespace howdah::distcp
