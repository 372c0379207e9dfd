#include "aws/route.h"

#include <fmt/format.h>

#include "aws/services.h"
#include "base/text.h"

namespace howdah::aws {

namespace {

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

// "…Credential=AK/20260101/us-east-1/iam/aws4_request…" or the same from a query, encoded or not.
std::string_view scope_service_of(std::string_view credential) {
  size_t slash = 0;
  std::string_view rest = credential;
  for (int part = 0; part < 3; ++part) {
    slash = rest.find('/');
    size_t skip = 1;
    const size_t encoded = std::min(rest.find("%2F"), rest.find("%2f"));
    if (encoded < slash) slash = encoded, skip = 3;
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + skip);
  }
  return rest.substr(0, rest.find_first_of("/%,& "));
}

std::string_view signed_service(const http::Request& request) {
  std::string_view text = request.headers.value_or("Authorization", "");
  size_t at = text.find("Credential=");
  if (at == std::string_view::npos) {
    text = request.query;
    at = text.find("X-Amz-Credential=");
    if (at == std::string_view::npos) return {};
    at += 6;
  }
  return scope_service_of(text.substr(at + 11));
}

const Service* by_signing_name(std::string_view name) {
  for (const Service* service : all_services()) {
    if (service->signing_name == name) return service;
  }
  return nullptr;
}

const Service* by_target(std::string_view target) {
  for (const Service* service : all_services()) {
    if (!service->target_prefix.empty() && target == service->target_prefix) return service;
  }
  return nullptr;
}

bool is_form(const http::Request& request) {
  return request.method == "POST" &&
         request.headers.value_or("Content-Type", "").substr(0, kForm.size()) == kForm;
}

// Of a service that speaks Query beside its own protocol: a form, or an Action in the URL.
Protocol protocol_of(const Service& service, const http::Request& request) {
  const bool query =
      request.query.starts_with("Action=") || request.query.find("&Action=") != std::string::npos;
  return service.also_query && (is_form(request) || query) ? Protocol::kQuery : service.protocol;
}

// Of "Action=ListRoles&Version=2010-05-08": the service whose version it is.
const Service* by_version(std::string_view form) {
  if (!form.starts_with("Action=") && form.find("&Action=") == std::string_view::npos) {
    return nullptr;
  }
  const size_t at = form.find("Version=");
  if (at == std::string_view::npos) return nullptr;
  const std::string_view version = form.substr(at + 8, form.find('&', at) - at - 8);
  for (const Service* service : all_services()) {
    const bool speaks = service->protocol == Protocol::kQuery || service->also_query;
    if (speaks && service->api_version == version) return service;
  }
  return nullptr;
}

base::Error unknown_target() {
  return {base::Code::kNotFound, {}, "UnknownOperationException", {}};
}

base::Result<Route> route_json(const http::Request& request, Route route) {
  const std::string_view target = request.headers.value_or("X-Amz-Target", "");
  const size_t dot = target.rfind('.');
  if (!route.face.service || dot == std::string_view::npos ||
      target.substr(0, dot) != route.face.service->target_prefix) {
    return unknown_target();
  }
  route.operation = find_operation(*route.face.service, target.substr(dot + 1));
  if (!route.operation) return unknown_target();
  return route;
}

base::Result<Route> route_query(const http::Request& request, std::string_view body, Route route) {
  auto form = parse_form(request.method == "GET" || body.empty() ? request.query : body, true);
  if (!form.ok()) {
    return base::Error{base::Code::kInvalidArgument,
                       "The request is not well-formed.",
                       "MalformedQueryString",
                       {}};
  }
  route.form = std::move(*form);
  const std::string* action = find(route.form, "Action");
  if (!action || action->empty()) {
    return base::Error{base::Code::kInvalidArgument,
                       "The request must contain the parameter Action.",
                       "MissingAction",
                       {}};
  }
  const std::string* version = find(route.form, "Version");
  if (route.face.service) route.operation = find_operation(*route.face.service, *action);
  if (!route.operation ||
      (version && *version != std::string_view(route.face.service->api_version))) {
    return base::Error{base::Code::kNotFound,
                       fmt::format("Could not find operation {} for version {}", *action,
                                   version ? *version : "NO_VERSION_SPECIFIED"),
                       "InvalidAction",
                       {}};
  }
  return route;
}

enum class Level { kService, kBucket, kObject };

Level level_of(const Operation& operation) {
  if (operation.uri.size <= 1) return Level::kService;
  return std::string_view(operation.uri).find('/', 1) == std::string_view::npos ? Level::kBucket
                                                                                : Level::kObject;
}

struct Match {
  const Operation* operation = nullptr;
  int fixed = -1;     // fixed query parameters that are there
  int selected = -1;  // required query parameters and headers that are there; -1: not all are

  bool better_than(const Match& other) const {
    if (fixed != other.fixed) return fixed > other.fixed;
    if (selected != other.selected) return selected > other.selected;
    return other.operation && other.operation->deprecated && !operation->deprecated;
  }
};

// nullopt when the operation cannot be meant.
std::optional<Match> match(const Operation& operation, const http::Request& request,
                           const Form& query) {
  Match found{&operation, 0, 0};
  for (size_t i = 0; i < operation.query_count; ++i) {
    const std::string* value = find(query, operation.query[i].name);
    if (!value) return std::nullopt;
    const std::string_view wanted = operation.query[i].value;
    if (!wanted.empty() && *value != wanted) return std::nullopt;
    ++found.fixed;
  }
  for (size_t i = 0; i < operation.selector_count && found.selected >= 0; ++i) {
    const Selector& selector = operation.selectors[i];
    const bool there = selector.header ? request.headers.contains(selector.name)
                                       : find(query, selector.name) != nullptr;
    found.selected = there ? found.selected + 1 : -1;
  }
  if (found.fixed == 0 && found.selected < 0) return std::nullopt;
  return found;
}

base::Error method_not_allowed(const http::Request& request, Level level) {
  constexpr std::string_view kTypes[] = {"SERVICE", "BUCKET", "OBJECT"};
  return {
      base::Code::kInvalidArgument,
      "The specified method is not allowed against this resource.",
      "MethodNotAllowed",
      {{"Method", request.method}, {"ResourceType", std::string(kTypes[static_cast<int>(level)])}}};
}

base::Result<Level> read_labels(const http::Request& request, Form& labels) {
  std::string_view path = request.path;
  if (!path.empty()) path.remove_prefix(1);
  std::string bucket(bucket_of_host(request.headers.value_or("Host", "")));
  if (bucket.empty()) {
    const size_t slash = path.find('/');
    auto decoded = base::percent_decode(path.substr(0, slash));
    if (!decoded) {
      return base::Error{base::Code::kInvalidArgument,
                         "Couldn't parse the specified URI.",
                         "InvalidURI",
                         {{"URI", request.path}}};
    }
    bucket = std::move(*decoded);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  }
  auto key = base::percent_decode(path);
  if (!key || key->find('\0') != std::string::npos || bucket.find('\0') != std::string::npos) {
    return base::Error{base::Code::kInvalidArgument,
                       "Couldn't parse the specified URI.",
                       "InvalidURI",
                       {{"URI", request.path}}};
  }
  if (bucket.empty()) return Level::kService;
  labels.emplace_back("Bucket", std::move(bucket));
  if (key->empty()) return Level::kBucket;
  labels.emplace_back("Key", std::move(*key));
  return Level::kObject;
}

base::Result<Route> route_s3(const http::Request& request, Route route) {
  const Level level = TRY(read_labels(request, route.labels));
  auto query = parse_form(request.query, false);
  if (!query.ok()) {
    return base::Error{base::Code::kInvalidArgument,
                       "Couldn't parse the specified URI.",
                       "InvalidURI",
                       {{"URI", request.target}}};
  }
  route.form = std::move(*query);
  Match best;
  const Service& service = *route.face.service;
  for (size_t i = 0; i < service.operation_count; ++i) {
    const Operation& operation = service.operations[i];
    if (request.method != std::string_view(operation.method) || level_of(operation) != level)
      continue;
    const auto found = match(operation, request, route.form);
    if (found && found->better_than(best)) best = *found;
  }
  if (!best.operation) return method_not_allowed(request, level);
  route.operation = best.operation;
  return route;
}

// "/applications/{applicationId}/start" against a path of as many segments: the number of segments
// that are the same, or -1. Labels are never empty.
int match_path(std::string_view uri, std::string_view path, Form& labels) {
  const auto wanted = base::split(uri, '/');
  const auto given = base::split(path, '/');
  if (wanted.size() != given.size()) return -1;
  int same = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != given[i]) return -1;
      ++same;
      continue;
    }
    auto decoded = base::percent_decode(given[i]);
    if (!decoded || decoded->empty()) return -1;
    labels.emplace_back(wanted[i].substr(1, wanted[i].size() - 2), std::move(*decoded));
  }
  return same;
}

base::Result<Route> route_rest_json(const http::Request& request, Route route) {
  auto query = parse_form(request.query, false);
  if (!query.ok()) return unknown_target();
  route.form = std::move(*query);
  int best = -1;
  const Service& service = *route.face.service;
  for (size_t i = 0; i < service.operation_count; ++i) {
    const Operation& operation = service.operations[i];
    if (request.method != std::string_view(operation.method)) continue;
    Form labels;
    const int same = match_path(operation.uri, request.path, labels);
    if (same <= best) continue;
    best = same;
    route.operation = &operation;
    route.labels = std::move(labels);
  }
  if (!route.operation) return unknown_target();
  return route;
}

bool streams(const Shape* shape) {
  return shape && shape->payload >= 0 && shape->members[shape->payload].streaming;
}

}  // namespace

bool streams_input(const Operation& operation) { return streams(operation.input); }
bool streams_output(const Operation& operation) { return streams(operation.output); }

std::string_view bucket_of_host(std::string_view host) {
  if (host.starts_with('[')) return {};  // an IPv6 literal
  host = host.substr(0, host.find(':'));
  constexpr std::string_view kLocal = ".localhost";
  if (host.ends_with(kLocal)) {
    host.remove_suffix(kLocal.size());
    if (host == "s3") return {};
    if (host.ends_with(".s3")) host.remove_suffix(3);
    return host;
  }
  const size_t at = std::min(host.find(".s3."), host.find(".s3-"));
  return at == std::string_view::npos ? std::string_view{} : host.substr(0, at);
}

Face face_of(const http::Request& request, std::string_view body) {
  if (auto target = request.headers.find("X-Amz-Target")) {
    const size_t dot = target->rfind('.');
    const Service* service = by_target(target->substr(0, dot));
    return {service ? service->protocol : Protocol::kJson11, service};
  }
  const std::string_view signed_for = signed_service(request);
  if (!signed_for.empty()) {
    if (const Service* service = by_signing_name(signed_for))
      return {protocol_of(*service, request), service};
    return {is_form(request) ? Protocol::kQuery : Protocol::kRestXml, nullptr};
  }
  const std::string_view form = is_form(request) ? body : std::string_view(request.query);
  if (request.path == "/") {
    if (const Service* service = by_version(form)) return {Protocol::kQuery, service};
    if (is_form(request)) return {Protocol::kQuery, nullptr};
  }
  return {Protocol::kRestXml, &s3::kService};
}

bool reads_body_first(const http::Request& request) {
  return face_of(request).protocol != Protocol::kRestXml;
}

base::Result<Route> route(const http::Request& request, std::string_view body) {
  Route route;
  route.face = face_of(request, body);
  route.scope_service = signed_service(request);
  switch (route.face.protocol) {
    case Protocol::kJson10:
    case Protocol::kJson11:
      return route_json(request, std::move(route));
    case Protocol::kQuery:
      return route_query(request, body, std::move(route));
    default:
      break;
  }
  if (!route.face.service) {
    return base::Error{base::Code::kNotFound,
                       fmt::format("The service '{}' is not served here.", route.scope_service),
                       "NotImplemented",
                       {}};
  }
  if (route.face.protocol == Protocol::kRestJson) return route_rest_json(request, std::move(route));
  return route_s3(request, std::move(route));
}

}  // namespace howdah::aws
