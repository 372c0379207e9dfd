#pragma once

// Objects in S3, over its REST API with path-style addresses (AWS: "Amazon S3 API Reference"). An
// object appears whole by nature: by one PutObject, or when its multipart upload is completed.
// Ownership: Credentials and Clock must outlive it. Threads, failure: see store.h.

#include "base/clock.h"
#include "distcp/connections.h"
#include "distcp/credentials.h"
#include "distcp/retry.h"
#include "distcp/store.h"

namespace howdah::distcp {

struct S3Options {
  std::string endpoint;                 // http(s)://host:port
  uint64_t part_size = 16 << 20;        // bytes
  bool multipart = true;                // else one request an object, up to 5 GiB
  bool server_side_encryption = false;  // x-amz-server-side-encryption: AES256
};

/// What an answer of status 300 and above means.
base::Error s3_error(int status, std::string_view body, const Location& location,
                     std::string_view method);

class S3Store final : public Store {
 public:
  S3Store(S3Options options, Credentials& credentials, base::Clock& clock, const Retry& retry)
      : options_(std::move(options)), credentials_(credentials), clock_(clock), retry_(retry) {}

  base::Result<std::vector<Input>> list(const Location& folder) override;
  base::Result<std::vector<Input>> list_prefix(const Location& prefix) override;
  base::Result<Input> look(const Location& file) override;
  base::Result<Source> open(const Input& file, uint64_t offset, uint64_t length) override;
  base::Result<std::unique_ptr<Writer>> create(const NewFile& file) override;
  std::optional<base::Status> copy(const Input& from, const NewFile& to) override;
  base::Status remove(const std::vector<Location>& files) override;

 private:
  friend class S3Writer;
  using Fields = std::vector<std::pair<std::string, std::string>>;
  struct Request {
    std::string method;
    Location location;
    std::string query;  // encoded
    Fields headers;
    std::string body;
    http::BodySource* source = nullptr;
  };

  base::Result<http::ClientRequest> prepare(const Request& request, const std::string& rejected);
  /// One exchange; a status of 300 and above is an error.
  base::Result<http::ClientResponse> send(const Request& request);
  base::Result<http::ClientResponse> send_with_retry(const Request& request);
  Fields fields_of_new(const NewFile& file) const;
  base::Status remove_batch(const std::string& bucket, const std::vector<std::string>& keys);

  S3Options options_;
  Credentials& credentials_;
  base::Clock& clock_;
  const Retry& retry_;
  Connections connections_;
};

}  // namespace howdah::distcp
