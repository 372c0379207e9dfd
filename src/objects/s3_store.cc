#include "objects/s3_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/log.h"
#include "objects/errors.h"
#include "objects/names.h"
#include "objects/schema.h"
#include "objects/state.h"

namespace howdah::objects {
namespace {

constexpr int64_t kRememberCompleted = 24 * 3600 * 1000;  // ms: how long a Complete may be retried

base::Result<uint64_t> next_epoch(db::Database& database) {
  uint64_t epoch = 0;
  TRY(database.write([&](db::Connection& connection) -> base::Status {
    TRY(
        connection.run("INSERT INTO state (name, value) VALUES ('epoch', 1) "
                       "ON CONFLICT (name) DO UPDATE SET value = value + 1"));
    auto query = connection.query("SELECT value FROM state WHERE name = 'epoch'");
    if (!TRY(query.next())) return base::internal("objects.db has no epoch");
    epoch = static_cast<uint64_t>(query.integer(0));
    return base::ok();
  }));
  return epoch;
}

}  // namespace

base::Result<size_t> TextSource::read(std::span<char> into) {
  const size_t count = std::min(into.size(), left_.size());
  left_.copy(into.data(), count);
  left_.remove_prefix(count);
  return count;
}

base::Status check_writable(std::string_view bucket) {
  if (is_public_bucket(bucket)) return access_denied();
  return base::ok();
}

S3Store::S3Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
S3Store::~S3Store() {
  if (state_) state_->sweeper = std::jthread();  // stopped while what it looks at is still there
}

base::Result<std::unique_ptr<S3Store>> S3Store::open(const Options& options) {
  const std::filesystem::path folder = options.folder / "objects";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return base::from_errno("making " + folder.string());
  }
  db::Options database_options;
  database_options.path = (options.folder / "objects.db").string();
  database_options.migrations = migrations();
  auto database = TRY(db::Database::open(database_options));
  const uint64_t epoch = TRY(next_epoch(*database));
  std::unique_ptr<S3Store> store(
      new S3Store(std::make_unique<State>(options, std::move(database), epoch)));
  TRY(seed_samples(*store->state_));
  if (options.sweep_at_start) {
    store->state_->sweeper = std::jthread([raw = store.get()](std::stop_token stop) {
      const auto swept = raw->sweep(stop);
      if (!swept.ok()) {
        base::log_warn("objects", "sweeping left-over files: {}", swept.error().message);
      } else if (*swept > 0) {
        base::log_info("objects", "removed {} files that a crash had left over", *swept);
      }
    });
  }
  return store;
}

base::Result<size_t> S3Store::sweep(std::stop_token stop) {
  const int64_t before = base::to_millis(state_->now()) - kRememberCompleted;
  int64_t old = 0;
  TRY(state_->database->read([&](db::Connection& connection) -> base::Status {
    auto query = connection.query("SELECT count(*) FROM completed WHERE at < ?", before);
    if (TRY(query.next())) old = query.integer(0);
    return base::ok();
  }));
  if (old > 0) {
    TRY(state_->database->write([&](db::Connection& connection) -> base::Status {
      TRY(connection.run("DELETE FROM completed WHERE at < ?", before));
      return base::ok();
    }));
  }
  const auto is_named = [&](const std::string& name) -> base::Result<bool> {
    bool named = false;
    TRY(state_->database->read([&](db::Connection& connection) -> base::Status {
      auto query = connection.query(
          "SELECT 1 FROM objects WHERE file = ? UNION ALL SELECT 1 FROM parts WHERE file = ? LIMIT "
          "1",
          name, name);
      named = TRY(query.next());
      return base::ok();
    }));
    return named;
  };
  return state_->files.sweep(is_named, stop);
}

base::Result<ObjectInfo> S3Store::State::commit(Found object,
                                                std::variant<std::string, NewFile>& body,
                                                const PutConditions& conditions,
                                                const WithCommit& also) {
  NewFile* file = std::get_if<NewFile>(&body);
  const std::string* small = std::get_if<std::string>(&body);
  std::vector<std::string> replaced;
  TRY(database->write([&](db::Connection& connection) -> base::Status {
    replaced.clear();
    const ObjectInfo& info = object.info;
    const int64_t bucket = TRY(bucket_id(connection, info.bucket));
    const auto existing = TRY(read_row(connection, bucket, info.key, false));
    TRY(check_conditions(conditions, existing ? &*existing : nullptr, info.key));
    if (existing) TRY(delete_row(connection, bucket, info.key, *existing, replaced));
    if (also) TRY(also(connection, bucket, replaced));
    return insert_row(connection, bucket, object, small != nullptr ? *small : std::string_view(),
                      file != nullptr ? file->name() : std::string_view());
  }));
  if (file != nullptr) file->keep();
  remove_files(replaced);
  return std::move(object.info);
}

base::Result<Row> S3Store::State::locate(const std::string& bucket, const std::string& key,
                                         bool with_contents) {
  // A file that is gone was replaced or deleted after its row was read: look again.
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::optional<Row> row;
    TRY(database->read([&](db::Connection& connection) -> base::Status {
      const int64_t id = TRY(bucket_id(connection, bucket));
      row = TRY(read_row(connection, id, key, with_contents));
      return base::ok();
    }));
    if (!row) return no_such_key(key);
    row->found.info.bucket = bucket;
    if (row->file.empty() || !with_contents) return std::move(*row);
    auto opened = files.open(row->file);
    if (opened.ok()) {
      row->found.contents.body = std::move(opened).value();
      return std::move(*row);
    }
    if (opened.error().code != base::Code::kNotFound) return std::move(opened).error();
  }
  return base::internal(
      fmt::format("the file of {}/{} is missing in {}: it was removed by hand, or "
                  "the disk lost it",
                  bucket, key, files.root().string()));
}

}  // namespace howdah::objects
