#include "iam/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"

namespace howdah::iam {

namespace {

using base::Json;
using base::JsonArray;
using base::JsonObject;
using base::Result;
using base::Status;
using Texts = std::vector<std::string>;

base::Error malformed(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "MalformedPolicyDocument", {}};
}

template <typename... Args>
base::Error syntax(fmt::format_string<Args...> format, Args&&... args) {
  return malformed("Syntax errors in policy. " + fmt::format(format, std::forward<Args>(args)...));
}

// A string, or a list of strings.
Result<Texts> texts(const Json& value, std::string_view element) {
  Texts out;
  if (const auto* text = value.if_string()) {
    out.emplace_back(base::view_of(*text));
    return out;
  }
  const JsonArray* array = value.if_array();
  if (!array) return syntax("{} is neither a string nor a list of strings.", element);
  for (const Json& item : *array) {
    const auto* text = item.if_string();
    if (!text) return syntax("{} holds something that is not a string.", element);
    out.emplace_back(base::view_of(*text));
  }
  return out;
}

// A condition's values may also be numbers and booleans.
Result<Texts> condition_values(const Json& value, std::string_view key) {
  const auto scalar = [](const Json& item) -> std::optional<std::string> {
    if (const auto* text = item.if_string()) return std::string(base::view_of(*text));
    if (item.is_number() || item.is_bool()) return base::to_text(item);
    return std::nullopt;
  };
  Texts out;
  if (const JsonArray* array = value.if_array()) {
    for (const Json& item : *array) {
      auto text = scalar(item);
      if (!text) return syntax("The condition on {} holds a value that is not a string.", key);
      out.push_back(std::move(*text));
    }
    return out;
  }
  auto text = scalar(value);
  if (!text) return syntax("The condition on {} is neither a string nor a list.", key);
  out.push_back(std::move(*text));
  return out;
}

bool all_of(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           more.find(c) != std::string_view::npos;
  });
}

Status check_action(std::string_view action, DocumentKind kind) {
  if (action == "*") {
    if (kind == DocumentKind::kTrust) {
      return malformed("AssumeRole policy may only specify STS AssumeRole actions.");
    }
    return {};
  }
  const size_t colon = action.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == action.size()) {
    return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  }
  const std::string_view vendor = action.substr(0, colon);
  if (!all_of(vendor, "-")) return malformed(fmt::format("Vendor {} is not valid", vendor));
  if (kind == DocumentKind::kTrust && !base::equals_ignore_case(vendor, "sts")) {
    return malformed("AssumeRole policy may only specify STS AssumeRole actions.");
  }
  return {};
}

Status check_resource(std::string_view resource) {
  if (resource == "*") return {};
  const bool arn = resource.starts_with("arn:");
  const auto colons = std::count(resource.begin(), resource.end(), ':');
  // "arn:aws:s3*" stands for more than it shows: a wildcard may cover the parts that follow.
  if (!arn || (colons < 5 && resource.find('*') == std::string_view::npos)) {
    return malformed(fmt::format("Resource {} must be in ARN format or \"*\".", resource));
  }
  const std::string_view partition = base::split(resource, ':')[1];
  if (partition.find_first_of("*?$") == std::string_view::npos && partition != "aws" &&
      partition != "aws-cn" && partition != "aws-us-gov") {
    return malformed(
        fmt::format("Partition \"{}\" is not valid for resource \"{}\".", partition, resource));
  }
  return {};
}

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Status check_aws_principal(std::string_view name) {
  if (is_account(name)) return {};
  const auto parts = base::split(name, ':');
  const bool arn = parts.size() >= 6 && parts[0] == "arn" && parts[1].starts_with("aws") &&
                   (parts[2] == "iam" || parts[2] == "sts") && is_account(parts[4]) &&
                   !parts[5].empty() && name.find_first_of("*?") == std::string_view::npos;
  if (arn) return {};
  return malformed(fmt::format("Invalid principal in policy: \"AWS\":\"{}\"", name));
}

Result<PrincipalList> parse_principals(const Json& value) {
  PrincipalList out;
  if (const auto* text = value.if_string()) {
    if (base::view_of(*text) != "*") {
      return malformed(fmt::format("Invalid principal in policy: \"{}\"", base::view_of(*text)));
    }
    out.anyone = true;
    return out;
  }
  const JsonObject* object = value.if_object();
  if (!object || object->empty()) return malformed("Missing required field Principal");
  for (const auto& member : *object) {
    const std::string_view kind(member.key().data(), member.key().size());
    const Texts names = TRY(texts(member.value(), "Principal"));
    for (const std::string& name : names) {
      if (kind == "AWS") {
        if (name == "*") {
          out.anyone = true;
          continue;
        }
        TRY(check_aws_principal(name));
        out.aws.push_back(name);
      } else if (kind == "Service") {
        if (name.empty() || !all_of(name, ".-")) {
          return malformed(fmt::format("Invalid principal in policy: \"SERVICE\":\"{}\"", name));
        }
        out.services.push_back(name);
      } else if (kind == "Federated" || kind == "CanonicalUser") {
        out.federated.push_back(name);
      } else {
        return malformed(fmt::format("Invalid principal in policy: \"{}\":\"{}\"", kind, name));
      }
    }
  }
  return out;
}

// Reads one statement; `number` counts from 1, for messages.
class StatementReader {
 public:
  StatementReader(const JsonObject& source, size_t number, DocumentKind kind, bool variables)
      : source_(source), number_(number), kind_(kind), variables_(variables) {}

  Result<Statement> read() {
    TRY(check_elements());
    TRY(read_effect());
    TRY(read_principal());
    TRY(read_actions());
    TRY(read_resources());
    TRY(read_conditions());
    return std::move(out_);
  }

 private:
  Status check_elements() {
    static constexpr std::string_view kElements[] = {"Sid",          "Effect",      "Principal",
                                                     "NotPrincipal", "Action",      "NotAction",
                                                     "Resource",     "NotResource", "Condition"};
    for (const auto& member : source_) {
      const std::string_view name(member.key().data(), member.key().size());
      if (std::find(std::begin(kElements), std::end(kElements), name) == std::end(kElements)) {
        return syntax("Statement {} has the unknown element {}.", number_, name);
      }
    }
    const Json* sid = source_.if_contains("Sid");
    if (sid && !sid->is_string())
      return syntax("The Sid of statement {} is not a string.", number_);
    out_.sid = base::text_at(source_, "Sid");
    // Only identity policies are this strict about Sids (AWS: "IAM JSON policy elements: Sid").
    if (kind_ == DocumentKind::kIdentity && !all_of(out_.sid, "")) {
      return malformed(
          "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
          "expression [0-9A-Za-z]*");
    }
    return {};
  }

  Status read_effect() {
    const std::string_view effect = base::text_at(source_, "Effect");
    if (effect != "Allow" && effect != "Deny") {
      return syntax("The Effect of statement {} must be Allow or Deny.", number_);
    }
    out_.allow = effect == "Allow";
    return {};
  }

  // The one of two elements that is there; nullptr when none is; an error when both are.
  Result<const Json*> one_of(std::string_view plain, std::string_view negated, bool* is_negated) {
    const Json* a = source_.if_contains(plain);
    const Json* b = source_.if_contains(negated);
    if (a && b) return syntax("Statement {} has both {} and {}.", number_, plain, negated);
    *is_negated = b != nullptr;
    return a ? a : b;
  }

  Status read_principal() {
    const Json* value = TRY(one_of("Principal", "NotPrincipal", &out_.not_principal));
    if (kind_ == DocumentKind::kIdentity) {
      if (value) return malformed("Policy document should not specify a principal.");
      return {};
    }
    if (!value) return malformed("Missing required field Principal");
    out_.principals = TRY(parse_principals(*value));
    return {};
  }

  Status read_actions() {
    const Json* value = TRY(one_of("Action", "NotAction", &out_.not_action));
    if (!value) return malformed("Policy statement must contain actions.");
    const Texts actions = TRY(texts(*value, "Action"));
    if (actions.empty()) return malformed("Policy statement must contain actions.");
    for (const std::string& action : actions) {
      TRY(check_action(action, kind_));
      out_.actions.emplace_back(action, Syntax{.wildcards = true, .fold_case = true});
    }
    return {};
  }

  Status read_resources() {
    const Json* value = TRY(one_of("Resource", "NotResource", &out_.not_resource));
    if (kind_ == DocumentKind::kTrust) {
      if (value) return malformed("Has prohibited field Resource");
      return {};
    }
    if (!value) return malformed("Policy statement must contain resources.");
    const Texts resources = TRY(texts(*value, "Resource"));
    if (resources.empty()) return malformed("Policy statement must contain resources.");
    for (const std::string& resource : resources) {
      TRY(check_resource(resource));
      out_.resources.emplace_back(resource, Syntax{.wildcards = true, .variables = variables_});
    }
    return {};
  }

  Status read_conditions() {
    const Json* value = source_.if_contains("Condition");
    if (!value) return {};
    const JsonObject* block = value->if_object();
    if (!block) return syntax("The Condition of statement {} is not an object.", number_);
    for (const auto& entry : *block) {
      const std::string_view name(entry.key().data(), entry.key().size());
      const JsonObject* keys = entry.value().if_object();
      if (!keys) return syntax("The condition {} of statement {} is not an object.", name, number_);
      for (const auto& member : *keys) {
        const std::string_view key(member.key().data(), member.key().size());
        const Texts values = TRY(condition_values(member.value(), key));
        out_.conditions.emplace_back(name, key, values, variables_);
      }
    }
    return {};
  }

  const JsonObject& source_;
  const size_t number_;
  const DocumentKind kind_;
  const bool variables_;
  Statement out_;
};

Result<std::vector<const JsonObject*>> statement_objects(const JsonObject& document) {
  const Json* value = document.if_contains("Statement");
  if (!value) return syntax("The element Statement is missing.");
  std::vector<const JsonObject*> out;
  if (const JsonObject* object = value->if_object()) {
    out.push_back(object);
  } else if (const JsonArray* array = value->if_array()) {
    for (const Json& item : *array) {
      if (!item.is_object()) return syntax("Statement {} is not an object.", out.size() + 1);
      out.push_back(&item.get_object());
    }
  }
  if (out.empty())
    return syntax("Statement must be an object or a list of objects, and not empty.");
  return out;
}

Result<std::string> version_of(const JsonObject& document) {
  const Json* value = document.if_contains("Version");
  if (!value) return std::string("2008-10-17");  // AWS: the default when none is written
  const std::string_view version = base::text_at(document, "Version");
  if (version != "2008-10-17" && version != "2012-10-17") {
    return syntax("The Version must be 2012-10-17 or 2008-10-17.");
  }
  return std::string(version);
}

}  // namespace

Result<Policy> parse_policy(std::string_view text, DocumentKind kind) {
  auto json = base::parse_json(text);
  if (!json) {
    return malformed("This policy contains invalid Json (" + json.error().message + ")");
  }
  const JsonObject* document = json->if_object();
  if (!document) return syntax("The document is not a JSON object.");
  for (const auto& member : *document) {
    const std::string_view name(member.key().data(), member.key().size());
    if (name != "Version" && name != "Id" && name != "Statement") {
      return syntax("The document has the unknown element {}.", name);
    }
  }
  Policy out;
  out.version = TRY(version_of(*document));
  std::set<std::string> sids;
  size_t number = 0;
  for (const JsonObject* source : TRY(statement_objects(*document))) {
    const bool variables = out.version == "2012-10-17";
    out.statements.push_back(TRY(StatementReader(*source, ++number, kind, variables).read()));
    const std::string& sid = out.statements.back().sid;
    if (!sid.empty() && !sids.insert(sid).second) {
      return malformed("Statement IDs (SID) in a single policy must be unique.");
    }
  }
  return out;
}

}  // namespace howdah::iam
