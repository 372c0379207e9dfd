#include "db/database.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace howdah::db {
namespace {

using base::Code;
using base::Status;

constexpr const char* kSchema[] = {
    "CREATE TABLE t(k TEXT PRIMARY KEY, v INTEGER, b BLOB, r REAL) WITHOUT ROWID;",
    "CREATE TABLE child(id INTEGER PRIMARY KEY, k TEXT REFERENCES t(k) ON DELETE CASCADE);"
    "CREATE INDEX child_k ON child(k);"};

class DatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "howdah-db-" + std::to_string(getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    path_ = folder_ + "/a.db";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Database> open(std::span<const char* const> migrations = kSchema,
                                 Sync sync = Sync::kNormal) {
    auto database = Database::open({.path = path_, .sync = sync, .migrations = migrations});
    EXPECT_TRUE(database.ok()) << (database.ok() ? "" : database.error().message);
    return database.ok() ? std::move(database).value() : nullptr;
  }

  static Status put(Connection& c, std::string_view key, int64_t value) {
    TRY(c.run("INSERT INTO t(k, v) VALUES (?, ?)", key, value));
    return base::ok();
  }
  static int64_t count(Database& database, const char* sql = "SELECT count(*) FROM t") {
    int64_t out = -1;
    const Status status = database.read([&](Connection& c) -> Status {
      auto q = c.query(sql);
      if (TRY(q.next())) out = q.integer(0);
      return base::ok();
    });
    EXPECT_TRUE(status.ok()) << status.error().message;
    return out;
  }

  std::string folder_, path_;
};

TEST_F(DatabaseTest, WhatWasWrittenIsReadBackWithItsType) {
  auto database = open();
  const std::string blob("\0\xff\0", 3);
  ASSERT_TRUE(database
                  ->write([&](Connection& c) -> Status {
                    TRY(c.run("INSERT INTO t VALUES (?, ?, ?, ?)", std::string("é'\0x", 5), -7,
                              Blob{blob}, 2.5));
                    TRY(c.run("INSERT INTO t VALUES (?, ?, ?, ?)", "", nullptr, Blob{""},
                              std::optional<int64_t>()));
                    return base::ok();
                  })
                  .ok());
  const Status read = database->read([&](Connection& c) -> Status {
    auto q = c.query("SELECT k, v, b, r FROM t ORDER BY k DESC");
    EXPECT_TRUE(TRY(q.next()));
    EXPECT_EQ(q.text(0), std::string_view("é'\0x", 5));
    EXPECT_EQ(q.integer(1), -7);
    EXPECT_EQ(q.blob(2), blob);
    EXPECT_EQ(q.real(3), 2.5);
    EXPECT_FALSE(q.is_null(2));
    EXPECT_TRUE(TRY(q.next()));
    EXPECT_EQ(q.text(0), "");
    EXPECT_FALSE(q.is_null(0));
    EXPECT_TRUE(q.is_null(1));
    EXPECT_FALSE(q.is_null(2));
    EXPECT_TRUE(q.is_null(3));
    EXPECT_FALSE(TRY(q.next()));
    EXPECT_FALSE(TRY(q.next()));
    return base::ok();
  });
  EXPECT_TRUE(read.ok()) << read.error().message;
}

TEST_F(DatabaseTest, RunAnswersHowManyRowsChanged) {
  auto database = open();
  const Status status = database->write([&](Connection& c) -> Status {
    EXPECT_EQ(TRY(c.run("INSERT INTO t(k) VALUES ('a'), ('b')")), 2);
    EXPECT_EQ(TRY(c.run("UPDATE t SET v = 1 WHERE k = ?", "zzz")), 0);
    EXPECT_EQ(TRY(c.run("CREATE TABLE other(x)")), 0);
    EXPECT_EQ(TRY(c.run("DELETE FROM t")), 2);
    return base::ok();
  });
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST_F(DatabaseTest, AFailedFunctionRollsBackItselfAlone) {
  auto database = open();
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        const Status status = database->write([&](Connection& c) -> Status {
          TRY(put(c, std::to_string(i) + "/" + std::to_string(n), n));
          if (n % 2 == 1) return base::invalid_argument("odd");
          return base::ok();
        });
        if (!status.ok()) {
          EXPECT_EQ(status.error().message, "odd");
          ++failed;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 160);
  EXPECT_EQ(count(*database), 160);
  EXPECT_EQ(count(*database, "SELECT count(*) FROM t WHERE v % 2 = 1"), 0);
}

TEST_F(DatabaseTest, ErrorsOfStatementsComeFromNext) {
  auto database = open();
  const Status status = database->read([](Connection& c) -> Status {
    auto unknown = c.query("SELECT x FROM nowhere");
    auto few = c.query("SELECT ?, ?", 1);
    auto two = c.query("SELECT 1; SELECT 2");
    EXPECT_NE(unknown.next().error().message.find("no such table"), std::string::npos);
    EXPECT_NE(few.next().error().message.find("1 values for 2"), std::string::npos);
    EXPECT_NE(two.next().error().message.find("exactly one"), std::string::npos);
    EXPECT_EQ(c.run("DELETE FROM t").error().code, Code::kPermissionDenied);
    return base::ok();
  });
  EXPECT_TRUE(status.ok());
}

TEST_F(DatabaseTest, ConstraintsHaveCodes) {
  auto database = open();
  ASSERT_TRUE(database->write([](Connection& c) { return put(c, "a", 1); }).ok());
  EXPECT_EQ(database->write([](Connection& c) { return put(c, "a", 2); }).error().code,
            Code::kAlreadyExists);
  EXPECT_EQ(database
                ->write([](Connection& c) -> Status {
                  TRY(c.run("INSERT INTO child(k) VALUES ('nobody')"));
                  return base::ok();
                })
                .error()
                .code,
            Code::kFailedPrecondition);
}

TEST_F(DatabaseTest, AReaderKeepsItsSnapshot) {
  auto database = open();
  const Status status = database->read([&](Connection& c) -> Status {
    auto first = c.query("SELECT count(*) FROM t");
    TRY(first.next());
    EXPECT_EQ(first.integer(0), 0);
    EXPECT_TRUE(database->write([](Connection& w) { return put(w, "a", 1); }).ok());
    auto second = c.query("SELECT count(*) FROM t");
    TRY(second.next());
    EXPECT_EQ(second.integer(0), 0);
    EXPECT_EQ(count(*database), 1);  // another reader, a later snapshot
    return base::ok();
  });
  EXPECT_TRUE(status.ok());
}

TEST_F(DatabaseTest, MigrationsRunOnceEachAndALaterFileIsRefused) {
  open(std::span(kSchema, 1));
  open();
  auto database = open();
  EXPECT_EQ(count(*database, "SELECT count(*) FROM child"), 0);
  EXPECT_EQ(count(*database, "PRAGMA user_version"), 2);
  database.reset();
  const auto older = Database::open({.path = path_, .migrations = std::span(kSchema, 1)});
  ASSERT_FALSE(older.ok());
  EXPECT_EQ(older.error().code, Code::kFailedPrecondition);
  EXPECT_NE(older.error().message.find("version 2, this one knows 1"), std::string::npos);
}

TEST_F(DatabaseTest, AFailedMigrationLeavesTheFileAsItWas) {
  open();
  const char* const bad[] = {kSchema[0], kSchema[1],
                             "CREATE TABLE x(y); INSERT INTO nowhere VALUES (1)"};
  EXPECT_FALSE(Database::open({.path = path_, .migrations = bad}).ok());
  auto database = open();
  EXPECT_EQ(count(*database, "SELECT count(*) FROM sqlite_schema WHERE name = 'x'"), 0);
}

}  // namespace
}  // namespace howdah::db
