#include "db/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "db/connection_state.h"

namespace howdah::db {
namespace {

constexpr size_t kIdleReaders = 8;  // beyond it a reader's connection is closed after its use
constexpr size_t kGroupLimit = 256;

using Function = std::function<base::Status(Connection&)>;

struct Pending {
  const Function* function = nullptr;
  base::Status status;
  std::binary_semaphore done{
      0};  // one each: a shared signal would wake every writer for every group
};

/// A file only its owner reads (it may hold secrets; -wal and -shm inherit the mode), there after a
/// crash.
base::Status make_file(const std::string& path) {
  base::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) return errno == EEXIST ? base::ok() : base::Status(base::from_errno(path));
  auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  base::Fd parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.valid() || ::fsync(parent.get()) != 0) return base::from_errno(folder.string());
  return base::ok();
}

/// SQLite writes its log from the start again and again; nobody locks that file, so that it may be
/// opened and closed beside SQLite. On a disk that is full already it goes without.
void keep_room(const std::string& path, int64_t bytes) {
  if (bytes == 0) return;
  const base::Fd log(::open((path + "-wal").c_str(), O_WRONLY | O_CLOEXEC));
  if (!log.valid() || ::fallocate(log.get(), FALLOC_FL_KEEP_SIZE, 0, bytes) != 0)
    base::log_warn("db", "{}: no room is kept for a full disk: {}", path, std::strerror(errno));
}

base::Result<int64_t> version_of(Connection& connection) {
  auto query = connection.query("PRAGMA user_version");
  TRY(query.next());
  return query.integer(0);
}

/// One step, inside a transaction that the caller ends.
base::Status migrate_one(Connection& connection, Connection::State& state,
                         std::span<const char* const> migrations, bool* finished) {
  const int64_t version = TRY(version_of(connection));
  if (version > static_cast<int64_t>(migrations.size())) {
    return base::Error{
        base::Code::kFailedPrecondition,
        fmt::format(
            "{} was written by a later Howdah (version {}, this one knows {}): run that one",
            state.path, version, migrations.size()),
        {},
        {}};
  }
  *finished = version == static_cast<int64_t>(migrations.size());
  if (*finished) return base::ok();
  TRY(state.exec(migrations[static_cast<size_t>(version)]));
  auto broken = connection.query("PRAGMA foreign_key_check");
  if (TRY(broken.next())) {
    return base::internal(fmt::format("migration {} of {} breaks a foreign key of table {}",
                                      version + 1, state.path, broken.text(0)));
  }
  return state.exec(fmt::format("PRAGMA user_version={}", version + 1).c_str());
}

base::Status migrate(Connection& connection, Connection::State& state,
                     std::span<const char* const> migrations) {
  // a table is rebuilt as SQLite's "ALTER TABLE" page says: foreign keys off, checked at the end
  TRY(state.exec("PRAGMA foreign_keys=OFF"));
  for (bool finished = false; !finished;) {
    TRY(state.exec("BEGIN IMMEDIATE"));
    const base::Status status = migrate_one(connection, state, migrations, &finished);
    if (!status.ok()) {
      if (state.in_transaction()) TRY(state.exec("ROLLBACK"));
      return status;
    }
    TRY(state.exec("COMMIT"));
  }
  return state.exec("PRAGMA foreign_keys=ON");
}

/// A connection and the view of it that callers do not have.
struct Opened {
  explicit Opened(std::unique_ptr<Connection::State> opened)
      : state(*opened), connection(std::move(opened)) {}
  Connection::State& state;
  Connection connection;
};

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(const Options& options, std::unique_ptr<Opened> writer)
      : path_(options.path),
        busy_timeout_(options.busy_timeout),
        writer_(std::move(writer)),
        state_(writer_->state) {
    thread_ = std::thread([this] { work(); });
  }

  ~SqliteDatabase() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    arrived_.notify_one();
    thread_.join();
  }

  base::Status read(const Function& function) override {
    std::unique_ptr<Opened> reader = TRY(take_reader());
    TRY(reader->connection.run("BEGIN"));
    base::Status status = function(reader->connection);
    CHECK(reader->state.borrowed == 0);  // a Query outlived its function
    if (reader->state.in_transaction()) {
      const auto ended = reader->connection.run("COMMIT");
      if (!ended.ok()) return status.ok() ? ended.error() : status;  // the connection is dropped
    }
    give_back(std::move(reader));
    return status;
  }

  base::Status write(const Function& function) override {
    CHECK(std::this_thread::get_id() !=
          thread_.get_id());  // a write function must not call write()
    Pending pending;
    pending.function = &function;
    {
      std::lock_guard lock(mutex_);
      CHECK(!stopping_);
      queue_.push_back(&pending);
      if (queue_.size() == 1) arrived_.notify_one();
    }
    pending.done.acquire();
    return std::move(pending.status);
  }

 private:
  base::Result<std::unique_ptr<Opened>> take_reader() {
    {
      std::lock_guard lock(readers_mutex_);
      if (!readers_.empty()) {
        auto reader = std::move(readers_.back());
        readers_.pop_back();
        return reader;
      }
    }
    return std::make_unique<Opened>(
        TRY(Connection::State::open(path_, /*reader=*/true, busy_timeout_)));
  }

  void give_back(std::unique_ptr<Opened> reader) {
    std::lock_guard lock(readers_mutex_);
    if (readers_.size() < kIdleReaders) readers_.push_back(std::move(reader));
  }

  // ---- the writer's thread

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      commit_group(lock);
    }
  }

  /// Runs what is queued, and what comes while it runs, in one transaction. Unlocks while working.
  void commit_group(std::unique_lock<std::mutex>& lock) {
    std::vector<Pending*> group, batch;
    batch.swap(queue_);
    lock.unlock();
    base::Status status = run("BEGIN IMMEDIATE");
    while (!batch.empty()) {
      for (Pending* pending : batch) {
        if (status.ok()) status = run_one(*pending);
        group.push_back(pending);
      }
      batch.clear();
      if (status.ok() && group.size() < kGroupLimit) {
        lock.lock();
        batch.swap(queue_);
        lock.unlock();
      }
    }
    if (status.ok()) status = run("COMMIT");
    if (!status.ok()) {
      if (state_.in_transaction() && !run("ROLLBACK").ok()) {
        base::log_error("db", "{}: a failed transaction could not be rolled back", path_);
      }
      // who had failed already keeps its own, more telling error
      for (Pending* pending : group) {
        if (pending->status.ok()) pending->status = status;
      }
    }
    for (Pending* pending : group) pending->done.release();  // and is gone
    lock.lock();
  }

  base::Status run(std::string_view sql) {
    TRY(writer_->connection.run(sql));
    return base::ok();
  }

  /// The function in a savepoint. An error means that the whole group is lost.
  base::Status run_one(Pending& pending) {
    TRY(run("SAVEPOINT one"));
    pending.status = (*pending.function)(writer_->connection);
    CHECK(state_.borrowed == 0);     // a Query outlived its function
    if (!state_.in_transaction()) {  // a full disk or an I/O error: SQLite rolled everything back
      if (!pending.status.ok()) return pending.status.error();
      return base::internal(
          fmt::format("{}: the transaction ended inside a write function", path_));
    }
    if (!pending.status.ok()) TRY(run("ROLLBACK TO one"));
    TRY(run("RELEASE one"));
    return base::ok();
  }

  const std::string path_;
  const std::chrono::milliseconds busy_timeout_;
  std::unique_ptr<Opened> writer_;
  Connection::State& state_;  // the writer's

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Pending*> queue_;
  bool stopping_ = false;

  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<Opened>> readers_;

  std::thread thread_;
};

}  // namespace

base::Result<std::unique_ptr<Database>> Database::open(const Options& options) {
  TRY(make_file(options.path));
  auto writer = std::make_unique<Opened>(
      TRY(Connection::State::open(options.path, /*reader=*/false, options.busy_timeout)));
  // reading comes first: it tells a file that is no database before anything is changed
  TRY(writer->state.exec("PRAGMA schema_version; PRAGMA journal_mode=WAL"));
  TRY(writer->state.exec(options.sync == Sync::kFull ? "PRAGMA synchronous=FULL"
                                                     : "PRAGMA synchronous=NORMAL"));
  TRY(migrate(writer->connection, writer->state, options.migrations));
  keep_room(options.path, options.reserve);
  return std::unique_ptr<Database>(std::make_unique<SqliteDatabase>(options, std::move(writer)));
}

}  // namespace howdah::db
