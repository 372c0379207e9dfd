#pragma once

// What an error looks like to the client: HTTP status, envelope and headers of each protocol. The
// one place where an Error becomes a response. Pure.
//
// JSON   {"__type":"X","Message":"…","message":"…", details…}, x-amzn-RequestId
// Query  <ErrorResponse><Error><Type/><Code/><Message/></Error><RequestId/></ErrorResponse>
// S3     <Error><Code/><Message/>details…<Resource/><RequestId/><HostId/></Error>, x-amz-request-id

#include <string>
#include <string_view>

#include "aws/route.h"
#include "base/error.h"
#include "http/message.h"

namespace howdah::aws {

/// The error's name on the wire: its reason, or when it has none what its code means to this
/// protocol (kInternal -> InternalServerException, for S3 InternalError …).
std::string wire_code(const Face& face, const base::Error& error);

/// The model's status for that name, else the table of errors.cc, else what the code suggests.
int http_status(const Face& face, const base::Error& error);

/// `request` gives S3's Resource, and HEAD its empty body. A message of kInternal is sent as it is:
/// whoever makes an Error keeps secrets out of it.
http::Response encode_error(const Face& face, const base::Error& error, std::string_view request_id,
                            const http::Request& request);

/// The request id in the headers where this protocol's clients look for it.
void add_request_id(Protocol protocol, std::string_view request_id, http::Headers& headers);

}  // namespace howdah::aws
