#include "services/howdah/howdah.h"

#include "base/text.h"
#include "services/howdah/answers.h"

namespace howdah::services {
namespace {

base::JsonObject describe(const cluster::Step& step) {
  return {{"Id", step.id}, {"Name", step.name}, {"State", cluster::name_of(step.state)}};
}

// The body, which may be empty, as an object.
base::Result<base::JsonObject> object_in(http::Request& request) {
  const std::string body = TRY(http::read_all(*request.body, 64 * 1024));
  if (body.empty()) return base::JsonObject{};
  base::Json json = TRY(base::parse_json(body));
  if (!json.is_object()) return base::invalid_argument("The body must be a JSON object.");
  return std::move(json.get_object());
}

}  // namespace

bool Howdah::is_open(const http::Request& request) {
  return request.path == "/_howdah/health" || request.path.starts_with("/_howdah/credentials/");
}

http::Response Howdah::answer(http::Request& request, const std::string& region) {
  std::vector<std::string_view> parts = base::split(std::string_view(request.path).substr(9), '/');
  const std::string_view what = parts[0];
  if (request.method == "GET" && what == "health") {
    return json_answer({{"status", "ok"}, {"version", o_.version}});
  }
  if (request.method == "GET" && what == "credentials") return credentials(request);
  if (request.method == "GET" && what == "status") return status(region);
  if (request.method == "GET" && what == "clusters" && parts.size() == 3 && parts[2] == "events") {
    return events(std::string(parts[1]), request, region);
  }
  if (request.method == "GET" && what == "logs" && parts.size() == 4)
    return logs(parts, request, region);
  if (request.method == "POST" && what == "ui" && parts.size() == 2)
    return ui(std::string(parts[1]), request, region);
  if (request.method == "PUT" && what == "ssh-keys" && parts.size() == 2)
    return ssh_key(parts[1], request);
  if (request.method == "GET" && what == "cost" && parts.size() <= 2)
    return cost(parts.size() == 2 ? parts[1] : std::string_view(), request, region);
  if (request.method == "POST" && what == "shutdown") return shutdown(request);
  return error_answer(
      base::not_found("There is no " + request.method + " " + request.path + " in this version."));
}

http::Response Howdah::status(const std::string& region) {
  const auto keys = o_.store.unfinished();
  if (!keys.ok()) return error_answer(keys.error());
  base::JsonArray clusters;
  for (const cluster::Key& key : *keys) {
    if (!region.empty() && key.region != region) continue;
    const auto loaded = o_.store.load(key);
    if (!loaded.ok()) continue;
    base::JsonArray steps;
    for (const cluster::Step& step : loaded->cluster.steps) steps.push_back(describe(step));
    clusters.push_back(base::JsonObject{{"Id", key.id},
                                        {"Region", key.region},
                                        {"Name", loaded->cluster.wanted.name},
                                        {"State", cluster::name_of(loaded->cluster.status.state)},
                                        {"Message", loaded->cluster.status.reason.message},
                                        {"Steps", std::move(steps)}});
  }
  return json_answer({{"version", o_.version}, {"Clusters", std::move(clusters)}});
}

http::Response Howdah::events(const std::string& cluster, const http::Request& request,
                              const std::string& region) {
  const int64_t after =
      std::strtoll(std::string(query_value(request, "after")).c_str(), nullptr, 10);
  const auto rows = o_.store.events({o_.account, region, cluster}, after, 1000);
  if (!rows.ok()) return error_answer(rows.error());
  base::JsonArray out;
  for (const auto& row : *rows) {
    out.push_back(base::JsonObject{{"Id", row.id},
                                   {"At", base::to_iso8601(row.event.at)},
                                   {"Subject", row.event.subject},
                                   {"Kind", row.event.kind},
                                   {"State", row.event.state},
                                   {"Message", row.event.message}});
  }
  return json_answer({{"Events", std::move(out)}});
}

http::Response Howdah::ui(const std::string& cluster, http::Request& request,
                          const std::string& region) {
  const auto body = object_in(request);
  if (!body.ok()) return error_answer(body.error());
  const auto found = o_.ui({o_.account, region, cluster}, base::text_at(*body, "App"));
  return found.ok() ? json_answer(*found) : error_answer(found.error());
}

http::Response Howdah::ssh_key(std::string_view name, http::Request& request) {
  const auto body = object_in(request);
  if (!body.ok()) return error_answer(body.error());
  const auto decoded = base::percent_decode(name);
  if (!decoded) return error_answer(base::invalid_argument("The key's name is not well encoded."));
  const base::Status put = o_.ssh_keys->put(*decoded, base::text_at(*body, "PublicKey"));
  return put.ok() ? json_answer({{"Name", *decoded}}) : error_answer(put.error());
}

http::Response Howdah::cost(std::string_view id, const http::Request& request,
                            const std::string& region) {
  const auto wanted = base::percent_decode(id);
  const auto tag = base::percent_decode(query_value(request, "tag"));
  if (!wanted || !tag) return error_answer(base::invalid_argument("The id is not well encoded."));
  const auto found = o_.cost(region, *wanted, *tag);
  return found.ok() ? json_answer(*found) : error_answer(found.error());
}

http::Response Howdah::shutdown(http::Request& request) {
  const auto body = object_in(request);
  if (!body.ok()) return error_answer(body.error());
  o_.shut_down(base::bool_at(*body, "Drain"));
  return json_answer({{"status", "stopping"}});
}

}  // namespace howdah::services
