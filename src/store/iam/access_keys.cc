#include <fmt/format.h>

#include "store/iam/errors.h"
#include "store/iam/iam.h"
#include "store/iam/rows.h"

namespace howdah::store::iam {

using base::Result;
using base::Status;
using db::Connection;

namespace {
constexpr int64_t kKeysPerUser = 2;

base::Error no_key(std::string_view id) {
  return no_such_entity(fmt::format("The Access Key with id {} cannot be found.", id));
}
}  // namespace

Result<RootKey> Iam::root_key(bool loopback_only) {
  test_key_ = loopback_only;
  if (loopback_only) return RootKey{"test", "test"};
  RootKey out;
  TRY(read([&](Connection& c) -> Status {
    auto row = c.query("SELECT id FROM access_key WHERE user_name IS NULL ORDER BY created DESC");
    if (TRY(row.next())) out.access_key_id = row.text(0);
    return {};
  }));
  if (!out.access_key_id.empty()) return out;
  return make_root_key();
}

Result<RootKey> Iam::reset_root_key() { return make_root_key(); }

Result<RootKey> Iam::make_root_key() {
  const RootKey out{new_id("AKIA", 16), new_secret()};
  TRY(write([&](Connection& c) -> Status {
    TRY(c.run("DELETE FROM access_key WHERE user_name IS NULL"));
    TRY(
        c.run("INSERT INTO access_key (id, user_name, secret, active, created) "
              "VALUES (?, NULL, ?, 1, ?)",
              out.access_key_id, out.secret, base::to_millis(now())));
    return {};
  }));
  return out;
}

Result<AccessKey> Iam::create_access_key(std::string_view user) {
  AccessKey out{new_id("AKIA", 16), std::string(user), new_secret(), true, now()};
  TRY(write([&](Connection& c) -> Status {
    out.user_name = TRY(read_entity(c, Kind::kUser, user)).name;
    const int64_t held =
        TRY(count(c.query("SELECT count(*) FROM access_key WHERE user_name = ?", out.user_name)));
    if (held >= kKeysPerUser) {
      return limit_exceeded(
          fmt::format("Cannot exceed quota for AccessKeysPerUser: {}", kKeysPerUser));
    }
    TRY(
        c.run("INSERT INTO access_key (id, user_name, secret, active, created) "
              "VALUES (?, ?, ?, 1, ?)",
              out.id, out.user_name, out.secret, base::to_millis(out.created)));
    return {};
  }));
  return out;
}

Result<std::vector<AccessKey>> Iam::access_keys(std::string_view user) {
  std::vector<AccessKey> out;
  TRY(read([&](Connection& c) -> Status {
    const Entity owner = TRY(read_entity(c, Kind::kUser, user));
    auto row = c.query(
        "SELECT id, active, created FROM access_key WHERE user_name = ? ORDER BY created, id",
        owner.name);
    while (TRY(row.next())) {
      out.push_back({std::string(row.text(0)),
                     owner.name,
                     {},
                     row.integer(1) != 0,
                     base::from_millis(row.integer(2))});
    }
    return {};
  }));
  return out;
}

Status Iam::set_access_key_active(std::string_view user, std::string_view id, bool active) {
  return write([&](Connection& c) -> Status {
    TRY(read_entity(c, Kind::kUser, user));
    if (TRY(c.run("UPDATE access_key SET active = ? WHERE id = ? AND user_name = ?", active ? 1 : 0,
                  id, user)) == 0) {
      return no_key(id);
    }
    return {};
  });
}

Status Iam::remove_access_key(std::string_view user, std::string_view id) {
  return write([&](Connection& c) -> Status {
    TRY(read_entity(c, Kind::kUser, user));
    if (TRY(c.run("DELETE FROM access_key WHERE id = ? AND user_name = ?", id, user)) == 0) {
      return no_key(id);
    }
    return {};
  });
}

}  // namespace howdah::store::iam
