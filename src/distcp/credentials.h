#pragma once

// The keys that requests to S3 are signed with, found as the AWS SDKs find them: from
// AWS_ACCESS_KEY_ID and its companions; else from AWS_CONTAINER_CREDENTIALS_FULL_URI with
// AWS_CONTAINER_AUTHORIZATION_TOKEN; else from the instance metadata service (IMDSv2). Temporary
// ones are fetched anew five minutes before they expire. Ownership: the environment and clock must
// outlive it. Threads: concurrent calls allowed. Failure: kUnauthenticated says what was tried.
// No secret is ever in a message.

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "aws/sigv4.h"
#include "base/clock.h"
#include "base/result.h"

namespace howdah::distcp {

/// A variable of the environment; nullopt when it is unset or empty.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

Environment process_environment();

class Credentials {
 public:
  Credentials(Environment environment, base::Clock& clock, std::string region);
  /// For the service s3. `rejected`: the access key id that S3 called expired, to be replaced.
  base::Result<aws::SigningKey> key(const std::string& rejected = {});

 private:
  base::Result<aws::SigningKey> from_container(const std::string& url);
  base::Result<aws::SigningKey> from_metadata();
  base::Result<aws::SigningKey> parse(std::string_view body, std::string_view where);

  Environment environment_;
  base::Clock& clock_;
  std::string region_;
  std::mutex mutex_;
  std::optional<aws::SigningKey> key_;
  std::optional<base::Time> expires_;
};

}  // namespace howdah::distcp
