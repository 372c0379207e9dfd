#include "gateways/ui/job_runs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "gateways/ui/link.h"
#include "gateways/ui/page_script.h"
#include "gateways/ui/pages.h"
#include "gateways/ui/proxy.h"
#include "http/exchange.h"
#include "serverless/spark_settings.h"
#include "serverless/ui_ports.h"

namespace howdah::gateways {
namespace {

using serverless::RunState;

constexpr base::Millis kConnect{1000};
constexpr base::Millis kPatience{10000};
constexpr std::string_view kLogs = "/logs/";
constexpr std::string_view kIdsBegin = "00";  // of applications; clusters begin with "j-"

// What a token of the attempt is for, in the words of link.h: no cluster has such a name.
std::string subject_of(const RunPath& path) {
  return fmt::format("{}/{}/{}", path.application, path.run, path.attempt);
}

std::string parameter(const http::Request& request) {
  std::string token;
  without_parameter(request.query, kRunParameter, &token);
  return token;
}

struct Token {
  RunPath path;
  std::string signed_part;
};
// "<application>.<run>.<attempt>.<seconds>.<region>.<signature>"
std::optional<Token> parse_token(std::string_view token) {
  std::string path(kUiPath);
  for (int i = 0; i < 3; ++i) {
    const size_t dot = token.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    path += (i == 0 ? "" : "/") + std::string(token.substr(0, dot));
    token.remove_prefix(dot + 1);
  }
  const auto parsed = parse_run_path(path);
  if (!parsed || !parsed->rest.empty()) return std::nullopt;
  return Token{*parsed, std::string(token)};
}

Rewriting rewriting(const RunPath& path, uint16_t port) {
  Rewriting out;
  out.base = path.prefix;
  out.script = fmt::format("<script src=\"{0}/{1}\" data-base=\"{0}\"></script>", path.prefix,
                           kPageScriptName);
  out.locate = [port, base = path.prefix](std::string_view host,
                                          uint16_t at) -> std::optional<std::string> {
    if (host != "localhost" || at != port) return std::nullopt;
    return base;
  };
  return out;
}

std::string host_of(uint16_t port) { return fmt::format("localhost:{}", port); }

bool is_dashboard(std::string_view path) {
  return path.starts_with(kUiPath) && path.substr(kUiPath.size()).starts_with(kIdsBegin);
}

// A redirect would still count as the other site's doing, and be refused; a page of ours that leads
// on does not.
http::Response lead_on(http::Response redirect) {
  http::Response out = ui_page(200, "The dashboard opens", "");
  out.headers.set("Refresh", "0; url=" + std::string(redirect.headers.value_or("Location", "/")));
  out.headers.set("Referrer-Policy", "no-referrer");
  out.headers.set("Set-Cookie", redirect.headers.value_or("Set-Cookie", ""));
  return out;
}

bool runs(RunState state) { return state == RunState::kRunning || state == RunState::kCancelling; }

// The logs that are kept of an attempt, the driver's first.
std::vector<std::string> logs_in(const std::filesystem::path& folder) {
  std::vector<std::string> out;
  std::error_code error;
  const auto end = std::filesystem::recursive_directory_iterator();
  for (auto it = std::filesystem::recursive_directory_iterator(folder, error); !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().lexically_relative(folder).generic_string();
    if (name == "attempts" || name == "sparklogs") it.disable_recursion_pending();
    if (it->is_regular_file(error) && is_log_name(name)) out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

struct JobRuns::Seen {
  serverless::Key key;
  serverless::JobRun run;
  serverless::Attempt attempt;
  bool is_current = false;
};

std::optional<RunPath> parse_run_path(std::string_view path) {
  const auto parts = parse_ui_path(path);
  if (!parts || !parts->cluster.starts_with(kIdsBegin) || parts->port == 0) return std::nullopt;
  if (parts->node.find('.') != std::string::npos) return std::nullopt;
  return RunPath{parts->cluster, parts->node, parts->port, parts->rest, parts->prefix};
}

bool is_log_name(std::string_view name) {
  const std::vector<std::string_view> parts = base::split(name, '/');
  if (parts.size() < 2 || parts.size() > 3 || !name.ends_with(".gz")) return false;
  if (parts[0] != "SPARK_DRIVER" && parts[0] != "SPARK_EXECUTOR") return false;
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    return !part.empty() && part.front() != '.' &&
           std::all_of(part.begin(), part.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-' || c == '.';
           });
  });
}

bool JobRuns::owns(const http::Request& request) {
  if (request.path.starts_with(kLogs))
    return is_link(request) && !request.headers.contains("Authorization");
  return is_dashboard(request.path);
}

bool JobRuns::is_link(const http::Request& request) {
  const bool ours = request.path.starts_with(kLogs) || is_dashboard(request.path);
  return ours && (request.method == "GET" || request.method == "HEAD") &&
         !parameter(request).empty();
}

std::string JobRuns::link(const serverless::Key& application, const std::string& run,
                          int attempt) const {
  const RunPath path{application.id, run, attempt, "", ""};
  const std::string token = make_ui_token(o_.secret, application.region, subject_of(path),
                                          o_.clock.now() + kLinkLifetime);
  return fmt::format("{}{}/?{}={}.{}.{}.{}", kUiPath, subject_of(path), kRunParameter,
                     application.id, run, attempt, token);
}

http::Response JobRuns::answer(http::Request& request) {
  const std::string given = parameter(request);
  if (request.path.starts_with(kLogs)) return log_by_token(request, given);
  const auto path = parse_run_path(request.path);
  if (!path)
    return ui_page(404, "There is nothing here", "A path is <application>/<run>/<attempt>/…");
  const std::string token(given.empty()
                              ? cookie_value(request.headers.value_or("Cookie", ""), kUiCookie)
                              : std::string_view(given));
  const auto parsed = parse_token(token);
  if (!parsed || subject_of(parsed->path) != subject_of(*path)) return run_denied();
  const base::Time now = o_.clock.now();
  const auto grant = check_ui_token(o_.secret, subject_of(*path), parsed->signed_part, now);
  if (!grant) return run_denied();
  if (given.empty() || path->rest.starts_with(kLogs)) return serve(request, *path, grant->region);
  std::string ignored;
  const std::string query = without_parameter(request.query, kRunParameter, &ignored);
  http::Response in = let_in(request, query, {path->prefix + "/", token, grant->until - now});
  const std::string_view site = request.headers.value_or("Sec-Fetch-Site", "none");
  return site == "same-site" || site == "cross-site" ? lead_on(std::move(in)) : std::move(in);
}

http::Response JobRuns::log_by_token(const http::Request& request, const std::string& token) {
  const auto parsed = parse_token(token);
  if (!parsed) return run_denied();
  const auto grant =
      check_ui_token(o_.secret, subject_of(parsed->path), parsed->signed_part, o_.clock.now());
  if (!grant) return run_denied();
  return log(request, {o_.account, grant->region, parsed->path.application}, parsed->path,
             std::string_view(request.path).substr(kLogs.size()));
}

http::Response JobRuns::log(const http::Request& request, const serverless::Key& key,
                            const RunPath& path, std::string_view name) {
  const auto missing = [&] {
    return ui_page(404, "There is no such log",
                   fmt::format("Of attempt {} of {} there is no {} here. Logs of a run come every "
                               "15 seconds and stay for 30 days.",
                               path.attempt, path.run, name));
  };
  if (!is_log_name(name)) return missing();
  base::Fd file(::open((o_.folder(key, path.run, path.attempt) / name).c_str(),
                       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!file.valid() || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return missing();
  http::Response out;
  // A browser shows it; who knows nothing of compressed answers gets the file.
  const bool unpacks =
      request.headers.value_or("Accept-Encoding", "").find("gzip") != std::string_view::npos;
  out.headers.set("Content-Type", unpacks ? "text/plain; charset=utf-8" : "application/gzip");
  if (unpacks) out.headers.set("Content-Encoding", "gzip");
  out.headers.set("Vary", "Accept-Encoding");
  out.headers.set("Cache-Control", "no-store");
  out.headers.set("X-Content-Type-Options", "nosniff");
  out.headers.set("Referrer-Policy", "no-referrer");
  if (request.method == "HEAD") {
    out.body = std::string();
  } else {
    out.body = http::FileBody{std::move(file), 0, static_cast<uint64_t>(info.st_size)};
  }
  return out;
}

http::Response JobRuns::serve(http::Request& request, const RunPath& path,
                              const std::string& region) {
  if (path.rest.empty())
    return ui_redirect(308, path.prefix + "/" + (request.query.empty() ? "" : "?" + request.query));
  if (path.rest == "/" + std::string(kPageScriptName)) return ui_script();
  Seen seen{{o_.account, region, path.application}, {}, {}, false};
  if (path.rest.starts_with(kLogs))
    return log(request, seen.key, path, std::string_view(path.rest).substr(kLogs.size()));
  auto run = o_.store.run(seen.key, path.run);
  if (!run.ok()) return ui_page(404, "There is no such job run", run.error().message);
  seen.run = std::move(*run);
  const auto& attempts = seen.run.status.attempts;
  const auto found = std::find_if(attempts.begin(), attempts.end(),
                                  [&](const auto& one) { return one.number == path.attempt; });
  if (found == attempts.end())
    return ui_page(404, "There is no such attempt",
                   fmt::format("{} of {}", path.attempt, path.run));
  seen.attempt = *found;
  seen.is_current = &*found == &attempts.back();
  if (seen.is_current) {
    seen.attempt.state = seen.run.status.state;
    seen.attempt.details = seen.run.status.details;
  }
  if (serverless::is_terminal(seen.attempt.state) || !seen.is_current)
    return history(request, path, seen);
  if (runs(seen.attempt.state) && !seen.run.status.node.empty()) return live(request, path, seen);
  return page(200, path, seen, "It does not run yet. This page looks again.", 2);
}

http::Response JobRuns::live(http::Request& request, const RunPath& path, const Seen& seen) {
  const auto row = o_.store.application(seen.key);
  if (!row.ok()) return ui_page(404, "There is no such application", row.error().message);
  const auto settings = serverless::spark_settings(
      serverless::Application{row->key, row->wanted, row->status, {}}, seen.run.wanted);
  const uint16_t port = settings.ok() ? serverless::ui_port(*settings, path.run, path.attempt) : 0;
  if (port == 0) return page(200, path, seen, "The settings of this run turn the Spark UI off.", 0);
  auto socket = o_.nodes.connect_inside(seen.run.status.node, port, kConnect);
  if (!socket.ok()) {
    return page(200, path, seen,
                "The driver does not show a Spark UI: it has not made a SparkContext yet, or has "
                "ended it. This page looks again.",
                2);
  }
  http::Response out =
      pass_on(request, std::move(*socket), {host_of(port), path.rest, rewriting(path, port)});
  // Spark listens before it has pages: its first one is there for as long as the interface is.
  const bool is_first = path.rest.empty() || path.rest == "/" || path.rest == "/jobs/";
  if (is_first && (out.status == 404 || out.status == 503))
    return page(200, path, seen, "The Spark UI is starting. This page looks again.", 1);
  return out;
}

http::Response JobRuns::history(http::Request& request, const RunPath& path, const Seen& seen) {
  const auto at = o_.history(seen.key, path.run, path.attempt, seen.run.wanted.release_label);
  if (!at.ok()) return page(200, path, seen, at.error().message, 0);
  auto socket = o_.nodes.connect_inside(at->node, at->port, kConnect);
  if (!socket.ok()) {
    if (at->late) return page(502, path, seen, "The history server does not answer.", 0);
    return page(200, path, seen, "The history server is starting. This page looks again.", 1);
  }
  // Of the live interface's pages this is the one that there is afterwards.
  const bool is_its = path.rest.starts_with("/history/") || path.rest.starts_with("/static/") ||
                      path.rest.starts_with("/api/");
  if (!is_its) return application_page(path, seen, *at, std::move(*socket));
  return pass_on(request, std::move(*socket),
                 {host_of(at->port), path.rest, rewriting(path, at->port)});
}

http::Response JobRuns::application_page(const RunPath& path, const Seen& seen, const History& at,
                                         base::Fd socket) {
  http::ExchangeRequest list;
  list.target = "/api/v1/applications";
  list.headers.add("Host", host_of(at.port));
  list.headers.add("Accept", "application/json");
  list.whole = kPatience;
  const auto answer = http::exchange(std::move(socket), list, kPatience);
  std::string text;
  char piece[4096];
  while (answer.ok() && answer->status == 200 && text.size() < (1u << 20)) {
    const auto got = answer->body->read(piece);
    if (!got.ok() || *got == 0) break;
    text.append(piece, *got);
  }
  const auto json = base::parse_json(text);
  if (json.ok() && json->is_array() && !json->as_array().empty()) {
    const base::Json& last = json->as_array().front();  // the newest first
    const std::string id(last.is_object() ? base::text_at(last.as_object(), "id", "") : "");
    if (!id.empty())
      return ui_redirect(303, path.prefix + "/history/" + base::percent_encode(id) + "/jobs/");
  }
  if (at.late)
    return page(200, path, seen, "Spark's history server finds no application in its log.", 0);
  return page(200, path, seen, "The history server reads the log. This page looks again.", 1);
}

http::Response JobRuns::page(int status, const RunPath& path, const Seen& seen, std::string note,
                             int refresh) {
  RunPage out;
  out.title = seen.run.wanted.name.empty() ? "Job run " + path.run
                                           : fmt::format("{} ({})", seen.run.wanted.name, path.run);
  out.note = std::move(note);
  out.prefix = path.prefix;
  out.refresh = refresh;
  out.facts = {{"application", path.application},
               {"attempt", std::to_string(path.attempt)},
               {"state", serverless::name_of(seen.attempt.state)}};
  if (!seen.attempt.details.empty()) out.facts.emplace_back("details", seen.attempt.details);
  if (seen.attempt.started)
    out.facts.emplace_back("started", base::to_iso8601(*seen.attempt.started));
  if (seen.attempt.ended) out.facts.emplace_back("ended", base::to_iso8601(*seen.attempt.ended));
  out.logs = logs_in(o_.folder(seen.key, path.run, path.attempt));
  return run_page(status, out);
}

}  // namespace howdah::gateways
