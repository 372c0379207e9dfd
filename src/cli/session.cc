#include "cli/session.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/text.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "os/boot.h"
#include "os/file.h"
#include "os/layout.h"

namespace howdah::cli {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::optional<RunningServer> parse_server_json(std::string_view text) {
  auto parsed = base::parse_json(text);
  if (!parsed.ok() || !parsed->is_object()) return std::nullopt;
  const base::JsonObject& object = parsed->as_object();
  RunningServer server;
  server.endpoint = base::text_at(object, "endpoint");
  server.pid = static_cast<int>(base::int_at(object, "pid"));
  server.version = base::text_at(object, "version");
  if (auto started = base::parse_iso8601(base::text_at(object, "started"))) {
    server.started = *started;
  }
  if (server.endpoint.empty()) return std::nullopt;
  return server;
}

base::Result<RunningServer> running_server(const Globals& globals) {
  if (!globals.endpoint.empty()) return RunningServer{globals.endpoint, 0, "", {}};
  auto text = os::read_file(os::Layout(globals.data_dir).server_json());
  if (!text.ok()) {
    if (text.error().code != base::Code::kNotFound) return std::move(text).error();
    return base::unavailable("no server runs in " + globals.data_dir.string());
  }
  auto server = parse_server_json(*text);
  if (!server) {
    return base::internal(os::Layout(globals.data_dir).server_json().string() +
                          " cannot be read: remove it, then start the server again");
  }
  if (server->pid != 0 && !os::identity_of(server->pid)) {
    return base::unavailable(fmt::format("the server of {} (pid {}) was killed; its jobs go on",
                                         globals.data_dir.string(), server->pid));
  }
  return *server;
}

bool is_loopback_endpoint(std::string_view endpoint) {
  size_t scheme = endpoint.find("://");
  if (scheme != std::string_view::npos) endpoint.remove_prefix(scheme + 3);
  endpoint = endpoint.substr(0, endpoint.find('/'));
  if (endpoint.starts_with("[::1]")) return true;
  std::string_view host = endpoint.substr(0, endpoint.rfind(':'));
  return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.");
}

Keys keys_for(const std::string& endpoint) {
  if (is_loopback_endpoint(endpoint)) return {};
  return {environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
          environment("AWS_SESSION_TOKEN")};
}

std::filesystem::path log_path(const Globals& globals) { return globals.data_dir / "server.log"; }

std::string tail(const std::filesystem::path& path, size_t lines) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return "";
  file.seekg(0, std::ios::end);
  const auto size = static_cast<int64_t>(file.tellg());
  const int64_t part = std::min<int64_t>(size, 64 * 1024);
  file.seekg(size - part);
  std::string text(static_cast<size_t>(part), '\0');
  file.read(text.data(), part);
  while (text.ends_with('\n')) text.pop_back();
  size_t begin = text.size();
  for (size_t i = 0; i < lines && begin != std::string::npos && begin > 0; ++i) {
    begin = text.rfind('\n', begin - 1);
  }
  return begin == std::string::npos || begin == 0 ? text : text.substr(begin + 1);
}

int fail(const Globals& globals, const base::Error& error, std::string_view what_next) {
  std::string next(what_next);
  if (next.starts_with("howdah ")) next.replace(0, 6, globals.program);
  if (globals.json) {
    base::JsonObject inner{
        {"Code", error.reason.empty() ? base::name_of(error.code) : error.reason},
        {"Message", error.message}};
    if (!next.empty()) inner["Next"] = next;
    fmt::print(stderr, "{}\n", base::to_text(base::JsonObject{{"Error", inner}}));
  } else {
    std::string name = error.reason.empty() ? "" : error.reason + ": ";
    fmt::print(stderr, "{} {}{}\n", paint("error:", Colour::kRed, 2), name, error.message);
    if (!next.empty()) fmt::print(stderr, "{} {}\n", paint("next:", Colour::kBold, 2), next);
  }
  return exit_code_of(error.code);
}

void print_json(const base::JsonObject& object) {
  fmt::print("{}\n", base::to_pretty_text(base::Json(object)));
}

}  // namespace howdah::cli
