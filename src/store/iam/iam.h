#pragma once

// The account's identities, in iam.db: users, groups, roles, instance profiles, policies, access
// keys and temporary credentials. Every verb is one transaction. A new account already holds what
// `aws emr create-default-roles` would make, and AWS's own managed policies (compiled in, see
// managed_policies.h).
// Ownership: owns its database; borrows clock and ids. Threads: all verbs may be called
// concurrently; lookup() and authorise() answer from memory, which every write empties.
// Failure: errors carry AWS's code in `reason` (NoSuchEntity, EntityAlreadyExists, DeleteConflict,
// LimitExceeded, MalformedPolicyDocument …) and AWS's wording. Secrets never appear in them.

#include <atomic>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "db/database.h"
#include "iam/evaluate.h"
#include "store/iam/records.h"

namespace howdah::store::iam {

class Iam {
 public:
  /// Opens or makes the file (mode 0600). `clock` and `ids` must outlive the store; `ids` must be
  /// fit for secrets.
  static base::Result<std::unique_ptr<Iam>> open(const std::string& path, base::Clock& clock,
                                                 base::Ids& ids);

  // --- asked on every request -------------------------------------------------------------------

  /// kUnauthenticated, "InvalidClientTokenId" for a key that is not there or not active. Expired
  /// temporary credentials are found, so that a request signed with them can be told so; whoever
  /// verifies the signature looks at `expires`, and authorise() allows them nothing.
  base::Result<std::shared_ptr<const Credential>> lookup(std::string_view access_key_id);

  /// kPermissionDenied with AWS's wording (the protocol names it); kUnauthenticated,
  /// "ExpiredToken", past the end of temporary credentials. `request` holds what the request
  /// itself tells (iam/request_context.h); who asks and when is added here.
  base::Status authorise(const Credential& who, std::string_view action, std::string_view resource,
                         const howdah::iam::Context& request);
  howdah::iam::Decision decide(const Credential& who, std::string_view action,
                               std::string_view resource, const howdah::iam::Context& request);
  /// `request` and what is known of the caller and the hour: what decide() evaluates with.
  howdah::iam::Context full_context(const Credential& who,
                                    const howdah::iam::Context& request) const;

  // --- keys (access_keys.cc) --------------------------------------------------------------------

  /// The root's key: test/test, in memory only, while `loopback_only`; otherwise one that is made
  /// on the first call, whose secret is answered on that call alone.
  base::Result<RootKey> root_key(bool loopback_only);
  /// Replaces the generated root key: the way out when it was lost.
  base::Result<RootKey> reset_root_key();

  base::Result<AccessKey> create_access_key(std::string_view user);
  base::Result<std::vector<AccessKey>> access_keys(std::string_view user);
  base::Status set_access_key_active(std::string_view user, std::string_view id, bool active);
  base::Status remove_access_key(std::string_view user, std::string_view id);

  // --- temporary credentials (sessions.cc) ------------------------------------------------------

  /// For a job or a caller that was already allowed to assume the role. Any positive duration.
  base::Result<TemporaryCredentials> mint_session(std::string_view role_name,
                                                  std::string_view session_name,
                                                  std::chrono::seconds duration);
  /// `policies`: session policy documents, checked here; they only take away.
  base::Result<TemporaryCredentials> mint_session(
      std::string_view role_name, std::string_view session_name, std::chrono::seconds duration,
      const std::optional<std::vector<std::string>>& policies);
  /// GetSessionToken: temporary credentials of `who` itself (a user or root).
  base::Result<TemporaryCredentials> mint_session_of(const Credential& who,
                                                     std::chrono::seconds duration);

  // --- users, roles, groups (entities.cc, inline_policies.cc, attachments.cc) -------------------

  /// `entity`: kind, name, path, description, trust, max_session_seconds, boundary, tags.
  base::Result<Entity> create(Entity entity);
  base::Result<Entity> entity(Kind kind, std::string_view name);
  base::Result<Entity> role(std::string_view name) { return entity(Kind::kRole, name); }
  base::Result<std::vector<Entity>> entities(Kind kind, std::string_view path_prefix = "/");
  base::Result<Entity> update(Kind kind, std::string_view name, const EntityChange& change);
  base::Status remove(Kind kind, std::string_view name);

  base::Status add_to_group(std::string_view group, std::string_view user);
  base::Status remove_from_group(std::string_view group, std::string_view user);
  base::Result<std::vector<Entity>> members(std::string_view group);
  base::Result<std::vector<Entity>> groups_of(std::string_view user);

  base::Status put_inline_policy(Kind kind, std::string_view entity, std::string_view policy,
                                 std::string_view document);
  base::Result<std::string> inline_policy(Kind kind, std::string_view entity,
                                          std::string_view policy);
  base::Result<std::vector<std::string>> inline_policies(Kind kind, std::string_view entity);
  base::Status remove_inline_policy(Kind kind, std::string_view entity, std::string_view policy);

  base::Status attach(Kind kind, std::string_view entity, std::string_view policy_arn);
  base::Status detach(Kind kind, std::string_view entity, std::string_view policy_arn);
  base::Result<std::vector<ManagedPolicy>> attached(Kind kind, std::string_view entity);
  /// Whom the policy is attached to (or bounds).
  base::Result<std::vector<Entity>> holders(std::string_view policy_arn, bool as_boundary);

  /// All policies that decide for a user, group or role: what SimulatePrincipalPolicy asks.
  base::Result<howdah::iam::PolicySet> policies_of(Kind kind, std::string_view name);

  // --- tags (tags.cc): `name` is an ARN for Kind::kPolicy ----------------------------------------

  base::Status tag(Kind kind, std::string_view name, const std::vector<Tag>& tags);
  base::Status untag(Kind kind, std::string_view name, const std::vector<std::string>& keys);
  base::Result<std::vector<Tag>> tags(Kind kind, std::string_view name);

  // --- managed policies (policies.cc) -----------------------------------------------------------

  base::Result<ManagedPolicy> create_policy(ManagedPolicy policy, std::string_view document);
  base::Result<ManagedPolicy> policy(std::string_view arn);
  base::Result<std::vector<ManagedPolicy>> policies();  // ours and AWS's
  base::Status remove_policy(std::string_view arn);
  base::Result<PolicyVersion> create_policy_version(std::string_view arn, std::string_view document,
                                                    bool set_default);
  base::Result<PolicyVersion> policy_version(std::string_view arn, std::string_view version_id);
  base::Result<std::vector<PolicyVersion>> policy_versions(std::string_view arn);
  base::Status set_default_version(std::string_view arn, std::string_view version_id);
  base::Status remove_policy_version(std::string_view arn, std::string_view version_id);

  // --- instance profiles (instance_profiles.cc) -------------------------------------------------

  base::Result<InstanceProfile> create_instance_profile(InstanceProfile profile);
  base::Result<InstanceProfile> instance_profile(std::string_view name);
  base::Result<std::vector<InstanceProfile>> instance_profiles(std::string_view path_prefix = "/");
  base::Result<std::vector<InstanceProfile>> instance_profiles_of(std::string_view role);
  base::Status add_role(std::string_view profile, std::string_view role);
  base::Status remove_role(std::string_view profile, std::string_view role);
  base::Status remove_instance_profile(std::string_view name);

  base::Result<Counts> counts();

 private:
  using Change = std::function<base::Status(db::Connection&)>;

  Iam(std::unique_ptr<db::Database> database, base::Clock& clock, base::Ids& ids)
      : database_(std::move(database)), clock_(clock), ids_(ids) {}

  base::Status fill_new_account();
  base::Status write(const Change& change);  // and empties the memory of lookup()
  base::Status read(const Change& question) { return database_->read(question); }
  base::Time now() const;  // whole seconds, as AWS's times are
  std::string new_id(std::string_view prefix, size_t length = 17);
  std::string new_secret();

  base::Result<RootKey> make_root_key();
  base::Result<TemporaryCredentials> mint(Kind kind, std::string_view name,
                                          std::string_view session_name,
                                          std::chrono::seconds duration,
                                          const std::optional<std::vector<std::string>>& policies);
  base::Result<std::shared_ptr<const Credential>> load(std::string_view access_key_id);
  std::vector<std::string> services_passed_to(std::string_view role_arn);

  std::unique_ptr<db::Database> database_;
  base::Clock& clock_;
  base::Ids& ids_;
  std::atomic<bool> test_key_{false};

  std::shared_mutex mutex_;
  uint64_t generation_ = 0;  // of the stored data: what was read before a write is not remembered
  // Shared: a request goes on with the credential it began with.
  std::unordered_map<std::string, std::shared_ptr<const Credential>> known_;
};

}  // namespace howdah::store::iam
