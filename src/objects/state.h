#pragma once

// What the operations of S3Store share. Internal to this module.

#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "db/database.h"
#include "objects/files.h"
#include "objects/rows.h"
#include "objects/s3_store.h"
#include "objects/slots.h"

namespace howdah::objects {

/// What completing an upload adds to the transaction that makes the object.
using WithCommit =
    std::function<base::Status(db::Connection&, int64_t bucket, std::vector<std::string>& files)>;

struct S3Store::State {
  State(Options o, std::unique_ptr<db::Database> d, uint64_t epoch)
      : options(std::move(o)),
        database(std::move(d)),
        files(options.folder / "objects", epoch),
        slots(files) {}

  /// Writes the row of a new object over the old one, and removes what that leaves behind.
  base::Result<ObjectInfo> commit(Found object, std::variant<std::string, NewFile>& body,
                                  const PutConditions& conditions,
                                  const WithCommit& also = nullptr);
  /// The row with its bytes or its open file.
  base::Result<Row> locate(const std::string& bucket, const std::string& key, bool with_contents);

  base::Time now() const { return options.clock->now(); }
  void remove_files(const std::vector<std::string>& names) const {
    for (const std::string& name : names) files.remove(name);
  }

  Options options;
  std::unique_ptr<db::Database> database;
  Files files;
  Slots slots;
  std::jthread sweeper;
};

/// AccessDenied for the public bucket.
base::Status check_writable(std::string_view bucket);

/// Puts our samples into the public bucket unless these very ones are there.
base::Status seed_samples(S3Store::State& state);

}  // namespace howdah::objects
