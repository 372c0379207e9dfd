#include "cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/suggest.h"
#include "os/layout.h"

namespace howdah::cli {

namespace {

// What the parser fills in; paths are made absolute afterwards.
struct Parsed {
  std::string data;
  std::string engines;
  std::string endpoint;
  std::string region = "us-east-1";
  bool json = false;
  std::string program = "howdah";
  std::string listen = "127.0.0.1:4566";
  std::string log_level = "info";
  std::string shell;
  DownOptions down;
  InstallOptions install;
  LogsOptions logs;
  WaitOptions wait;
  UiOptions ui;
  CostOptions cost;
  SshKeyOptions ssh_key;
  std::string timeout = "3600";
  std::vector<std::string> rest;  // of `aws`, `demo` and `ssh`, as typed
};

const std::vector<std::string>& command_names() {
  static const std::vector<std::string> kNames{
      "up",   "down",   "status",  "env",   "aws",        "demo", "install", "releases", "logs",
      "wait", "doctor", "version", "serve", "completion", "ui",   "ssh",     "ssh-key",  "cost"};
  return kNames;
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::filesystem::path absolute(const std::filesystem::path& path) {
  std::error_code error;
  auto made = std::filesystem::absolute(path, error);
  return error ? path : made.lexically_normal();
}

Globals globals_of(const Parsed& parsed) {
  Globals globals;
  std::string data = parsed.data.empty() ? from_environment("HOWDAH_DATA") : parsed.data;
  globals.data_dir = data.empty() ? os::default_data_folder() : absolute(data);
  // One tree of engines for all data directories of this user, so that Spark is fetched once.
  std::string engines =
      parsed.engines.empty() ? from_environment("HOWDAH_ENGINES") : parsed.engines;
  globals.engines_dir = engines.empty() ? os::default_data_folder() / "engines" : absolute(engines);
  globals.endpoint = parsed.endpoint;
  globals.region = parsed.region;
  globals.json = parsed.json;
  globals.program = parsed.program;
  return globals;
}

base::Result<ServeOptions> serve_options_of(const Parsed& parsed, const Globals& globals) {
  ServeOptions options;
  options.data_dir = globals.data_dir;
  options.engines_dir = globals.engines_dir;
  TRY(parse_listen(parsed.listen, options));
  const std::vector<std::string> levels{"debug", "info", "warn", "error"};
  for (size_t i = 0; i < levels.size(); ++i) {
    if (parsed.log_level == levels[i]) options.log_level = static_cast<base::Level>(i);
  }
  return options;
}

void add_globals(CLI::App& app, Parsed& parsed) {
  app.add_option("--data", parsed.data, "data directory ($HOWDAH_DATA)")->type_name("DIR");
  app.add_option("--engines", parsed.engines, "where Spark and others are installed")
      ->type_name("DIR");
  app.add_option("--endpoint", parsed.endpoint, "a server elsewhere, http://host:port")
      ->type_name("URL");
  app.add_option("--region", parsed.region, "AWS region of requests (us-east-1)")
      ->type_name("NAME");
  app.add_flag("--json", parsed.json, "output for programs");
}

void add_server_commands(CLI::App& app, Parsed& parsed) {
  auto* up = app.add_subcommand("up", "start the server, in the background");
  auto* serve = app.add_subcommand("serve", "run the server here, until it is stopped");
  auto* doctor = app.add_subcommand("doctor", "check this machine; every finding names its fix");
  for (CLI::App* command : {up, serve, doctor}) {
    command
        ->add_option("--listen", parsed.listen,
                     "address and port; port 0 is any free one ($HOWDAH_LISTEN)")
        ->type_name("127.0.0.1:4566");
  }
  for (CLI::App* command : {up, serve}) {
    command->add_option("--log-level", parsed.log_level, "debug, info, warn or error")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
        ->type_name("LEVEL");
  }
  auto* down = app.add_subcommand("down", "stop jobs, nodes and server; asks while jobs run");
  down->add_flag("-y,--yes", parsed.down.yes, "do not ask");
  app.add_subcommand("status", "server, engines, clusters, applications");
  app.add_subcommand("version", "of this program");
}

void add_client_commands(CLI::App& app, Parsed& parsed) {
  auto* env = app.add_subcommand("env", "print what points a shell here: eval \"$(howdah env)\"");
  env->add_option("--shell", parsed.shell, "bash or fish")->check(CLI::IsMember({"bash", "fish"}));
  for (auto [name, text] : {std::pair{"aws", "the AWS CLI, pointed at this server"},
                            std::pair{"demo", "the AWS tutorial, on a real cluster"},
                            std::pair{"ssh", "a shell or a command on a cluster's primary node"}}) {
    app.add_subcommand(name, text)->prefix_command();
  }
  auto* install = app.add_subcommand("install", "fetch what a release label runs");
  install->add_option("label", parsed.install.label, "for example emr-7.10.0")->required();
  install
      ->add_option("--applications", parsed.install.applications,
                   "beside Spark, separated by commas: Hadoop,Hive")
      ->delimiter(',');
  install->add_option("--cache", parsed.install.cache, "folder of verified files ($HOWDAH_CACHE)")
      ->type_name("DIR");
  install->add_flag("--offline", parsed.install.offline, "only from the cache");
  app.add_subcommand("releases", "release labels, and which run here");
  auto* logs = app.add_subcommand(
      "logs", "a log of a step or job run; of a cluster or application, its newest");
  logs->add_option("id", parsed.logs.id, "s-… or j-…; 00… of a job run or application")->required();
  logs->add_flag("-f,--follow", parsed.logs.follow, "go on until the step or run is over");
  logs->add_option("--file", parsed.logs.file, "stdout, stderr; of a step also controller, syslog")
      ->check(CLI::IsMember({"stdout", "stderr", "controller", "syslog"}))
      ->type_name("NAME");
  logs->add_option("-n,--lines", parsed.logs.lines, "only the last N lines")->type_name("N");
  auto* wait = app.add_subcommand("wait", "until a step or job run is over, or a cluster runs");
  wait->add_option("id", parsed.wait.id,
                   "s-… or j-…; 00… of a job run, or of an application for its newest run")
      ->required();
  wait->add_option("--timeout", parsed.timeout, "seconds (3600); then exit code 5")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  auto* ui = app.add_subcommand("ui", "web interfaces of a cluster: a link for an hour");
  ui->add_option("cluster", parsed.ui.cluster, "j-…")->required();
  ui->add_option("--app", parsed.ui.app, "yarn, hdfs, spark-history, spark, … (all, listed)")
      ->type_name("NAME");
  ui->add_flag("--print", parsed.ui.print, "print the link only; open nothing");
  auto* cost =
      app.add_subcommand("cost", "what clusters, applications and job runs would cost on AWS");
  cost->add_option(
      "id", parsed.cost.id,
      "j-…; 00… of an application or job run; all when left out; a step has no price of "
      "its own");
  cost->add_option("--tag", parsed.cost.tag, "only what has this tag")->type_name("KEY=VALUE");
  auto* key = app.add_subcommand("ssh-key", "let the key pair that clusters name in by ssh");
  key->add_option("name", parsed.ssh_key.name, "Ec2KeyName of clusters")->required();
  key->add_option("file", parsed.ssh_key.file, "its public key")->required()->type_name("FILE");
  auto* completion = app.add_subcommand("completion", "for bash: source <(howdah completion)");
  completion->add_option("shell", parsed.shell, "bash");
}

int run_command(const std::string& name, Parsed& parsed, const Serve& serve) {
  const Globals globals = globals_of(parsed);
  auto options = serve_options_of(parsed, globals);
  if (!options.ok()) {
    fail(globals, options.error(), "howdah " + name + " --help");
    return kUsage;
  }
  if (name == "serve") return serve(*options);
  if (name == "up") return up(globals, *options);
  if (name == "down") return down(globals, parsed.down);
  if (name == "status") return status(globals);
  if (name == "env") return env(globals, parsed.shell);
  if (name == "aws") return aws(globals, parsed.rest);
  if (name == "demo") return demo(parsed.rest);
  if (name == "install") return install(globals, parsed.install);
  if (name == "releases") return releases(globals);
  if (name == "logs") return logs(globals, parsed.logs);
  if (name == "ui") return ui(globals, parsed.ui);
  if (name == "ssh") return ssh(globals, parsed.rest);
  if (name == "cost") return cost(globals, parsed.cost);
  if (name == "ssh-key") return ssh_key(globals, parsed.ssh_key);
  if (name == "doctor") return doctor(globals, options->port);
  if (name == "version") return version(globals);
  if (name == "completion") return completion(parsed.shell, command_names());
  parsed.wait.timeout = std::chrono::seconds(std::strtoll(parsed.timeout.c_str(), nullptr, 10));
  return wait(globals, parsed.wait);
}

// `aws`, `demo` and `ssh` take everything behind their name as it is: --help and --version are
// theirs.
void split_rest(std::vector<std::string>& arguments, Parsed& parsed) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    bool takes_value =
        word == "--data" || word == "--engines" || word == "--endpoint" || word == "--region";
    if (takes_value) ++i;
    if (word.starts_with('-') || takes_value) continue;
    if (word == "aws" || word == "demo" || word == "ssh") {
      parsed.rest.assign(arguments.begin() + static_cast<long>(i) + 1, arguments.end());
      arguments.resize(i + 1);
    }
    return;
  }
}

int usage_error(const CLI::App& app, const std::vector<std::string>& arguments,
                const CLI::ParseError& error) {
  const CLI::App* command = &app;
  for (const CLI::App* chosen : app.get_subcommands()) command = chosen;
  std::vector<std::string> candidates;
  if (command == &app) candidates = command_names();
  for (const CLI::App* from : {command, &app}) {
    for (const CLI::Option* option : from->get_options()) {
      for (const std::string& name : option->get_lnames()) candidates.push_back("--" + name);
    }
  }
  const auto typed = std::find_if(arguments.begin(), arguments.end(),
                                  [](const std::string& word) { return !word.starts_with('-'); });
  if (command == &app && typed != arguments.end()) {
    fmt::print(stderr, "error: there is no command '{}'\n", *typed);
  } else {
    fmt::print(stderr, "error: {}\n", error.what());
  }
  for (const std::string& word : arguments) {
    bool known = std::find(candidates.begin(), candidates.end(), word) != candidates.end();
    std::string near = known ? "" : nearest(word.substr(0, word.find('=')), candidates);
    if (!near.empty() && near != word.substr(0, word.find('='))) {
      fmt::print(stderr, "did you mean: {}\n", near);
      break;
    }
  }
  fmt::print(stderr, "next: howdah {}--help\n", command == &app ? "" : command->get_name() + " ");
  return kUsage;
}

}  // namespace

int version(const Globals& globals) {
  if (globals.json)
    print_json({{"Version", HOWDAH_VERSION}});
  else
    fmt::print("howdah {}\n", HOWDAH_VERSION);
  return kOk;
}

int run(int argc, char** argv, const Serve& serve) {
  Parsed parsed;
  if (std::string listen = from_environment("HOWDAH_LISTEN"); !listen.empty()) {
    parsed.listen = listen;
  }
  if (argc > 0 && std::string_view(argv[0]).find('/') != std::string_view::npos) {
    parsed.program = argv[0];
  }
  CLI::App app(
      "Howdah: Amazon EMR's interface on your own machine, with the real Spark underneath.\n"
      "Begin with: howdah up; howdah doctor; eval \"$(howdah env)\"; aws emr list-clusters",
      "howdah");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", std::string("howdah ") + HOWDAH_VERSION);
  app.get_formatter()->column_width(28);
  add_globals(app, parsed);
  add_server_commands(app, parsed);
  add_client_commands(app, parsed);
  std::vector<std::string> arguments(argv + 1, argv + argc);
  split_rest(arguments, parsed);
  if (arguments.empty()) {
    fmt::print("{}", app.help());
    return kUsage;
  }
  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return usage_error(app, arguments, error);
  }
  return run_command(app.get_subcommands().front()->get_name(), parsed, serve);
}

}  // namespace howdah::cli
