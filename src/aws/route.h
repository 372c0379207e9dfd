#pragma once

// Which service and operation a request is for. The order: X-Amz-Target, the service in the
// signature's credential scope (Authorization header or X-Amz-Credential), Action= in a form, else
// S3. Pure; nothing is trusted before the signature is verified, a route only says whose rules
// apply. Ownership: a Route points into constant tables and owns the rest.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/form.h"
#include "aws/schema.h"
#include "base/result.h"
#include "http/message.h"

namespace howdah::aws {

/// Whose manners a request is answered in, known even when no operation is.
struct Face {
  Protocol protocol = Protocol::kRestXml;
  const Service* service = nullptr;  // null: a service that is not compiled in
};

struct Route {
  Face face;
  const Operation* operation = nullptr;
  Form labels;                // URI labels, decoded: {Bucket, b} {Key, a/b}
  Form form;                  // Query: the decoded parameters; REST: those of the URL
  std::string scope_service;  // of the credential scope; empty when unsigned
};

/// Before the body is read. `body` may be empty then; an unsigned Query POST is told only by it.
Face face_of(const http::Request& request, std::string_view body = {});

/// True when the whole body is part of the request's meaning (everything but S3): read it first.
bool reads_body_first(const http::Request& request);

/// Errors, with Amazon's reasons: UnknownOperationException (the JSON protocols), InvalidAction
/// (Query), MethodNotAllowed, InvalidURI (S3).
base::Result<Route> route(const http::Request& request, std::string_view body);

/// The bucket that the Host header names, or "" for path style: `<bucket>.localhost`,
/// `<bucket>.s3.<anything>`, `<bucket>.s3-<anything>` (AWS: "Virtual hosting of buckets").
std::string_view bucket_of_host(std::string_view host);

/// The operation's input or output has a payload that is not held in memory.
bool streams_input(const Operation& operation);
bool streams_output(const Operation& operation);

}  // namespace howdah::aws
