#include "iam/request_context.h"

namespace howdah::iam {

namespace {

std::string_view host_of(std::string_view peer) {
  std::string_view host = peer.substr(0, peer.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

void set_or_absent(Context& out, std::string_view key, std::string_view value) {
  if (value.empty()) {
    out.declare_absent(key);
  } else {
    out.set(key, std::string(value));
  }
}

void add_tags(Context& out, const base::JsonObject& input) {
  std::vector<std::string> keys;
  const auto add = [&](std::string_view key, std::string_view value) {
    out.set("aws:RequestTag/" + std::string(key), std::string(value));
    keys.emplace_back(key);
  };
  out.declare_absent("aws:RequestTag/");
  for (std::string_view member : {"Tags", "tags"}) {
    if (const base::JsonArray* list = base::find_array(input, member)) {
      for (const base::Json& item : *list) {
        const base::JsonObject* tag = item.if_object();
        if (tag) add(base::text_at(*tag, "Key"), base::text_at(*tag, "Value"));
      }
    } else if (const base::JsonObject* map = base::find_object(input, member)) {
      for (const auto& tag : *map) {
        const std::string_view key(tag.key().data(), tag.key().size());
        add(key, base::text_at(*map, key));
      }
    }
  }
  out.set("aws:TagKeys", std::move(keys));
}

void add_s3(Context& out, const base::JsonObject& input) {
  constexpr std::pair<std::string_view, std::string_view> kKeys[] = {
      {"s3:prefix", "Prefix"}, {"s3:delimiter", "Delimiter"}, {"s3:VersionId", "VersionId"}};
  for (const auto& [key, member] : kKeys) {
    // An empty prefix is a prefix: StringEquals "" is how a policy allows listing the top.
    if (const base::Json* value = base::find(input, member); value && value->is_string()) {
      out.set(key, std::string(base::text_at(input, member)));
    } else {
      out.declare_absent(key);
    }
  }
  const int64_t max_keys = base::int_at(input, "MaxKeys", -1);
  set_or_absent(out, "s3:max-keys", max_keys < 0 ? "" : std::to_string(max_keys));
}

}  // namespace

Context request_context(const RequestFacts& facts) {
  Context out;
  set_or_absent(out, "aws:SourceIp", host_of(facts.peer));
  set_or_absent(out, "aws:UserAgent", facts.user_agent);
  set_or_absent(out, "aws:Referer", facts.referer);
  set_or_absent(out, "aws:RequestedRegion", facts.region);
  out.set("aws:SecureTransport", facts.tls ? "true" : "false");
  if (facts.input) {
    add_tags(out, *facts.input);
    if (facts.service == "s3") add_s3(out, *facts.input);
  }
  return out;
}

}  // namespace howdah::iam
