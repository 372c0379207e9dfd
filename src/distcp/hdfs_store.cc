#include "distcp/hdfs_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "base/text.h"
#include "distcp/hdfs_writer.h"

namespace howdah::distcp {
namespace {

constexpr std::string_view kRoot = "/webhdfs/v1";
constexpr uint64_t kAnyNode =
    4 << 20;                     // up to so many bytes the nearest DataNode is not looked for
constexpr size_t kAskEvery = 8;  // of so many transfers the NameNode chooses one
constexpr size_t kMostDataNodes = 64;

base::Error web_error(int status, std::string_view body, const Location& file,
                      std::string_view what) {
  std::string name, message;
  if (auto parsed = base::parse_json(body); parsed.ok() && parsed->is_object()) {
    if (const auto* remote = base::find_object(parsed->as_object(), "RemoteException")) {
      name = base::text_at(*remote, "exception");
      message = base::text_at(*remote, "message");
    }
  }
  const std::string where = fmt::format("{} {}", what, uri(file));
  if (!name.empty()) return hdfs_error(name, message, where);
  base::Error error = base::invalid_argument(fmt::format("{}: HTTP status {}", where, status));
  if (status == 404) error.code = base::Code::kNotFound;
  if (status == 401 || status == 403) error.code = base::Code::kPermissionDenied;
  if (status >= 500) error.code = base::Code::kUnavailable;
  return error;
}

std::string encoded(const std::string& path) { return base::percent_encode(path, "/"); }

std::string_view parameter(std::string_view url, std::string_view name) {
  const std::string key = fmt::format("{}=", name);
  for (std::string_view part :
       base::split(url.substr(std::min(url.find('?') + 1, url.size())), '&')) {
    if (part.starts_with(key)) return part.substr(key.size());
  }
  return {};
}

http::ClientRequest data_request(std::string method, std::string url) {
  http::ClientRequest request{.method = std::move(method), .url = std::move(url)};
  request.timeout = std::chrono::milliseconds(0);
  request.stall = kStall;
  return request;
}

base::Error without_url(base::Error error, const Location& file, std::string_view what) {
  error.message = fmt::format("{} {}: {}", what, uri(file), error.message);
  return error;
}

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number == 0) return std::nullopt;
  const std::string unit = base::to_lower(text.substr(static_cast<size_t>(end - text.data())));
  if (unit.empty()) return number;
  const size_t power = std::string_view("kmgt").find(unit);
  if (unit.size() != 1 || power == std::string_view::npos) return std::nullopt;
  const int shift = 10 * (static_cast<int>(power) + 1);
  if (number > (UINT64_MAX >> 1 >> shift)) return std::nullopt;
  return number << shift;
}

HdfsStore::HdfsStore(HdfsOptions options, base::Ids& ids, const Retry& retry)
    : options_(std::move(options)),
      ids_(ids),
      retry_(retry),
      native_(
          [&] {
            NativeOptions native{options_.rpc_address, options_.user, 0, 0};
            native.replication =
                static_cast<uint32_t>(parse_size(options_.replication).value_or(0) & 0x7fff);
            if (options_.block_size_asked) native.block_size = options_.block_size;
            return native;
          }(),
          ids, retry) {}

std::string HdfsStore::name_node_url(std::string_view path, std::string_view query) const {
  return fmt::format("http://{}{}{}?{}&user.name={}", options_.web_address, kRoot,
                     encoded(std::string(path)), query, base::percent_encode(options_.user));
}

base::Result<std::string> HdfsStore::ask_once(std::string_view method, const Location& file,
                                              std::string_view query) {
  http::ClientRequest request{.method = std::string(method),
                              .url = name_node_url(file.path, query)};
  auto client = connections_.clients.borrow();
  auto answer = client->send(request);
  const std::string_view what = parameter(request.url, "op");
  if (!answer.ok()) return without_url(std::move(answer).error(), file, what);
  if (answer->status >= 300) return web_error(answer->status, answer->body, file, what);
  return std::move(answer->body);
}

base::Result<std::string> HdfsStore::ask(std::string_view method, const Location& file,
                                         std::string_view query) {
  return retry_.get<std::string>([&] { return ask_once(method, file, query); });
}

void HdfsStore::learn(std::string_view redirect) {
  const size_t root = redirect.find(kRoot);
  const std::string_view name_node = parameter(redirect, "namenoderpcaddress");
  if (root == std::string_view::npos || name_node.empty()) return;
  DataNode found{std::string(redirect.substr(0, root)), std::string(name_node)};
  std::lock_guard lock(mutex_);
  const bool known = std::find(data_nodes_.begin(), data_nodes_.end(), found) != data_nodes_.end();
  if (!known && data_nodes_.size() < kMostDataNodes) data_nodes_.push_back(std::move(found));
}

void HdfsStore::forget(std::string_view url) {
  std::lock_guard lock(mutex_);
  std::erase_if(data_nodes_,
                [&](const DataNode& each) { return url.starts_with(each.origin + "/"); });
}

base::Result<std::string> HdfsStore::data_url(std::string_view method, const Location& file,
                                              const std::string& query, bool any) {
  if (any) {
    std::lock_guard lock(mutex_);
    const size_t turn = next_++;
    if (!data_nodes_.empty() && turn % kAskEvery != 0) {
      const DataNode& node = data_nodes_[turn % data_nodes_.size()];
      return fmt::format("{}{}{}?{}&user.name={}&namenoderpcaddress={}", node.origin, kRoot,
                         encoded(file.path), query, base::percent_encode(options_.user),
                         node.name_node);
    }
  }
  http::ClientRequest request{.method = std::string(method),
                              .url = name_node_url(file.path, query)};
  const std::string_view what = parameter(request.url, "op");
  auto client = connections_.clients.borrow();
  auto answer = client->send(request);
  if (!answer.ok()) return without_url(std::move(answer).error(), file, what);
  const std::string_view redirect = answer->headers.value_or("Location", "");
  if (answer->status != 307 || redirect.empty()) {
    if (answer->status < 300) {
      return base::internal(fmt::format("{} {}: the NameNode named no DataNode", what, uri(file)));
    }
    return web_error(answer->status, answer->body, file, what);
  }
  learn(redirect);
  return std::string(redirect);
}

base::Result<Input> HdfsStore::look(const Location& file) {
  const std::string body = TRY(ask("GET", file, "op=GETFILESTATUS"));
  const base::Json parsed = TRY(base::parse_json(body));
  const base::JsonObject* status =
      parsed.is_object() ? base::find_object(parsed.as_object(), "FileStatus") : nullptr;
  if (status == nullptr) return base::internal(uri(file) + ": no FileStatus in HDFS's answer");
  Input out;
  out.location = file;
  out.size = static_cast<uint64_t>(std::max<int64_t>(0, base::int_at(*status, "length")));
  if (base::text_at(*status, "type") != "FILE") {
    return base::invalid_argument(uri(file) + " is not a file");
  }
  return out;
}

base::Status HdfsStore::list_folder(const Location& folder, std::vector<Location>& folders,
                                    std::vector<Input>& files) {
  std::string after;
  for (;;) {
    std::string query = "op=LISTSTATUS_BATCH";
    if (!after.empty()) query += "&startAfter=" + base::percent_encode(after);
    const std::string body = TRY(ask("GET", folder, query));
    const base::Json parsed = TRY(base::parse_json(body));
    const auto wrong = base::internal(uri(folder) + ": HDFS's listing cannot be read");
    if (!parsed.is_object()) return wrong;
    const auto* listing = base::find_object(parsed.as_object(), "DirectoryListing");
    const auto* part = listing ? base::find_object(*listing, "partialListing") : nullptr;
    const auto* statuses = part ? base::find_object(*part, "FileStatuses") : nullptr;
    const auto* entries = statuses ? base::find_array(*statuses, "FileStatus") : nullptr;
    if (entries == nullptr) return wrong;
    for (const base::Json& each : *entries) {
      if (!each.is_object()) return wrong;
      const base::JsonObject& entry = each.as_object();
      after = base::text_at(entry, "pathSuffix");
      if (after.empty()) return wrong;
      const std::string_view type = base::text_at(entry, "type");
      const Location at = below(folder, after);
      if (type == "DIRECTORY") folders.push_back(at);
      if (type != "FILE") continue;
      Input file;
      file.location = at;
      file.size = static_cast<uint64_t>(std::max<int64_t>(0, base::int_at(entry, "length")));
      files.push_back(std::move(file));
    }
    if (base::int_at(*listing, "remainingEntries") == 0 || entries->empty()) return base::ok();
  }
}

base::Result<std::vector<Input>> HdfsStore::list(const Location& folder) {
  const std::string body = TRY(ask("GET", folder, "op=GETFILESTATUS"));
  std::vector<Input> files;
  const base::Json parsed = TRY(base::parse_json(body));
  const auto* status =
      parsed.is_object() ? base::find_object(parsed.as_object(), "FileStatus") : nullptr;
  if (status != nullptr && base::text_at(*status, "type") == "FILE") {
    files.push_back(TRY(look(folder)));
    return files;
  }
  std::vector<Location> folders{folder};
  while (!folders.empty()) {
    const Location next = std::move(folders.back());
    folders.pop_back();
    TRY(list_folder(next, folders, files));
  }
  return files;
}

base::Result<std::vector<Input>> HdfsStore::list_prefix(const Location& prefix) {
  auto found = list(prefix);
  if (found.ok() || found.error().code != base::Code::kNotFound) return found;
  std::vector<Input> all = TRY(list(parent(prefix)));
  std::erase_if(all,
                [&](const Input& each) { return !each.location.path.starts_with(prefix.path); });
  return all;
}

base::Result<Source> HdfsStore::open(const Input& file, uint64_t offset, uint64_t length) {
  if (native_.available()) return native_.read(file, offset, length);
  std::string query = "op=OPEN";
  const bool whole = offset == 0 && length == file.size;
  if (!whole) query += fmt::format("&offset={}&length={}", offset, length);
  const std::string url =
      TRY(data_url("GET", file.location, whole ? query + "&offset=0" : query, length <= kAnyNode));
  auto lease = connections_.downloads.borrow();
  auto head = lease->open(data_request("GET", url));
  if (!head.ok()) {
    forget(url);
    return without_url(std::move(head).error(), file.location, "OPEN");
  }
  if (head->status >= 300) return web_error(head->status, head->body, file.location, "OPEN");
  return Source(std::make_unique<Body>(std::move(lease)));
}

base::Status HdfsStore::write_file(const Location& file, http::BodySource& bytes) {
  if (native_.available()) return native_.write(file, bytes);
  std::string query = "op=CREATE&overwrite=true&createparent=true";
  if (!options_.replication.empty()) query += "&replication=" + options_.replication;
  if (options_.block_size_asked) query += fmt::format("&blocksize={}", options_.block_size);
  const bool small = bytes.length() && *bytes.length() <= kAnyNode;
  const std::string url = TRY(data_url("PUT", file, query, small));
  http::ClientRequest request = data_request("PUT", url);
  request.headers.add("Content-Type", "application/octet-stream");
  request.source = &bytes;
  auto client = connections_.clients.borrow();
  auto answer = client->send(request);
  if (!answer.ok()) {
    forget(url);
    return without_url(std::move(answer).error(), file, "CREATE");
  }
  if (answer->status != 201) {
    forget(url);
    return web_error(answer->status, answer->body, file, "CREATE");
  }
  return base::ok();
}

base::Result<std::unique_ptr<Writer>> HdfsStore::create(const NewFile& file) {
  return std::unique_ptr<Writer>(std::make_unique<HdfsWriter>(*this, file));
}

std::optional<base::Status> HdfsStore::copy(const Input&, const NewFile&) { return std::nullopt; }

base::Status HdfsStore::remove(const std::vector<Location>& files) {
  // gone already: "boolean": false
  for (const Location& file : files) TRY(ask("DELETE", file, "op=DELETE&recursive=false"));
  return base::ok();
}

}  // namespace howdah::distcp
