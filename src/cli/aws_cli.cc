#include <cstdlib>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"

namespace howdah::cli {

namespace {

std::optional<std::filesystem::path> aws_program() {
  std::filesystem::path own = home_folder() / ".venv/bin/aws";
  std::error_code error;
  if (std::filesystem::exists(own, error)) return own;
  return find_program("aws");
}

}  // namespace

int aws(const Globals& globals, const std::vector<std::string>& arguments) {
  auto server = running_server(globals);
  if (!server.ok()) return fail(globals, server.error(), "howdah up");
  auto program = aws_program();
  if (!program) {
    return fail(globals, base::not_found("there is no AWS CLI in .venv nor in PATH"),
                "./setup --venv, or pip install 'awscli>=1.29'");
  }
  // The flag beside the variable: a CLI too old for AWS_ENDPOINT_URL must not reach the real AWS.
  std::vector<std::string> all{"--endpoint-url", server->endpoint};
  for (const std::string& argument : arguments) {
    if (argument.starts_with("--endpoint-url")) all.clear();
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<std::pair<std::string, std::string>> set{{"AWS_ENDPOINT_URL", server->endpoint},
                                                       {"AWS_EC2_METADATA_DISABLED", "true"}};
  std::vector<std::string> unset{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"};
  if (is_loopback_endpoint(server->endpoint)) {
    Keys keys;
    set.emplace_back("AWS_ACCESS_KEY_ID", keys.access_key_id);
    set.emplace_back("AWS_SECRET_ACCESS_KEY", keys.secret_access_key);
    unset.emplace_back("AWS_SESSION_TOKEN");
  }
  auto set_default = [&](const char* name, const std::string& value) {
    if (std::getenv(name) == nullptr) set.emplace_back(name, value);
  };
  set_default("AWS_DEFAULT_REGION", globals.region);
  set_default("AWS_PAGER", "");
  base::Error error = become(*program, all, set, unset);
  return fail(globals, error, "./setup --venv");
}

int demo(const std::vector<std::string>& arguments) {
  std::filesystem::path script = home_folder() / "tools/demo";
  std::error_code gone;
  base::Error error = std::filesystem::exists(script, gone)
                          ? become(script, arguments, {}, {})
                          : base::not_found("the demo lies in Howdah's source tree (tools/demo)");
  return fail(Globals{}, error, "clone the repository, then: make demo");
}

}  // namespace howdah::cli
