#include "store/iam/errors.h"
#include "store/iam/iam.h"
#include "store/iam/rows.h"

namespace howdah::store::iam {

using base::Result;
using base::Status;
using db::Connection;

Result<InstanceProfile> Iam::create_instance_profile(InstanceProfile profile) {
  profile.id = new_id("AIPA");
  profile.created = now();
  profile.arn = arn_of(Kind::kInstanceProfile, profile.path, profile.name);
  TRY(write([&](Connection& c) -> Status {
    if (TRY(count(c.query("SELECT count(*) FROM instance_profile WHERE name = ?", profile.name)))) {
      return already_exists(Kind::kInstanceProfile, profile.name);
    }
    TRY(c.run("INSERT INTO instance_profile (name, path, id, created) VALUES (?, ?, ?, ?)",
              profile.name, profile.path, profile.id, base::to_millis(profile.created)));
    return write_tags(c, Kind::kInstanceProfile, profile.name, profile.tags);
  }));
  return profile;
}

Result<InstanceProfile> Iam::instance_profile(std::string_view name) {
  InstanceProfile out;
  TRY(read([&](Connection& c) -> Status {
    out = TRY(read_profile(c, name));
    out.tags = TRY(read_tags(c, Kind::kInstanceProfile, out.name));
    return {};
  }));
  return out;
}

Result<std::vector<InstanceProfile>> Iam::instance_profiles(std::string_view path_prefix) {
  std::vector<InstanceProfile> out;
  TRY(read([&](Connection& c) -> Status {
    std::vector<std::string> names;
    auto row = c.query("SELECT name, path FROM instance_profile ORDER BY name");
    while (TRY(row.next())) {
      if (row.text(1).starts_with(path_prefix)) names.emplace_back(row.text(0));
    }
    for (const std::string& name : names) out.push_back(TRY(read_profile(c, name)));
    return {};
  }));
  return out;
}

Result<std::vector<InstanceProfile>> Iam::instance_profiles_of(std::string_view role) {
  std::vector<InstanceProfile> out;
  TRY(read([&](Connection& c) -> Status {
    TRY(read_entity(c, Kind::kRole, role));
    std::vector<std::string> names;
    auto row = c.query("SELECT name FROM instance_profile WHERE role = ? ORDER BY name", role);
    while (TRY(row.next())) names.emplace_back(row.text(0));
    for (const std::string& name : names) out.push_back(TRY(read_profile(c, name)));
    return {};
  }));
  return out;
}

Status Iam::add_role(std::string_view profile, std::string_view role) {
  return write([&](Connection& c) -> Status {
    const InstanceProfile to = TRY(read_profile(c, profile));
    const Entity what = TRY(read_entity(c, Kind::kRole, role));
    if (to.role) {
      return limit_exceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
    }
    TRY(c.run("UPDATE instance_profile SET role = ? WHERE name = ?", what.name, to.name));
    return {};
  });
}

Status Iam::remove_role(std::string_view profile, std::string_view role) {
  return write([&](Connection& c) -> Status {
    const InstanceProfile from = TRY(read_profile(c, profile));
    const Entity what = TRY(read_entity(c, Kind::kRole, role));
    if (!from.role || from.role->name != what.name) return not_found(Kind::kRole, role);
    TRY(c.run("UPDATE instance_profile SET role = NULL WHERE name = ?", from.name));
    return {};
  });
}

Status Iam::remove_instance_profile(std::string_view name) {
  return write([&](Connection& c) -> Status {
    const InstanceProfile profile = TRY(read_profile(c, name));
    if (profile.role) {
      return delete_conflict(
          "Cannot delete entity, must remove roles from instance profile first.");
    }
    TRY(remove_tags(c, Kind::kInstanceProfile, profile.name));
    TRY(c.run("DELETE FROM instance_profile WHERE name = ?", profile.name));
    return {};
  });
}

}  // namespace howdah::store::iam
