#include <fmt/format.h>

#include <cstdlib>

#include "base/text.h"
#include "cli/api.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/terminal.h"

namespace howdah::cli {

namespace {

// Paths become links; the list is what --json prints.
void make_absolute(base::JsonObject& found, const std::string& endpoint) {
  const auto fix = [&](base::JsonObject& object) {
    if (std::string_view path = base::text_at(object, "Url"); path.starts_with('/'))
      object["Url"] = endpoint + std::string(path);
  };
  fix(found);
  if (base::Json* all = found.if_contains("Uis"); all != nullptr && all->is_array()) {
    for (base::Json& one : all->get_array()) {
      if (one.is_object()) fix(one.get_object());
    }
  }
}

std::string answers_of(const base::JsonObject& one) {
  if (base::find(one, "Answers") == nullptr) return "";
  return base::bool_at(one, "Answers") ? "yes" : "no";
}

void print_table(const base::JsonObject& found) {
  std::vector<std::vector<std::string>> rows;
  if (const base::JsonArray* all = base::find_array(found, "Uis")) {
    for (const base::Json& each : *all) {
      if (!each.is_object()) continue;
      const base::JsonObject& one = each.get_object();
      rows.push_back({std::string(base::text_at(one, "App")),
                      std::string(base::text_at(one, "Title")),
                      std::string(base::text_at(one, "Node")),
                      std::to_string(base::int_at(one, "Port")), answers_of(one)});
    }
  }
  if (rows.empty()) {
    fmt::print(stderr, "no node with a web interface runs yet; next: howdah status\n");
    return;
  }
  fmt::print("{}", table({"app", "interface", "node", "port", "answers"}, rows));
}

// Where somebody sits in front of a desktop.
bool has_browser() {
  return is_terminal(1) &&
         (std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr);
}

}  // namespace

int ui(const Globals& globals, const UiOptions& options) {
  auto server = running_server(globals);
  if (!server.ok()) return fail(globals, server.error(), "howdah up");
  Api api(server->endpoint, globals.region, keys_for(server->endpoint));
  base::JsonObject asked;
  if (!options.app.empty()) asked["App"] = options.app;
  auto found = api.howdah("POST", "/_howdah/ui/" + base::percent_encode(options.cluster), asked);
  if (!found.ok()) {
    return fail(globals, found.error(),
                found.error().code == base::Code::kNotFound
                    ? std::string("howdah status")
                    : fmt::format("howdah ui {}", options.cluster));
  }
  make_absolute(*found, server->endpoint);
  if (globals.json) {
    print_json(*found);
    return kOk;
  }
  if (options.app.empty() && !options.print) print_table(*found);
  const std::string url(base::text_at(*found, "Url"));
  fmt::print("{}\n", url);
  if (options.print || !has_browser()) return kOk;
  const auto program = find_program("xdg-open");
  if (!program) return kOk;  // the link stands there
  if (auto begun = start_aside({program->string(), url}); !begun.ok())
    fmt::print(stderr, "the browser did not open: {}\n", begun.error().message);
  return kOk;
}

}  // namespace howdah::cli
