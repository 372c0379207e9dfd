#include "services/iam/answers.h"
#include "services/iam/iam.h"
#include "services/iam/page.h"

namespace howdah::services::iam {

using base::Result;
using store::iam::Entity;
using store::iam::EntityChange;

namespace {
std::string name_of(const Entity& entity) { return entity.name; }
}  // namespace

Result<wire::CreateGroupOutput> Iam::create_group(const aws::Context&,
                                                  const wire::CreateGroupInput& input) {
  Entity group;
  group.kind = Kind::kGroup;
  group.name = input.group_name();
  group.path = path_in(input);
  wire::CreateGroupOutput out;
  out.set_group(to_group(TRY(store_.create(std::move(group)))));
  return out;
}

Result<wire::GetGroupOutput> Iam::get_group(const aws::Context&, const wire::GetGroupInput& input) {
  const auto members = TRY(page(TRY(store_.members(input.group_name())), input, name_of));
  wire::GetGroupOutput out;
  out.set_group(to_group(TRY(store_.entity(Kind::kGroup, input.group_name()))));
  out.set_users(members.map([](const Entity& user) { return to_user(user, false); }));
  members.close(out);
  return out;
}

Result<wire::ListGroupsOutput> Iam::list_groups(const aws::Context&,
                                                const wire::ListGroupsInput& input) {
  const auto groups =
      TRY(page(TRY(store_.entities(Kind::kGroup, path_prefix_in(input))), input, name_of));
  wire::ListGroupsOutput out;
  out.set_groups(groups.map(to_group));
  groups.close(out);
  return out;
}

Result<wire::UpdateGroupOutput> Iam::update_group(const aws::Context&,
                                                  const wire::UpdateGroupInput& input) {
  EntityChange change;
  if (input.new_group_name()) change.name = std::string(*input.new_group_name());
  if (input.new_path()) change.path = std::string(*input.new_path());
  TRY(store_.update(Kind::kGroup, input.group_name(), change));
  return wire::UpdateGroupOutput();
}

Result<wire::DeleteGroupOutput> Iam::delete_group(const aws::Context&,
                                                  const wire::DeleteGroupInput& input) {
  TRY(store_.remove(Kind::kGroup, input.group_name()));
  return wire::DeleteGroupOutput();
}

Result<wire::AddUserToGroupOutput> Iam::add_user_to_group(const aws::Context&,
                                                          const wire::AddUserToGroupInput& input) {
  TRY(store_.add_to_group(input.group_name(), input.user_name()));
  return wire::AddUserToGroupOutput();
}

Result<wire::RemoveUserFromGroupOutput> Iam::remove_user_from_group(
    const aws::Context&, const wire::RemoveUserFromGroupInput& input) {
  TRY(store_.remove_from_group(input.group_name(), input.user_name()));
  return wire::RemoveUserFromGroupOutput();
}

Result<wire::ListGroupsForUserOutput> Iam::list_groups_for_user(
    const aws::Context&, const wire::ListGroupsForUserInput& input) {
  const auto groups = TRY(page(TRY(store_.groups_of(input.user_name())), input, name_of));
  wire::ListGroupsForUserOutput out;
  out.set_groups(groups.map(to_group));
  groups.close(out);
  return out;
}

}  // namespace howdah::services::iam
