#include "aws/errors.h"

#include <algorithm>

#include "aws/json_codec.h"
#include "aws/xml_codec.h"
#include "base/digest.h"
#include "base/text.h"

namespace howdah::aws {

namespace {

struct Known {
  std::string_view code;
  int status;
};

// What the models do not state. S3: "Error responses"; IAM, STS: "Common errors". Sorted.
constexpr Known kKnown[] = {
    {"AccessDenied", 403},
    {"AccessDeniedException", 400},
    {"AuthorizationHeaderMalformed", 400},
    {"AuthorizationQueryParametersError", 400},
    {"BadDigest", 400},
    {"BucketAlreadyExists", 409},
    {"BucketAlreadyOwnedByYou", 409},
    {"BucketNotEmpty", 409},
    {"ConditionalRequestConflict", 409},
    {"EntityTooLarge", 400},
    {"EntityTooSmall", 400},
    {"ExpiredToken", 403},  // S3 answers 400, see below
    {"IllegalLocationConstraintException", 400},
    {"IncompleteBody", 400},
    {"IncompleteSignature", 400},
    {"InternalError", 500},
    {"InternalFailure", 500},
    {"InvalidAccessKeyId", 403},
    {"InvalidBucketState", 409},
    {"InvalidClientTokenId", 403},
    {"InvalidObjectState", 403},
    {"InvalidPartNumber", 416},
    {"InvalidRange", 416},
    {"MalformedXML", 400},
    {"MethodNotAllowed", 405},
    {"MissingAuthenticationToken", 403},
    {"MissingContentLength", 411},
    {"NoSuchBucket", 404},
    {"NoSuchBucketPolicy", 404},
    {"NoSuchCORSConfiguration", 404},
    {"NoSuchEntity", 404},
    {"NoSuchKey", 404},
    {"NoSuchLifecycleConfiguration", 404},
    {"NoSuchPublicAccessBlockConfiguration", 404},
    {"NoSuchTagSet", 404},
    {"NoSuchTagSetError", 404},
    {"NoSuchUpload", 404},
    {"NoSuchVersion", 404},
    {"NoSuchWebsiteConfiguration", 404},
    {"NotFound", 404},
    {"NotImplemented", 501},
    {"NotModified", 304},
    {"ObjectLockConfigurationNotFoundError", 404},
    {"OperationAborted", 409},
    {"OptInRequired", 403},
    {"OwnershipControlsNotFoundError", 404},
    {"PermanentRedirect", 301},
    {"PreconditionFailed", 412},
    {"ReplicationConfigurationNotFoundError", 404},
    {"RequestExpired", 400},
    {"RequestTimeTooSkewed", 403},
    {"RequestTimeout", 400},
    {"ServerSideEncryptionConfigurationNotFoundError", 404},
    {"ServiceUnavailable", 503},
    {"SignatureDoesNotMatch", 403},
    {"SlowDown", 503},
    {"Throttling", 400},
    {"UnauthorizedAccess", 401},
};

std::string_view code_for(Protocol protocol, base::Code code) {
  const bool s3 = protocol == Protocol::kRestXml;
  const bool query = protocol == Protocol::kQuery;
  switch (code) {
    case base::Code::kInvalidArgument:
    case base::Code::kFailedPrecondition:
      return s3 ? "InvalidRequest" : query ? "ValidationError" : "ValidationException";
    case base::Code::kNotFound:
      return s3 ? "NoSuchKey" : query ? "NoSuchEntity" : "InvalidRequestException";
    case base::Code::kAlreadyExists:
      return s3 ? "OperationAborted" : query ? "EntityAlreadyExists" : "InvalidRequestException";
    case base::Code::kPermissionDenied:
      return s3 || query ? "AccessDenied" : "AccessDeniedException";
    case base::Code::kUnauthenticated:
      return s3      ? "AccessDenied"
             : query ? "MissingAuthenticationToken"
                     : "MissingAuthenticationTokenException";
    case base::Code::kAborted:
      return s3 ? "OperationAborted" : query ? "ConcurrentModification" : "InternalServerException";
    case base::Code::kUnavailable:
    case base::Code::kDeadlineExceeded:
    case base::Code::kCancelled:
      return s3 || query ? "ServiceUnavailable" : "ServiceUnavailableException";
    case base::Code::kResourceExhausted:  // the disk is full: no throttling, which would pass
    case base::Code::kInternal:
      break;
  }
  return s3 ? "InternalError" : query ? "InternalFailure" : "InternalServerException";
}

int status_for(base::Code code) {
  switch (code) {
    case base::Code::kResourceExhausted:
    case base::Code::kInternal:
      return 500;
    case base::Code::kUnavailable:
    case base::Code::kDeadlineExceeded:
    case base::Code::kCancelled:
      return 503;
    default:
      return 400;
  }
}

bool is_rest_json(Protocol protocol) { return protocol == Protocol::kRestJson; }

// In JSON a service that also speaks Query names an error by its shape, and the Query code in a
// field of the head (the awsQueryCompatible trait).
std::string shape_of(const Face& face, const std::string& code) {
  for (size_t i = 0; i < face.service->error_count; ++i) {
    const ErrorShape& known = face.service->errors[i];
    if (known.code == std::string_view(code)) return std::string(std::string_view(known.shape));
  }
  return code;
}

std::string json_body(const Face& face, const base::Error& error, const std::string& code) {
  std::string out = "{";
  if (!is_rest_json(face.protocol)) {
    out += "\"__type\":";
    write_json_text(code, out);
    out += ',';
  }
  for (const auto& [name, value] : error.details) {
    write_json_text(name, out);
    out += ':';
    write_json_text(value, out);
    out += ',';
  }
  if (error.message.empty()) {
    if (out.back() == ',') out.pop_back();
  } else {
    std::string message;
    write_json_text(error.message, message);
    out += "\"message\":" + message;
    if (!is_rest_json(face.protocol)) out += ",\"Message\":" + message;
  }
  return out + "}";
}

void element(std::string_view name, std::string_view text, std::string& out) {
  out.append("<").append(name).append(">");
  write_xml_text(text, out);
  out.append("</").append(name).append(">");
}

std::string query_body(const Face& face, const base::Error& error, const std::string& code,
                       int status, std::string_view request_id) {
  std::string out = "<ErrorResponse";
  if (face.service) {
    out.append(" xmlns=\"").append(std::string_view(face.service->xml_namespace)).append("\"");
  }
  out += ">\n  <Error>\n    ";
  element("Type", status >= 500 ? "Receiver" : "Sender", out);
  out += "\n    ";
  element("Code", code, out);
  out += "\n    ";
  element("Message", error.message, out);
  for (const auto& [name, value] : error.details) element(name, value, out);
  out += "\n  </Error>\n  ";
  element("RequestId", request_id, out);
  return out + "\n</ErrorResponse>\n";
}

std::string host_id(std::string_view request_id) {
  return base::to_base64(base::digest(base::Algorithm::kSha256, request_id));
}

std::string s3_body(const base::Error& error, const std::string& code, std::string_view request_id,
                    const http::Request& request) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>";
  element("Code", code, out);
  element("Message", error.message, out);
  bool has_resource = false;
  for (const auto& [name, value] : error.details) {
    element(name, value, out);
    has_resource |= name == "Resource";
  }
  if (!has_resource) element("Resource", request.path, out);
  element("RequestId", request_id, out);
  element("HostId", host_id(request_id), out);
  return out + "</Error>";
}

}  // namespace

std::string wire_code(const Face& face, const base::Error& error) {
  if (error.reason.empty()) return std::string(code_for(face.protocol, error.code));
  // Context::allow knows no protocol: who is refused reads the name that theirs has
  if (error.reason == "AccessDenied" || error.reason == "AccessDeniedException") {
    return std::string(code_for(face.protocol, base::Code::kPermissionDenied));
  }
  // nor does a service that has two know in which one it was asked for what it does not have
  if (error.reason == "UnknownOperationException" && face.protocol == Protocol::kQuery)
    return "InvalidAction";
  if (face.service) {  // a handler may name the shape: NoSuchEntityException is NoSuchEntity
    for (size_t i = 0; i < face.service->error_count; ++i) {
      const ErrorShape& known = face.service->errors[i];
      if (known.shape == std::string_view(error.reason))
        return std::string(std::string_view(known.code));
    }
  }
  return error.reason;
}

int http_status(const Face& face, const base::Error& error) {
  const std::string code = wire_code(face, error);
  if (face.protocol == Protocol::kRestXml && code == "ExpiredToken") return 400;
  if (is_rest_json(face.protocol) && code == "UnknownOperationException") return 404;
  if (is_rest_json(face.protocol) && code == "AccessDeniedException") return 403;
  if (face.service) {
    for (size_t i = 0; i < face.service->error_count; ++i) {
      const ErrorShape& known = face.service->errors[i];
      if (known.code == std::string_view(code) && face.protocol != Protocol::kRestXml) {
        return known.status;
      }
    }
  }
  const auto* found =
      std::lower_bound(std::begin(kKnown), std::end(kKnown), code,
                       [](const Known& a, const std::string& b) { return a.code < b; });
  if (found != std::end(kKnown) && found->code == code) return found->status;
  if (code == "InternalServerException" || code == "InternalServerError") return 500;
  if (code == "ServiceUnavailableException") return 503;
  return error.reason.empty()                  ? status_for(error.code)
         : error.code == base::Code::kInternal ? 500
                                               : 400;
}

void add_request_id(Protocol protocol, std::string_view request_id, http::Headers& headers) {
  if (protocol == Protocol::kRestXml) {
    headers.add("x-amz-request-id", request_id);
    headers.add("x-amz-id-2", host_id(request_id));
  } else {
    headers.add("x-amzn-RequestId", request_id);
  }
}

http::Response encode_error(const Face& face, const base::Error& error, std::string_view request_id,
                            const http::Request& request) {
  http::Response response;
  response.status = http_status(face, error);
  add_request_id(face.protocol, request_id, response.headers);
  const std::string code = wire_code(face, error);
  const bool bodyless = request.method == "HEAD" || response.status == 304;
  switch (face.protocol) {
    case Protocol::kQuery:
      response.headers.add("Content-Type", "text/xml");
      response.body = query_body(face, error, code, response.status, request_id);
      break;
    case Protocol::kRestXml:
      if (bodyless) break;
      response.headers.add("Content-Type", "application/xml");
      response.body = s3_body(error, code, request_id, request);
      break;
    case Protocol::kRestJson:
      response.headers.add("x-amzn-errortype", code);
      response.headers.add("Content-Type", "application/json");
      response.body = json_body(face, error, code);
      break;
    default:
      response.headers.add("Content-Type", face.protocol == Protocol::kJson10
                                               ? "application/x-amz-json-1.0"
                                               : "application/x-amz-json-1.1");
      if (face.service && face.service->also_query) {
        const Face query{Protocol::kQuery, face.service};
        const std::string query_code =
            code == "ValidationException" ? "ValidationError" : wire_code(query, error);
        response.headers.add("x-amzn-query-error",
                             query_code + (response.status >= 500 ? ";Receiver" : ";Sender"));
        response.body = json_body(face, error, shape_of(face, code));
      } else {
        response.body = json_body(face, error, code);
      }
  }
  return response;
}

}  // namespace howdah::aws
