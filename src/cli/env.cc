#include <fmt/format.h>

#include <cstdlib>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "os/layout.h"

namespace howdah::cli {

namespace {

struct Variable {
  const char* name;
  std::string value;
};

std::vector<Variable> variables_for(const RunningServer& server, const Globals& globals) {
  std::vector<Variable> variables{{"AWS_ENDPOINT_URL", server.endpoint},
                                  {"AWS_DEFAULT_REGION", globals.region},
                                  {"AWS_REGION", globals.region},
                                  {"AWS_PAGER", ""}};
  if (is_loopback_endpoint(server.endpoint)) {
    Keys keys;
    variables.insert(variables.begin() + 1, {{"AWS_ACCESS_KEY_ID", keys.access_key_id},
                                             {"AWS_SECRET_ACCESS_KEY", keys.secret_access_key}});
  }
  return variables;
}

// A profile or a token of the real AWS would win over what we set.
constexpr const char* kUnset[] = {"AWS_PROFILE", "AWS_SESSION_TOKEN"};

bool wants_fish(const std::string& shell) {
  if (!shell.empty()) return shell == "fish";
  const char* login = std::getenv("SHELL");
  return login != nullptr && std::string_view(login).ends_with("/fish");
}

void print_exports(const std::vector<Variable>& variables, bool fish, bool has_keys) {
  for (const Variable& variable : variables) {
    const char* form = fish ? "set -gx {} '{}';\n" : "export {}='{}'\n";
    fmt::print(fmt::runtime(form), variable.name, variable.value);
  }
  for (const char* name : kUnset) {
    if (!has_keys && std::string_view(name) == "AWS_SESSION_TOKEN") continue;
    fmt::print(fmt::runtime(fish ? "set -e {};\n" : "unset {}\n"), name);
  }
  if (!has_keys) {
    fmt::print(
        "# AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: the keys shown at the first start\n");
  }
  fmt::print("# {}\n", fish ? "howdah env --shell fish | source" : "eval \"$(howdah env)\"");
}

}  // namespace

std::string environment_line(const Globals& globals) {
  std::string data;
  if (globals.data_dir != os::default_data_folder()) {
    data = " --data " + globals.data_dir.string();
  }
  return fmt::format("eval \"$({}{} env)\"", globals.program, data);
}

int env(const Globals& globals, const std::string& shell) {
  auto server = running_server(globals);
  if (!server.ok()) return fail(globals, server.error(), "howdah up");
  auto variables = variables_for(*server, globals);
  if (globals.json) {
    base::JsonObject object;
    for (const Variable& variable : variables) object[variable.name] = variable.value;
    print_json(object);
    return kOk;
  }
  print_exports(variables, wants_fish(shell), is_loopback_endpoint(server->endpoint));
  return kOk;
}

}  // namespace howdah::cli
