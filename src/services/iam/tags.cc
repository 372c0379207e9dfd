#include "services/iam/answers.h"
#include "services/iam/iam.h"
#include "services/iam/page.h"

namespace howdah::services::iam {

using base::Result;
using store::iam::Tag;

namespace {

template <typename Output>
Result<Output> add(store::iam::Iam& store, Kind kind, const aws::View& input) {
  TRY(store.tag(kind, name_in(kind, input), TRY(tags_in(input))));
  return Output();
}

template <typename Output>
Result<Output> remove(store::iam::Iam& store, Kind kind, const aws::View& input) {
  TRY(store.untag(kind, name_in(kind, input), base::texts_at(input.raw(), "TagKeys")));
  return Output();
}

template <typename Output>
Result<Output> list(store::iam::Iam& store, Kind kind, const aws::View& input) {
  const auto tags = TRY(page(TRY(store.tags(kind, name_in(kind, input))), input,
                             [](const Tag& tag) { return tag.key; }));
  Output out;
  out.set_tags(to_tags(tags.items));
  tags.close(out);
  return out;
}

}  // namespace

Result<wire::TagRoleOutput> Iam::tag_role(const aws::Context&, const wire::TagRoleInput& input) {
  return add<wire::TagRoleOutput>(store_, Kind::kRole, input);
}

Result<wire::TagUserOutput> Iam::tag_user(const aws::Context&, const wire::TagUserInput& input) {
  return add<wire::TagUserOutput>(store_, Kind::kUser, input);
}

Result<wire::TagPolicyOutput> Iam::tag_policy(const aws::Context&,
                                              const wire::TagPolicyInput& input) {
  return add<wire::TagPolicyOutput>(store_, Kind::kPolicy, input);
}

Result<wire::TagInstanceProfileOutput> Iam::tag_instance_profile(
    const aws::Context&, const wire::TagInstanceProfileInput& input) {
  return add<wire::TagInstanceProfileOutput>(store_, Kind::kInstanceProfile, input);
}

Result<wire::UntagRoleOutput> Iam::untag_role(const aws::Context&,
                                              const wire::UntagRoleInput& input) {
  return remove<wire::UntagRoleOutput>(store_, Kind::kRole, input);
}

Result<wire::UntagUserOutput> Iam::untag_user(const aws::Context&,
                                              const wire::UntagUserInput& input) {
  return remove<wire::UntagUserOutput>(store_, Kind::kUser, input);
}

Result<wire::UntagPolicyOutput> Iam::untag_policy(const aws::Context&,
                                                  const wire::UntagPolicyInput& input) {
  return remove<wire::UntagPolicyOutput>(store_, Kind::kPolicy, input);
}

Result<wire::UntagInstanceProfileOutput> Iam::untag_instance_profile(
    const aws::Context&, const wire::UntagInstanceProfileInput& input) {
  return remove<wire::UntagInstanceProfileOutput>(store_, Kind::kInstanceProfile, input);
}

Result<wire::ListRoleTagsOutput> Iam::list_role_tags(const aws::Context&,
                                                     const wire::ListRoleTagsInput& input) {
  return list<wire::ListRoleTagsOutput>(store_, Kind::kRole, input);
}

Result<wire::ListUserTagsOutput> Iam::list_user_tags(const aws::Context&,
                                                     const wire::ListUserTagsInput& input) {
  return list<wire::ListUserTagsOutput>(store_, Kind::kUser, input);
}

Result<wire::ListPolicyTagsOutput> Iam::list_policy_tags(const aws::Context&,
                                                         const wire::ListPolicyTagsInput& input) {
  return list<wire::ListPolicyTagsOutput>(store_, Kind::kPolicy, input);
}

Result<wire::ListInstanceProfileTagsOutput> Iam::list_instance_profile_tags(
    const aws::Context&, const wire::ListInstanceProfileTagsInput& input) {
  return list<wire::ListInstanceProfileTagsOutput>(store_, Kind::kInstanceProfile, input);
}

}  // namespace howdah::services::iam
