#include "services/iam/answers.h"
#include "services/iam/iam.h"
#include "services/iam/page.h"

namespace howdah::services::iam {

using base::Result;
using store::iam::InstanceProfile;

namespace {
std::string name_of(const InstanceProfile& profile) { return profile.name; }
wire::InstanceProfile listed(const InstanceProfile& profile) { return to_profile(profile, false); }
}  // namespace

Result<wire::CreateInstanceProfileOutput> Iam::create_instance_profile(
    const aws::Context&, const wire::CreateInstanceProfileInput& input) {
  InstanceProfile profile;
  profile.name = input.instance_profile_name();
  profile.path = path_in(input);
  profile.tags = TRY(tags_in(input));
  wire::CreateInstanceProfileOutput out;
  out.set_instance_profile(to_profile(TRY(store_.create_instance_profile(std::move(profile)))));
  return out;
}

Result<wire::GetInstanceProfileOutput> Iam::get_instance_profile(
    const aws::Context&, const wire::GetInstanceProfileInput& input) {
  wire::GetInstanceProfileOutput out;
  out.set_instance_profile(to_profile(TRY(store_.instance_profile(input.instance_profile_name()))));
  return out;
}

Result<wire::ListInstanceProfilesOutput> Iam::list_instance_profiles(
    const aws::Context&, const wire::ListInstanceProfilesInput& input) {
  const auto profiles =
      TRY(page(TRY(store_.instance_profiles(path_prefix_in(input))), input, name_of));
  wire::ListInstanceProfilesOutput out;
  out.set_instance_profiles(profiles.map(listed));
  profiles.close(out);
  return out;
}

Result<wire::ListInstanceProfilesForRoleOutput> Iam::list_instance_profiles_for_role(
    const aws::Context&, const wire::ListInstanceProfilesForRoleInput& input) {
  const auto profiles =
      TRY(page(TRY(store_.instance_profiles_of(input.role_name())), input, name_of));
  wire::ListInstanceProfilesForRoleOutput out;
  out.set_instance_profiles(profiles.map(listed));
  profiles.close(out);
  return out;
}

Result<wire::AddRoleToInstanceProfileOutput> Iam::add_role_to_instance_profile(
    const aws::Context&, const wire::AddRoleToInstanceProfileInput& input) {
  TRY(store_.add_role(input.instance_profile_name(), input.role_name()));
  return wire::AddRoleToInstanceProfileOutput();
}

Result<wire::RemoveRoleFromInstanceProfileOutput> Iam::remove_role_from_instance_profile(
    const aws::Context&, const wire::RemoveRoleFromInstanceProfileInput& input) {
  TRY(store_.remove_role(input.instance_profile_name(), input.role_name()));
  return wire::RemoveRoleFromInstanceProfileOutput();
}

Result<wire::DeleteInstanceProfileOutput> Iam::delete_instance_profile(
    const aws::Context&, const wire::DeleteInstanceProfileInput& input) {
  TRY(store_.remove_instance_profile(input.instance_profile_name()));
  return wire::DeleteInstanceProfileOutput();
}

}  // namespace howdah::services::iam
