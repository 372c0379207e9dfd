#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "db/database.h"

namespace howdah::db {
namespace {

using base::Code;
using base::Status;

constexpr const char* kSchema[] = {
    "CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB);"
    "CREATE TABLE twin(id INTEGER PRIMARY KEY);"};

class DatabaseFaultTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "howdah-dbf-" + std::to_string(getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    path_ = folder_ + "/a.db";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Database> open(Sync sync = Sync::kNormal) {
    auto database = Database::open({.path = path_, .sync = sync, .migrations = kSchema});
    EXPECT_TRUE(database.ok()) << (database.ok() ? "" : database.error().message);
    return database.ok() ? std::move(database).value() : nullptr;
  }
  static Status put(Connection& c, int64_t id, std::string_view bytes = "x") {
    TRY(c.run("INSERT INTO t VALUES (?, ?)", id, Blob{bytes}));
    TRY(c.run("INSERT INTO twin VALUES (?)", id));
    return base::ok();
  }
  static int64_t number(Database& database, std::string sql) {
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

TEST_F(DatabaseFaultTest, NothingIsSeenOrAnsweredBeforeTheCommit) {
  auto database = open();
  std::latch inside(1), go(1);
  std::atomic<int> answered = 0;
  std::thread first([&] {
    EXPECT_TRUE(database
                    ->write([&](Connection& c) {
                      inside.count_down();
                      const Status status = put(c, 1);
                      go.wait();
                      return status;
                    })
                    .ok());
    ++answered;
  });
  inside.wait();
  std::thread second([&] {
    EXPECT_TRUE(database->write([&](Connection& c) { return put(c, 2); }).ok());
    ++answered;
  });
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 0);
  EXPECT_EQ(answered, 0);
  go.count_down();
  first.join();
  second.join();
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 2);
}

TEST_F(DatabaseFaultTest, EveryAcknowledgedWriteSurvivesTheKillOfItsProcess) {
  for (int round = 0; round < 5; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    base::Fd acknowledged(ends[0]), acknowledge(ends[1]);
    const int64_t start = round * 1000000;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto database = std::move(
          Database::open({.path = path_, .sync = Sync::kFull, .migrations = kSchema}).value());
      std::vector<std::thread> writers;
      for (int64_t w = 0; w < 4; ++w) {
        writers.emplace_back([&, w] {
          for (int64_t id = start + w;; id += 4) {
            if (!database->write([&](Connection& c) { return put(c, id); }).ok()) _exit(1);
            if (::write(acknowledge.get(), &id, sizeof id) != sizeof id) _exit(2);
          }
        });
      }
      for (auto& writer : writers) writer.join();
    }
    acknowledge.reset();
    std::vector<int64_t> known;
    int64_t id;
    while (::read(acknowledged.get(), &id, sizeof id) == sizeof id) {
      known.push_back(id);
      if (known.size() == 40u + static_cast<size_t>(round)) ::kill(child, SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    EXPECT_GE(known.size(), 40u);
    auto database = open();
    for (const int64_t acked : known) {
      EXPECT_EQ(number(*database, "SELECT count(*) FROM t WHERE id = " + std::to_string(acked)), 1);
    }
    EXPECT_EQ(number(*database, "SELECT count(*) FROM t WHERE id NOT IN (SELECT id FROM twin)"), 0);
    EXPECT_EQ(number(*database, "SELECT count(*) FROM twin WHERE id NOT IN (SELECT id FROM t)"), 0);
  }
}

TEST_F(DatabaseFaultTest, AFullDatabaseIsResourceExhaustedAndGoesOnOnceThereIsRoom) {
  auto database = open();
  const auto limit = [&](int pages) {
    EXPECT_TRUE(database
                    ->write([&](Connection& c) -> Status {
                      auto q = c.query("PRAGMA max_page_count=" + std::to_string(pages));
                      TRY(q.next());
                      return base::ok();
                    })
                    .ok());
  };
  limit(20);
  const std::string big(200000, 'x');
  const Status full = database->write([&](Connection& c) { return put(c, 1, big); });
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, Code::kResourceExhausted);
  EXPECT_NE(full.error().message.find(path_), std::string::npos) << full.error().message;
  limit(1000000);
  EXPECT_TRUE(database->write([&](Connection& c) { return put(c, 1, big); }).ok());
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 1);
}

TEST_F(DatabaseFaultTest, ADiskThatTakesNoMoreFailsWholeGroupsAndNothingHalf) {
  auto database = open();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{256 * 1024, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::atomic<int64_t> written = 0, refused = 0, odd = 0;
  std::vector<std::thread> writers;
  for (int64_t w = 0; w < 8; ++w) {
    writers.emplace_back([&, w] {
      const std::string bytes(20000, 'x');
      for (int64_t n = 0; n < 20; ++n) {
        const Status status =
            database->write([&](Connection& c) { return put(c, w * 100 + n, bytes); });
        if (!status.ok() && status.error().code != Code::kResourceExhausted && ++odd == 1) {
          ADD_FAILURE() << status.error().message;
        }
        ++(status.ok() ? written : refused);
      }
    });
  }
  for (auto& writer : writers) writer.join();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), written);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM twin"), written);
  EXPECT_TRUE(database->write([&](Connection& c) { return put(c, 100000); }).ok());
}

TEST_F(DatabaseFaultTest, WhatIsKeptOfTheDiskIsThereWhenOthersHaveFilledIt) {
  const std::string disk = folder_ + "/disk";
  std::filesystem::create_directories(disk);
  // Nobody else sees this mount, and it goes with us.
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=4m") != 0) {
    GTEST_SKIP() << "mounting a small disk is not permitted here";
  }
  {
    auto plain = std::move(
        Database::open({.path = disk + "/plain.db", .migrations = kSchema}).value());
    auto kept = std::move(
        Database::open({.path = disk + "/kept.db", .migrations = kSchema, .reserve = 1 << 20})
            .value());
    {
      std::ofstream fill(disk + "/fill", std::ios::binary);
      const std::string page(4096, 'x');
      while (fill.write(page.data(), 4096).flush()) continue;
    }
    EXPECT_EQ(plain->write([](Connection& c) { return put(c, 1); }).error().code,
              Code::kResourceExhausted);
    for (int64_t id = 0; id < 20; ++id)
      EXPECT_TRUE(kept->write([&](Connection& c) { return put(c, id); }).ok()) << id;
    const std::string big(2 << 20, 'x');
    EXPECT_EQ(kept->write([&](Connection& c) { return put(c, 100, big); }).error().code,
              Code::kResourceExhausted);
    EXPECT_EQ(number(*kept, "SELECT count(*) FROM twin"), 20);
    std::filesystem::remove(disk + "/fill");
    EXPECT_TRUE(plain->write([](Connection& c) { return put(c, 1); }).ok());
    EXPECT_TRUE(kept->write([&](Connection& c) { return put(c, 100, "x"); }).ok());
  }
  path_ = disk + "/kept.db";
  EXPECT_EQ(number(*open(), "SELECT count(*) FROM t"), 21);
  ::umount2(disk.c_str(), MNT_DETACH);
}

TEST_F(DatabaseFaultTest, SumsStayWholeWhileManyReadAndWrite) {
  auto database = open();
  std::atomic<bool> over = false;
  std::vector<std::thread> readers, writers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      while (!over) {
        EXPECT_EQ(
            number(*database, "SELECT (SELECT count(*) FROM t) - (SELECT count(*) FROM twin)"), 0);
      }
    });
  }
  for (int64_t w = 0; w < 8; ++w) {
    writers.emplace_back([&, w] {
      for (int64_t n = 0; n < 50; ++n) {
        const Status status = database->write([&](Connection& c) -> Status {
          TRY(put(c, w * 1000 + n));
          if (n % 3 == 0) return base::unavailable("not now");
          if (n % 7 == 1) TRY(put(c, w * 1000 + n));  // a broken key
          return base::ok();
        });
        EXPECT_EQ(status.ok(), n % 3 != 0 && n % 7 != 1);
      }
    });
  }
  for (auto& writer : writers) writer.join();
  over = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(
      number(*database, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
      1);
}

TEST_F(DatabaseFaultTest, OneTextMayRunWithinItself) {
  auto database = open();
  const Status status = database->write([&](Connection& c) -> Status {
    for (int i = 0; i < 3; ++i) TRY(put(c, i));
    int pairs = 0;
    auto outer = c.query("SELECT id FROM t");
    while (TRY(outer.next())) {
      auto inner = c.query("SELECT id FROM t");
      while (TRY(inner.next())) ++pairs;
    }
    EXPECT_EQ(pairs, 9);
    for (int i = 0; i < 1000; ++i) {  // more texts than are kept
      auto other = c.query("SELECT " + std::to_string(i));
      EXPECT_TRUE(TRY(other.next()));
      EXPECT_EQ(other.integer(0), i);
    }
    return base::ok();
  });
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST_F(DatabaseFaultTest, WhatIsNoDatabaseIsRefusedAndLeftAsItIs) {
  std::ofstream(path_) << std::string(5000, 'x');
  const auto other = Database::open({.path = path_, .migrations = kSchema});
  ASSERT_FALSE(other.ok());
  EXPECT_NE(other.error().message.find("file is not a database"), std::string::npos)
      << other.error().message;
  EXPECT_EQ(std::filesystem::file_size(path_), 5000u);
  EXPECT_EQ(Database::open({.path = folder_ + "/none/a.db"}).error().code, Code::kNotFound);
}

TEST_F(DatabaseFaultTest, OnlyTheOwnerReadsTheFiles) {
  auto database = open();
  ASSERT_TRUE(database->write([&](Connection& c) { return put(c, 1); }).ok());
  for (const char* end : {"", "-wal", "-shm"}) {
    struct stat info {};
    ASSERT_EQ(::stat((path_ + end).c_str(), &info), 0) << end;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << end;
  }
}

TEST_F(DatabaseFaultTest, ALockHeldByAnotherIsUnavailableAfterTheTimeout) {
  auto database = open();
  auto other = std::move(
      Database::open(
          {.path = path_, .migrations = kSchema, .busy_timeout = std::chrono::milliseconds(20)})
          .value());
  const Status status = database->write([&](Connection& c) {
    EXPECT_EQ(other->write([](Connection& d) { return put(d, 2); }).error().code,
              Code::kUnavailable);
    return put(c, 1);
  });
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(other->write([](Connection& d) { return put(d, 2); }).ok());
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 2);
}

}  // namespace
}  // namespace howdah::db
