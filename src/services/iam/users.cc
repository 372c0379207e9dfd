#include "services/iam/answers.h"
#include "services/iam/iam.h"
#include "services/iam/page.h"

namespace howdah::services::iam {

using base::Result;
using store::iam::AccessKey;
using store::iam::Entity;
using store::iam::EntityChange;

namespace {
std::string_view status_of(const AccessKey& key) { return key.active ? "Active" : "Inactive"; }

bool is_root(const aws::Context& context) { return context.principal_arn.ends_with(":root"); }
}  // namespace

Result<wire::CreateUserOutput> Iam::create_user(const aws::Context&,
                                                const wire::CreateUserInput& input) {
  Entity user;
  user.kind = Kind::kUser;
  user.name = input.user_name();
  user.path = path_in(input);
  user.boundary = input.permissions_boundary().value_or("");
  user.tags = TRY(tags_in(input));
  wire::CreateUserOutput out;
  out.set_user(to_user(TRY(store_.create(std::move(user)))));
  return out;
}

Result<wire::GetUserOutput> Iam::get_user(const aws::Context& context,
                                          const wire::GetUserInput& input) {
  wire::GetUserOutput out;
  if (name_in(Kind::kUser, input).empty() && is_root(context)) {
    wire::User root;
    root.set_user_id(context.account).set_arn(context.principal_arn).set_create_date(0);
    out.set_user(std::move(root));
    return out;
  }
  const std::string name = TRY(user_in(input, context));
  out.set_user(to_user(TRY(store_.entity(Kind::kUser, name))));
  return out;
}

Result<wire::ListUsersOutput> Iam::list_users(const aws::Context&,
                                              const wire::ListUsersInput& input) {
  const auto users = TRY(page(TRY(store_.entities(Kind::kUser, path_prefix_in(input))), input,
                              [](const Entity& user) { return user.name; }));
  wire::ListUsersOutput out;
  out.set_users(users.map([](const Entity& user) { return to_user(user, false); }));
  users.close(out);
  return out;
}

Result<wire::UpdateUserOutput> Iam::update_user(const aws::Context&,
                                                const wire::UpdateUserInput& input) {
  EntityChange change;
  if (input.new_user_name()) change.name = std::string(*input.new_user_name());
  if (input.new_path()) change.path = std::string(*input.new_path());
  TRY(store_.update(Kind::kUser, input.user_name(), change));
  return wire::UpdateUserOutput();
}

Result<wire::DeleteUserOutput> Iam::delete_user(const aws::Context&,
                                                const wire::DeleteUserInput& input) {
  TRY(store_.remove(Kind::kUser, input.user_name()));
  return wire::DeleteUserOutput();
}

Result<wire::PutUserPermissionsBoundaryOutput> Iam::put_user_permissions_boundary(
    const aws::Context&, const wire::PutUserPermissionsBoundaryInput& input) {
  EntityChange change;
  change.boundary = std::string(input.permissions_boundary());
  TRY(store_.update(Kind::kUser, input.user_name(), change));
  return wire::PutUserPermissionsBoundaryOutput();
}

Result<wire::DeleteUserPermissionsBoundaryOutput> Iam::delete_user_permissions_boundary(
    const aws::Context&, const wire::DeleteUserPermissionsBoundaryInput& input) {
  EntityChange change;
  change.boundary = "";
  TRY(store_.update(Kind::kUser, input.user_name(), change));
  return wire::DeleteUserPermissionsBoundaryOutput();
}

Result<wire::CreateAccessKeyOutput> Iam::create_access_key(
    const aws::Context& context, const wire::CreateAccessKeyInput& input) {
  const AccessKey key = TRY(store_.create_access_key(TRY(user_in(input, context))));
  wire::AccessKey made;
  made.set_user_name(key.user_name)
      .set_access_key_id(key.id)
      .set_status(status_of(key))
      .set_secret_access_key(key.secret)
      .set_create_date(base::to_millis(key.created));
  wire::CreateAccessKeyOutput out;
  out.set_access_key(std::move(made));
  return out;
}

Result<wire::ListAccessKeysOutput> Iam::list_access_keys(const aws::Context& context,
                                                         const wire::ListAccessKeysInput& input) {
  std::vector<AccessKey> all;
  if (!(name_in(Kind::kUser, input).empty() && is_root(context))) {
    all = TRY(store_.access_keys(TRY(user_in(input, context))));
  }
  const auto keys = TRY(page(std::move(all), input, [](const AccessKey& key) { return key.id; }));
  wire::ListAccessKeysOutput out;
  out.set_access_key_metadata(keys.map([](const AccessKey& key) {
    wire::AccessKeyMetadata one;
    one.set_user_name(key.user_name)
        .set_access_key_id(key.id)
        .set_status(status_of(key))
        .set_create_date(base::to_millis(key.created));
    return one;
  }));
  keys.close(out);
  return out;
}

Result<wire::UpdateAccessKeyOutput> Iam::update_access_key(
    const aws::Context& context, const wire::UpdateAccessKeyInput& input) {
  TRY(store_.set_access_key_active(TRY(user_in(input, context)), input.access_key_id(),
                                   input.status() == "Active"));
  return wire::UpdateAccessKeyOutput();
}

Result<wire::DeleteAccessKeyOutput> Iam::delete_access_key(
    const aws::Context& context, const wire::DeleteAccessKeyInput& input) {
  TRY(store_.remove_access_key(TRY(user_in(input, context)), input.access_key_id()));
  return wire::DeleteAccessKeyOutput();
}

}  // namespace howdah::services::iam
