#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "cli/api.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/terminal.h"

namespace howdah::cli {

namespace {

constexpr std::chrono::milliseconds kKeygen{20000};

base::Result<std::string> text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::not_found("cannot read " + path.string());
  return std::string(std::istreambuf_iterator<char>(file), {});
}

base::Status put_key(Api& api, std::string_view name, const std::string& public_key) {
  const auto answer = api.howdah("PUT", "/_howdah/ssh-keys/" + base::percent_encode(name),
                                 base::JsonObject{{"PublicKey", public_key}});
  return answer.ok() ? base::ok() : base::Status(answer.error());
}

// Our own key pair, made at the first use; the private one stays in the data directory.
base::Result<std::filesystem::path> own_key(const Globals& globals) {
  const std::filesystem::path folder = globals.data_dir / "ssh";
  const std::filesystem::path key = folder / "howdah";
  std::error_code error;
  if (std::filesystem::exists(key, error)) return key;
  std::filesystem::create_directories(folder, error);
  if (error) return base::internal("cannot make " + folder.string() + ": " + error.message());
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  auto made = TRY(
      capture({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "howdah", "-f", key.string()},
              kKeygen));
  if (made.exit_code != 0) return base::internal("ssh-keygen: " + made.output);
  return key;
}

struct Primary {
  std::string address;
  std::string state;
};

base::Result<Primary> primary_of(Api& api, const std::string& cluster) {
  const base::JsonObject answer = TRY(api.emr("DescribeCluster", {{"ClusterId", cluster}}));
  Primary out;
  if (const base::JsonObject* found = base::find_object(answer, "Cluster")) {
    out.address = base::text_at(*found, "MasterPublicDnsName");
    if (const base::JsonObject* status = base::find_object(*found, "Status"))
      out.state = base::text_at(*status, "State");
  }
  if (out.state.starts_with("TERMINAT"))
    return base::Error{base::Code::kFailedPrecondition,
                       fmt::format("cluster {} is {}", cluster, out.state),
                       {},
                       {}};
  if (out.address.empty())
    return base::unavailable(
        fmt::format("cluster {} is {}: its primary node has no address yet", cluster, out.state));
  return out;
}

}  // namespace

int ssh(const Globals& globals, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0].starts_with('-')) {
    fmt::print(stderr,
               "usage: howdah ssh CLUSTER [COMMAND…]\n"
               "A shell, or one command, as hadoop on the cluster's primary node.\n");
    return kUsage;
  }
  auto connected = connect(globals);
  if (!connected.ok()) return fail(globals, connected.error(), "howdah up");
  auto primary = primary_of(*connected, arguments[0]);
  if (!primary.ok()) return fail(globals, primary.error(), "howdah status");
  const auto program = find_program("ssh");
  if (!program) {
    return fail(globals, base::not_found("there is no ssh in PATH"),
                "apt-get install openssh-client openssh-server");
  }
  auto key = own_key(globals);
  if (!key.ok()) return fail(globals, key.error(), "apt-get install openssh-client");
  auto public_key = text_of(key->string() + ".pub");
  base::Status known = public_key.ok() ? put_key(*connected, "howdah", *public_key)
                                       : base::Status(public_key.error());
  if (!known.ok()) return fail(globals, known.error(), "howdah doctor");
  std::vector<std::string> all{
      "-i", key->string(), "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=accept-new",
      // An address is another cluster's tomorrow: each cluster has its own list.
      "-o",
      fmt::format("UserKnownHostsFile={}",
                  (key->parent_path() / ("known-" + arguments[0])).string()),
      "-o", "LogLevel=ERROR", "-o", "ServerAliveInterval=10"};
  all.push_back(fmt::format("hadoop@{}", primary->address));
  all.insert(all.end(), arguments.begin() + 1, arguments.end());
  return fail(globals, become(*program, all, {}, {}), "apt-get install openssh-client");
}

int ssh_key(const Globals& globals, const SshKeyOptions& options) {
  auto connected = connect(globals);
  if (!connected.ok()) return fail(globals, connected.error(), "howdah up");
  auto public_key = text_of(options.file);
  if (!public_key.ok())
    return fail(globals, public_key.error(), "ssh-keygen -y -f KEY.pem > KEY.pub");
  base::Status put = put_key(*connected, options.name, *public_key);
  if (!put.ok()) return fail(globals, put.error(), "ssh-keygen -y -f KEY.pem > KEY.pub");
  if (globals.json)
    print_json({{"Name", options.name}});
  else
    fmt::print("clusters with Ec2KeyName={} let this key in\n", options.name);
  return kOk;
}

}  // namespace howdah::cli
