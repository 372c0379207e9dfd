// Listings in the order of the keys' UTF-8 bytes. A common prefix is passed over by seeking behind
// it in the index, so a folder of a million keys costs one step.

#include "objects/names.h"
#include "objects/state.h"

namespace howdah::objects {
namespace {

// The common prefix that `key` belongs to; empty: none.
std::string_view common_prefix(std::string_view key, const ListRequest& request) {
  if (request.delimiter.empty() || !key.starts_with(request.prefix)) return {};
  const size_t at = key.find(request.delimiter, request.prefix.size());
  return at == std::string_view::npos ? std::string_view()
                                      : key.substr(0, at + request.delimiter.size());
}

// The smallest key that may come next; nullopt: none can.
std::optional<std::string> first_key(const ListRequest& request) {
  if (request.after.empty()) return request.prefix;
  std::string from = request.after + '\0';  // the next byte string
  if (common_prefix(request.after, request) == request.after) {
    from = after_prefix(request.after);  // that prefix was told already
    if (from.empty()) return std::nullopt;
  }
  return std::max(from, request.prefix);
}

db::Query rows_from(db::Connection& connection, int64_t bucket, const std::string& from,
                    const std::string& end) {
  if (end.empty()) {
    return connection.query(
        "SELECT key, size, etag, modified, storage_class FROM objects "
        "WHERE bucket = ? AND key >= ? ORDER BY key",
        bucket, from);
  }
  return connection.query(
      "SELECT key, size, etag, modified, storage_class FROM objects "
      "WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key",
      bucket, from, end);
}

base::Status list_into(db::Connection& connection, const ListRequest& request, Listing& listing) {
  const int64_t bucket = TRY(bucket_id(connection, request.bucket));
  std::optional<std::string> from = first_key(request);
  if (request.max_keys == 0 || !from) return base::ok();
  const std::string end = after_prefix(request.prefix);
  std::string last;
  for (bool seek = true; seek;) {
    seek = false;
    auto query = rows_from(connection, bucket, *from, end);
    while (TRY(query.next())) {
      if (listing.objects.size() + listing.common_prefixes.size() == request.max_keys) {
        listing.truncated = true;
        listing.next = last;
        return base::ok();
      }
      const std::string_view key = query.text(0);
      const std::string_view prefix = common_prefix(key, request);
      if (prefix.empty()) {
        last = key;
        listing.objects.push_back({last, static_cast<uint64_t>(query.integer(1)),
                                   std::string(query.text(2)), base::from_millis(query.integer(3)),
                                   std::string(query.text(4))});
        continue;
      }
      last = prefix;
      listing.common_prefixes.push_back(last);
      from = after_prefix(last);
      seek = !from->empty();
      if (!seek) return base::ok();
      break;
    }
  }
  return base::ok();
}

}  // namespace

base::Result<Listing> S3Store::list(const ListRequest& request) {
  Listing listing;
  TRY(state_->database->read([&](db::Connection& connection) {
    listing = {};
    return list_into(connection, request, listing);
  }));
  return listing;
}

}  // namespace howdah::objects
