#pragma once

// What every command has in hand: the options that all of them take, where the data directory is,
// which server answers there, and how a failure is told. Values; one thread.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace howdah::cli {

/// Options of every command. --data comes before $HOWDAH_DATA, that before the default.
struct Globals {
  std::filesystem::path data_dir;     // absolute
  std::filesystem::path engines_dir;  // absolute
  std::string endpoint;               // given by --endpoint; empty: server.json's
  std::string region = "us-east-1";
  bool json = false;
  std::string program = "howdah";  // as it was called, for commands that we suggest
};

/// What <data>/server.json says; written by the server once it answers.
struct RunningServer {
  std::string endpoint;  // "http://localhost:4566"
  int pid = 0;           // 0: on another host, or not told
  std::string version;
  base::Time started{};
};

struct Keys {
  std::string access_key_id = "test";
  std::string secret_access_key = "test";
  std::string session_token;
};

std::optional<RunningServer> parse_server_json(std::string_view text);

/// The server of this data directory, whose process lives; kUnavailable (with what to do) when
/// down.
base::Result<RunningServer> running_server(const Globals& globals);

/// test/test against a server on loopback; elsewhere the caller's own AWS_ACCESS_KEY_ID and secret.
Keys keys_for(const std::string& endpoint);
bool is_loopback_endpoint(std::string_view endpoint);

std::filesystem::path log_path(const Globals& globals);  // of a server started by `up`
/// The last `lines` lines of a text file; "" when it cannot be read.
std::string tail(const std::filesystem::path& path, size_t lines);

/// Says the error on stderr (as JSON with --json), then `next`: what to type now. Returns the exit
/// code that belongs to the error.
int fail(const Globals& globals, const base::Error& error, std::string_view next = {});
void print_json(const base::JsonObject& object);

}  // namespace howdah::cli
