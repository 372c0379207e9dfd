#include "store/iam/iam.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <mutex>

#include "base/fd.h"
#include "store/iam/embedded.h"
#include "store/iam/rows.h"

namespace howdah::store::iam {

using base::Result;
using base::Status;
using db::Connection;

namespace {

// Secrets lie in it: nobody else may read the file. SQLite gives its -wal and -shm the same mode.
Status make_private(const std::string& path) {
  base::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return base::from_errno("open " + path);
  if (::fchmod(file.get(), 0600) != 0) return base::from_errno("fchmod " + path);
  return {};
}

// As `aws emr create-default-roles` writes it (aws-api.md, 4.5).
std::string trust_of(std::string_view principals) {
  return fmt::format(R"({{"Version":"2008-10-17","Statement":[{{"Sid":"","Effect":"Allow",)"
                     R"("Principal":{{"Service":{}}},"Action":"sts:AssumeRole"}}]}})",
                     principals);
}

}  // namespace

Result<std::unique_ptr<Iam>> Iam::open(const std::string& path, base::Clock& clock,
                                       base::Ids& ids) {
  TRY(make_private(path));
  const char* const migrations[] = {kSchema};
  auto database =
      TRY(db::Database::open({.path = path, .sync = db::Sync::kFull, .migrations = migrations}));
  std::unique_ptr<Iam> iam(new Iam(std::move(database), clock, ids));
  TRY(iam->fill_new_account());
  return iam;
}

Status Iam::fill_new_account() {
  // A mark, not "is it empty": what the user deletes stays deleted.
  bool filled = false;
  TRY(read([&](Connection& c) -> Status {
    filled = TRY(count(c.query("SELECT count(*) FROM tag WHERE kind = 0"))) > 0;
    return {};
  }));
  if (filled) return {};
  const struct {
    const char* role;
    const char* policy;
    const char* principals;
  } kDefaults[] = {
      {"EMR_DefaultRole", "AmazonElasticMapReduceRole", R"("elasticmapreduce.amazonaws.com")"},
      {"EMR_EC2_DefaultRole", "AmazonElasticMapReduceforEC2Role", R"("ec2.amazonaws.com")"},
      {"EMR_AutoScaling_DefaultRole", "AmazonElasticMapReduceforAutoScalingRole",
       R"(["elasticmapreduce.amazonaws.com","application-autoscaling.amazonaws.com"])"},
  };
  const int64_t time = base::to_millis(now());
  return write([&](Connection& c) -> Status {
    for (const auto& row : kDefaults) {
      TRY(
          c.run("INSERT INTO entity (kind, name, path, id, created, trust) "
                "VALUES (2, ?, '/', ?, ?, ?)",
                row.role, new_id("AROA"), time, trust_of(row.principals)));
      TRY(c.run("INSERT INTO attachment (kind, entity, arn) VALUES (2, ?, ?)", row.role,
                fmt::format("arn:aws:iam::aws:policy/service-role/{}", row.policy)));
    }
    TRY(
        c.run("INSERT INTO instance_profile (name, path, id, created, role) "
              "VALUES ('EMR_EC2_DefaultRole', '/', ?, ?, 'EMR_EC2_DefaultRole')",
              new_id("AIPA"), time));
    TRY(c.run("INSERT INTO tag (kind, entity, key, value) VALUES (0, 'account', 'filled', '1')"));
    return {};
  });
}

Status Iam::write(const Change& change) {
  TRY(database_->write(change));
  std::unique_lock lock(mutex_);
  ++generation_;
  known_.clear();
  return {};
}

base::Time Iam::now() const { return std::chrono::floor<std::chrono::seconds>(clock_.now()); }

std::string Iam::new_id(std::string_view prefix, size_t length) {
  return std::string(prefix) + ids_.token(base::kUpperAlnum, length);
}

std::string Iam::new_secret() { return ids_.token(base::kMixedAlnum, 40); }

}  // namespace howdah::store::iam
