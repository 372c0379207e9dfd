#pragma once

// The store's records in the model's shapes, and what the inputs of several operations share.
// Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "aws/iam/types.h"
#include "store/iam/records.h"

namespace howdah::services::iam {

namespace wire = aws::iam;
using store::iam::Kind;

/// `whole`: with what lists leave out (tags, boundary).
wire::Role to_role(const store::iam::Entity& role, bool whole = true);
wire::User to_user(const store::iam::Entity& user, bool whole = true);
wire::Group to_group(const store::iam::Entity& group);
wire::InstanceProfile to_profile(const store::iam::InstanceProfile& profile, bool whole = true);
wire::Policy to_policy(const store::iam::ManagedPolicy& policy, bool whole = true);
/// `document`: lists and new versions leave it out.
wire::PolicyVersion to_version(const store::iam::PolicyVersion& version, bool document);
std::vector<wire::TagBuilder> to_tags(const std::vector<store::iam::Tag>& tags);

/// Documents travel percent-encoded (RFC 3986) in answers.
std::string encoded(std::string_view document);

/// The input's Tags. InvalidInput when a key comes twice (without regard to case).
base::Result<std::vector<store::iam::Tag>> tags_in(const aws::View& input);

/// "RoleName", "UserName", "GroupName", "InstanceProfileName", "PolicyArn".
std::string_view name_member(Kind kind);
/// The entity that the input names.
std::string_view name_in(Kind kind, const aws::View& input);
/// The input's UserName, or else the caller's own name. ValidationError when the caller is no user.
base::Result<std::string> user_in(const aws::View& input, const aws::Context& context);

std::string_view path_in(const aws::View& input);         // Path, default "/"
std::string_view path_prefix_in(const aws::View& input);  // PathPrefix, default "/"

}  // namespace howdah::services::iam
