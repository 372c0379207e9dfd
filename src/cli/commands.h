#pragma once

// The commands of `howdah`, a function each: options in, exit code out (exit_code.h). What they
// print for people goes to stdout in tables, for programs with --json; what goes wrong goes to
// stderr.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.h"
#include "cli/session.h"

namespace howdah::cli {

/// "127.0.0.1:4566", ":4566", "4566", "[::1]:0", "localhost:4566" into options.
base::Status parse_listen(std::string_view listen, ServeOptions& options);
/// The one line that points a shell at a server: `eval "$(howdah env)"`.
std::string environment_line(const Globals& globals);

int up(const Globals& globals, const ServeOptions& options);

struct DownOptions {
  bool yes = false;
};
int down(const Globals& globals, const DownOptions& options);

int status(const Globals& globals);

/// `shell`: "bash" (also zsh and sh), "fish"; "" takes it from $SHELL.
int env(const Globals& globals, const std::string& shell);

/// Becomes the AWS CLI with our endpoint and keys in its environment; returns only when it fails.
int aws(const Globals& globals, const std::vector<std::string>& arguments);

struct InstallOptions {
  std::string label;
  std::string cache;  // folder of verified files; "" takes $HOWDAH_CACHE
  bool offline = false;
  std::vector<std::string> applications;  // beside Spark: "Hadoop"; what they need comes along
};
int install(const Globals& globals, const InstallOptions& options);
/// "emr-7.10.0 (Spark 3.5.5)" for every label whose applications are on this host.
std::vector<std::string> installed_engines(const Globals& globals);
int releases(const Globals& globals);

struct LogsOptions {
  std::string id;               // s-… or j-…; 00… of a job run or application
  std::string file = "stdout";  // stdout, stderr, controller, syslog
  bool follow = false;
  int lines = -1;  // only the last ones; -1: all
};
int logs(const Globals& globals, const LogsOptions& options);

struct WaitOptions {
  std::string id;
  std::chrono::seconds timeout{3600};
};
int wait(const Globals& globals, const WaitOptions& options);

struct UiOptions {
  std::string cluster;  // j-…
  std::string app;      // "yarn"; "" lists them all
  bool print = false;   // only the link
};
int ui(const Globals& globals, const UiOptions& options);

/// Becomes the system's ssh to the primary node of `arguments[0]`, with a key pair of our own; what
/// follows is the command, passed on as it is.
int ssh(const Globals& globals, const std::vector<std::string>& arguments);

struct CostOptions {
  std::string id;   // j-…, an application's or a job run's; "" all
  std::string tag;  // "key=value" or "key"
};
/// What work would have cost on AWS.
int cost(const Globals& globals, const CostOptions& options);

struct SshKeyOptions {
  std::string name;  // Ec2KeyName of clusters
  std::string file;  // of the public key
};
int ssh_key(const Globals& globals, const SshKeyOptions& options);

int doctor(const Globals& globals, uint16_t port);
int demo(const std::vector<std::string>& arguments);
int version(const Globals& globals);
int completion(const std::string& shell, const std::vector<std::string>& commands);

}  // namespace howdah::cli
