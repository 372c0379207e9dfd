#pragma once

// Who calls what: one request's facts that a handler needs beside its input. Made by server/app.cc
// once the signature is verified and the operation is authorised.
// Ownership: borrowed for the length of the call. Threads: one request, one thread.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace howdah::aws {

/// An answer that is not given yet. `ready` waits up to `budget` (real time) and says whether the
/// answer is due; it holds no lock while it waits and may be called again and again.
struct Hold {
  std::function<bool(base::Millis budget)> ready;
};

struct Context {
  std::string account;        // "000000000000"
  std::string region;         // from the credential scope, e.g. "us-east-1"
  std::string principal_arn;  // arn:aws:iam::ACCOUNT:root, :user/NAME;
                              // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
  std::string principal_id;   // AIDA…/AROA…:session, or the account id for root
  std::string access_key_id;  // empty when anonymous
  std::string request_id;     // a UUID, also in the answer
  std::string user_agent;
  std::string invocation_id;  // amz-sdk-invocation-id: the same over an SDK's retries; may be empty
  std::string body_sha256;    // hexadecimal, of a non-streaming body
  base::Time now;
  uint64_t connection_id = 0;
  const http::Request* request = nullptr;
  http::Headers* response_headers = nullptr;  // a handler may add fields to its answer

  /// Where an answer may be held back: a handler that fills it is called once more, with null here,
  /// when ready() has said yes or the caller has waited long enough; its first answer is dropped.
  std::optional<Hold>* hold = nullptr;

  /// May this principal do `action` ("iam:PassRole") on `resource` (an ARN or "*")?
  /// kPermissionDenied with reason "AccessDeniedException" and AWS's wording when not.
  std::function<base::Status(std::string_view action, std::string_view resource)> allow;
};

/// True when the request comes from a waiter: the exact token `B` in the comma-separated `m/` list
/// of the User-Agent (botocore, useragent.py).
bool from_waiter(std::string_view user_agent);

}  // namespace howdah::aws
