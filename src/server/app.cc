#include "server/app.h"

#include <fmt/format.h>

#include "aws/chunked_body.h"
#include "aws/codec.h"
#include "aws/compressed_body.h"
#include "aws/errors.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "iam/request_context.h"
#include "server/authorise.h"
#include "server/held_answer.h"
#include "services/iam/resources.h"
#include "services/sts/sts.h"

namespace howdah::server {

using base::Result;
using base::Status;

struct App::Call {
  http::Request& request;
  aws::Route route;
  aws::Identity identity;
  std::shared_ptr<const store::iam::Credential> credential;  // null: anonymous
  aws::Context context;
  base::JsonObject input;
  std::string body;  // of a buffered request
  http::Headers more_headers;
  std::optional<aws::Hold> hold;
};

namespace {

http::Response forbidden(const char* text) {
  http::Response out;
  out.status = 403;
  out.headers.set("Content-Type", "text/plain");
  out.body = std::string(text);
  return out;
}

// The bucket that serves our samples may be read by anyone, as AWS's may.
bool is_public_read(const aws::Route& route, const base::JsonObject& input) {
  const std::string_view name = route.operation->name;
  const std::string_view bucket = base::text_at(input, "Bucket");
  const bool reads = name == "GetObject" || name == "HeadObject" || name == "ListObjectsV2" ||
                     name == "ListObjects" || name == "HeadBucket" || name == "GetBucketLocation";
  return reads && (bucket == "elasticmapreduce" || bucket.ends_with(".elasticmapreduce"));
}

}  // namespace

App::App(Options options, std::vector<aws::ServiceApi*> services)
    : o_(std::move(options)), sigv4_([this](std::string_view id) -> std::optional<aws::AccessKey> {
        const auto found = o_.iam.lookup(id);
        if (!found.ok()) return std::nullopt;
        const store::iam::Credential& c = **found;
        return aws::AccessKey{c.secret,  c.session_token, c.expires,
                              c.account, c.principal_arn, c.principal_id};
      }) {
  for (aws::ServiceApi* service : services) services_[service->service().name] = service;
}

http::Response App::handle(http::Request& request) {
  const bool is_link = o_.is_link && o_.is_link(request);
  if (!is_link && is_cross_site(request, o_.hosts)) {
    return forbidden(
        "Requests from other sites are refused: this server answers its own clients only.\n");
  }
  if (o_.is_ui && o_.is_ui(request)) return o_.ui(request);
  if (o_.is_metrics && o_.is_metrics(request)) return o_.metrics(request);
  if (services::Howdah::owns(request)) return own_api(request);
  return aws_api(request);
}

http::Response App::handle_from_node(http::Request& request, const cluster::Key& cluster) {
  if (is_cross_site(request, o_.hosts))
    return forbidden("Requests from other sites are refused.\n");
  if (!services::Howdah::owns(request)) return aws_api(request);
  if (services::Howdah::is_open(request)) {
    // The token alone would do; a leaked one is of no use in other clusters.
    const bool mine = request.path == "/_howdah/health" ||
                      request.path.starts_with(services::credentials_path(cluster, ""));
    if (!mine) return forbidden("Only this cluster's own credentials are served here.\n");
  }
  return own_api(request, true);
}

http::Response App::own_api(http::Request& request, bool root_only) {
  if (services::Howdah::is_open(request)) return o_.howdah.answer(request, "");
  aws::Route route;
  route.face.protocol = aws::Protocol::kJson11;
  route.scope_service = "howdah";
  const auto body = http::read_all(*request.body, aws::kLargestBufferedBody);
  if (!body.ok()) return aws::encode_error(route.face, body.error(), o_.ids.uuid(), request);
  const auto identity = sigv4_.verify(request, route, *body, o_.clock.now());
  if (!identity.ok())
    return aws::encode_error(route.face, identity.error(), o_.ids.uuid(), request);
  Call call{request, route, *identity, nullptr, {}, {}, {}, {}, {}};
  fill_context(call);
  if (root_only && call.credential && call.credential->kind != store::iam::Kind::kRoot) {
    return forbidden("Inside a node this answers the root key only.\n");
  }
  if (const Status allowed = allow(call, "howdah:Administer", "*"); !allowed.ok()) {
    return aws::encode_error(route.face, allowed.error(), call.context.request_id, request);
  }
  class Whole final : public http::BodyReader {
   public:
    explicit Whole(std::string_view text) : left_(text) {}
    Result<size_t> read(std::span<char> into) override {
      const size_t count = left_.copy(into.data(), into.size());
      left_.remove_prefix(count);
      return count;
    }
    std::optional<uint64_t> length() const override { return left_.size(); }

   private:
    std::string_view left_;
  } whole(*body);
  request.body = &whole;
  return o_.howdah.answer(request, identity->region);
}

http::Response App::aws_api(http::Request& request) {
  Call call{request, {}, {}, nullptr, {}, {}, {}, {}, {}};
  call.context.request_id = o_.ids.uuid();
  const base::Millis began = o_.clock.steady();
  auto served = serve(call);
  http::Response out =
      served.ok() ? std::move(*served)
                  : aws::encode_error(call.route.face.service ? call.route.face
                                                              : aws::face_of(request, call.body),
                                      served.error(), call.context.request_id, request);
  if (!served.ok() && (served.error().code == base::Code::kInternal ||
                       served.error().code == base::Code::kResourceExhausted)) {
    base::log_error("server", "{} {}: {}", request.method, request.path, served.error().message);
  }
  for (const auto& [name, value] : call.more_headers) out.headers.add(name, value);
  if (o_.observe && call.route.operation) {
    o_.observe(call.route.face.service->name, call.route.operation->name, out.status,
               o_.clock.steady() - began);
  }
  return out;
}

Result<http::Response> App::serve(Call& call) {
  http::Request& request = call.request;
  std::optional<std::string_view> body;  // as it was sent and signed
  std::string sent;
  if (aws::reads_body_first(request)) {
    sent = TRY(http::read_all(*request.body, aws::kLargestBufferedBody));
    body = sent;
    call.body =
        aws::is_compressed(request) ? TRY(aws::decompress(sent, aws::kLargestBufferedBody)) : sent;
  }
  call.route = TRY(aws::route(request, call.body));
  if (!body && !aws::streams_input(*call.route.operation)) {
    // An S3 operation whose body is a document: it is read, and its bytes are verified, before it
    // is believed.
    TRY(authenticate(call, std::nullopt));
    const auto verified = TRY(aws::open_body(request, call.identity));
    call.body = TRY(http::read_all(*verified, aws::kLargestBufferedBody));
  } else {
    TRY(authenticate(call, body));
  }
  fill_context(call);
  call.input = TRY(aws::decode(call.route, request, call.body));
  TRY(authorise(call));
  if (!aws::streams_input(*call.route.operation)) return answer(call, nullptr);
  const auto verified = TRY(aws::open_body(request, call.identity));
  return answer(call, verified.get());
}

Status App::authenticate(Call& call, std::optional<std::string_view> body) {
  call.identity = TRY(sigv4_.verify(call.request, call.route, body, o_.clock.now()));
  if (!call.identity.anonymous) call.credential = TRY(o_.iam.lookup(call.identity.access_key_id));
  return base::ok();
}

void App::fill_context(Call& call) {
  aws::Context& c = call.context;
  const http::Request& request = call.request;
  if (!call.credential && !call.identity.anonymous) {
    if (auto found = o_.iam.lookup(call.identity.access_key_id); found.ok())
      call.credential = *found;
  }
  c.account = o_.account;
  c.region = call.identity.region.empty() ? "us-east-1" : call.identity.region;
  c.principal_arn = call.identity.key.principal_arn;
  c.principal_id = call.identity.key.principal_id;
  c.access_key_id = call.identity.access_key_id;
  if (c.request_id.empty()) c.request_id = o_.ids.uuid();
  c.user_agent = request.headers.value_or("User-Agent", "");
  c.invocation_id = request.headers.value_or("amz-sdk-invocation-id", "");
  c.now = o_.clock.now();
  c.connection_id = request.connection_id;
  c.request = &request;
  c.response_headers = &call.more_headers;
  c.hold = &call.hold;
  if (!call.body.empty() && !c.invocation_id.empty()) c.body_sha256 = base::sha256_hex(call.body);
  c.allow = [this, &call](std::string_view action, std::string_view resource) {
    return allow(call, action, resource);
  };
}

Status App::allow(const Call& call, std::string_view action, std::string_view resource) const {
  if (!call.credential) {
    return base::Error{base::Code::kPermissionDenied, "Access Denied", "AccessDenied", {}};
  }
  iam::RequestFacts facts;
  facts.peer = call.request.peer;
  facts.user_agent = call.context.user_agent;
  facts.referer = call.request.headers.value_or("Referer", "");
  facts.region = call.context.region;
  facts.tls = call.request.tls;
  facts.service = action.substr(0, action.find(':'));
  facts.input = &call.input;
  return o_.iam.authorise(*call.credential, action, resource, iam::request_context(facts));
}

Status App::authorise(const Call& call) const {
  const aws::Operation& operation = *call.route.operation;
  const aws::Service& service = *call.route.face.service;
  if (service.name == std::string_view("sts") && services::sts::needs_no_permission(operation.name))
    return base::ok();
  if (service.name == std::string_view("s3") && is_public_read(call.route, call.input))
    return base::ok();
  if (operation.unsigned_ok && call.identity.anonymous) return base::ok();
  if (service.name == std::string_view("iam")) {
    return allow(
        call, operation.action,
        services::iam::resource_of(o_.iam, operation.name, call.input, call.context.principal_arn));
  }
  for (const std::string& resource :
       resources_of(service, operation, call.input, call.context.region, o_.account)) {
    TRY(allow(call, operation.action, resource));
  }
  return base::ok();
}

Result<http::Response> App::answer(Call& call, http::BodyReader* body) {
  const auto found = services_.find(call.route.face.service->name);
  if (found == services_.end()) return base::internal("a service without handlers was routed to");
  aws::ServiceApi& service = *found->second;
  auto answer = service.call(*call.route.operation, call.context, call.input, body);
  if (!call.hold) return aws::encode(call.route, TRY(std::move(answer)), call.context.request_id);

  // Held: what the later call needs outlives this one.
  struct Kept {
    aws::Route route;
    aws::Context context;
    base::JsonObject input;
  };
  const auto kept = std::make_shared<Kept>(
      Kept{call.route, call.context, call.input});  // shared: std::function copies
  kept->context.hold = nullptr;
  kept->context.request = nullptr;
  kept->context.response_headers = nullptr;
  kept->context.allow = [](std::string_view, std::string_view) {
    return base::ok();
  };  // it was asked already
  http::Response out = aws::encode(call.route, aws::Answer{}, call.context.request_id);
  out.body = hold_answer(
      *call.hold,
      [kept, &service] {
        auto later = service.call(*kept->route.operation, kept->context, kept->input, nullptr);
        return later.ok() ? aws::encode_text(kept->route, later->members, kept->context.request_id)
                          : std::string("{}");
      },
      o_.clock);
  return out;
}

}  // namespace howdah::server
