#include "gateways/metadata/metadata.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "gateways/metadata/tokens.h"
#include "gateways/metadata/tree.h"
#include "store/iam/node_profile.h"

namespace howdah::gateways {
namespace {

constexpr std::chrono::seconds kLifetime{3600};
constexpr base::Millis kRenewBefore{20 * 60 * 1000};  // SDKs renew from 15 minutes before the end
constexpr size_t kMostMinted = 4096;
constexpr const char* kTokenHeader = "X-aws-ec2-metadata-token";
constexpr const char* kTtlHeader = "X-aws-ec2-metadata-token-ttl-seconds";
// Dates under which EC2 serves the same tree; "latest" is the newest.
constexpr std::string_view kVersions =
    "1.0\n2007-01-19\n2007-03-01\n2007-08-29\n2007-10-10\n2007-12-15\n2008-02-01\n2008-09-01\n"
    "2009-04-04\n2011-01-01\n2011-05-01\n2012-01-12\n2014-02-25\n2014-11-05\n2015-10-20\n"
    "2016-04-19\n2016-06-30\n2016-09-02\n2018-03-28\n2018-08-17\n2018-09-24\n2019-10-01\n"
    "2020-10-27\n2021-01-03\n2021-03-23\n2021-07-15\n2022-09-24\n2024-04-11\nlatest";

http::Response text(std::string body) {
  http::Response out;
  out.headers.set("Content-Type", "text/plain");
  out.headers.set("Server", "EC2ws");
  out.body = std::move(body);
  return out;
}

http::Response page(int status, std::string_view title) {
  http::Response out =
      text(fmt::format("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n"
                       "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n"
                       "\t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n"
                       "<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n"
                       " <head>\n  <title>{0} - {1}</title>\n </head>\n"
                       " <body>\n  <h1>{0} - {1}</h1>\n </body>\n</html>\n",
                       status, title));
  out.status = status;
  out.headers.set("Content-Type", "text/html");
  return out;
}

bool is_version(std::string_view name) {
  const auto known = base::split(kVersions, '\n');
  return std::find(known.begin(), known.end(), name) != known.end();
}

const cluster::Node* node_of(const store::ClusterRow& row, int number) {
  for (const cluster::Node& node : row.status.nodes) {
    if (node.number == number) return &node;
  }
  return nullptr;
}

}  // namespace

http::Response Metadata::answer(const http::Request& request, const cluster::Key& key, int number) {
  const auto row = o_.store.cluster(key);
  if (!row.ok()) return page(404, "Not Found");
  const cluster::Node* node = node_of(*row, number);
  if (!node) return page(404, "Not Found");
  if (request.path == "/latest/api/token") return token(request, node->instance_id);
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response out = page(405, "Method Not Allowed");
    out.headers.set("Allow", "GET, HEAD");
    return out;
  }
  std::optional<base::Time> until;
  if (const auto given = request.headers.find(kTokenHeader)) {
    until = check_metadata_token(o_.secret, node->instance_id, *given, o_.clock.now());
    if (!until) return page(401, "Unauthorized");
  }
  std::string_view path = std::string_view(request.path).substr(1);
  if (path.empty()) return text(std::string(kVersions));
  const std::string_view version = path.substr(0, path.find('/'));
  if (!is_version(version)) return page(404, "Not Found");
  path.remove_prefix(std::min(path.size(), version.size() + 1));
  http::Response out = value(path, *row, *node);
  if (until) {
    out.headers.set(kTtlHeader, std::to_string((*until - o_.clock.now()).count() / 1000));
  }
  return out;
}

http::Response Metadata::token(const http::Request& request, const std::string& instance_id) {
  if (request.method != "PUT") {
    http::Response out = page(405, "Method Not Allowed");
    out.headers.set("Allow", "OPTIONS, PUT");
    return out;
  }
  // Whoever passes requests on must not be tricked into fetching a token for a stranger.
  if (request.headers.contains("X-Forwarded-For")) return page(403, "Forbidden");
  const auto seconds = token_seconds(request.headers.value_or(kTtlHeader, ""));
  if (!seconds) return page(400, "Bad Request");
  http::Response out = text(make_metadata_token(o_.secret, instance_id,
                                                o_.clock.now() + base::Millis(*seconds * 1000),
                                                o_.ids.token(base::kMixedAlnum, 12)));
  out.headers.set(kTtlHeader, std::to_string(*seconds));
  return out;
}

http::Response Metadata::value(std::string_view path, const store::ClusterRow& row,
                               const cluster::Node& node) {
  InstanceFacts facts = facts_of(row, node);
  const auto profile = store::iam::profile_of_nodes(o_.iam, row.wanted.job_flow_role);
  if (profile.ok() && profile->role && !cluster::is_terminal(row.status.state)) {
    facts.role = profile->role->name;
    facts.profile_arn = profile->arn;
    facts.profile_id = profile->id;
  }
  if (!facts.role.empty() && path == "meta-data/iam/security-credentials/" + facts.role) {
    auto keys = credentials(row, node, facts.role);
    return keys.ok() ? text(std::move(*keys)) : page(500, "Internal Server Error");
  }
  for (const std::string& name : {facts.key_name, std::string(store::iam::kOwnSshKey)}) {
    if (name.empty()) continue;
    if (auto key = o_.ssh_keys.find(name); key.ok()) facts.ssh_keys.emplace_back(name, *key);
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path == kPublicKeys && !facts.ssh_keys.empty()) return text(list_ssh_keys(facts));
  auto found = look_up(tree_of(facts), path);
  return found ? text(std::move(*found)) : page(404, "Not Found");
}

base::Result<std::string> Metadata::credentials(const store::ClusterRow& row,
                                                const cluster::Node& node,
                                                const std::string& role) {
  const std::string who = fmt::format("{}/{}/{}", role, row.key.id, node.instance_id);
  const base::Time now = o_.clock.now();
  std::lock_guard lock(mutex_);  // also for minting: one for all who ask at once
  auto found = minted_.find(who);
  // Asked again also when the clock was put back, or the role was made anew in between.
  if (found == minted_.end() || found->second.keys.expires - now < kRenewBefore ||
      found->second.at > now || !o_.iam.lookup(found->second.keys.access_key_id).ok()) {
    auto keys = TRY(o_.iam.mint_session(role, node.instance_id, kLifetime));
    std::erase_if(minted_, [&](const auto& one) { return one.second.keys.expires <= now; });
    if (minted_.size() >= kMostMinted) minted_.clear();
    found = minted_.insert_or_assign(who, Minted{std::move(keys), now}).first;
  }
  const store::iam::TemporaryCredentials& keys = found->second.keys;
  const auto seconds = [](base::Time time) { return base::to_iso8601(time).substr(0, 19) + "Z"; };
  return ec2_json({{"Code", "Success"},
                   {"LastUpdated", seconds(found->second.at)},
                   {"Type", "AWS-HMAC"},
                   {"AccessKeyId", keys.access_key_id},
                   {"SecretAccessKey", keys.secret},
                   {"Token", keys.session_token},
                   {"Expiration", seconds(keys.expires)}});
}

}  // namespace howdah::gateways
