#include <fmt/format.h>

#include <array>

#include "base/digest.h"
#include "cluster/cluster.h"

namespace howdah::cluster {
namespace {

constexpr std::array kStates = {
    "STARTING",   "BOOTSTRAPPING",         "RUNNING", "WAITING", "TERMINATING",
    "TERMINATED", "TERMINATED_WITH_ERRORS"};
constexpr std::array kStepStates = {"PENDING",   "CANCEL_PENDING", "RUNNING",
                                    "COMPLETED", "CANCELLED",      "FAILED"};

// 32 bytes that depend on the cluster alone.
std::string seed(const Cluster& cluster) {
  return base::digest(base::Algorithm::kSha256,
                      fmt::format("{}/{}/primary/1", cluster.key.region, cluster.key.id));
}

unsigned byte(const std::string& bytes, size_t i) { return static_cast<unsigned char>(bytes[i]); }

}  // namespace

const char* name_of(State state) { return kStates[static_cast<size_t>(state)]; }
const char* name_of(StepState state) { return kStepStates[static_cast<size_t>(state)]; }

const char* name_of(InstanceState state) {
  switch (state) {
    case InstanceState::kProvisioning:
      return "PROVISIONING";
    case InstanceState::kBootstrapping:
      return "BOOTSTRAPPING";
    case InstanceState::kRunning:
      return "RUNNING";
    case InstanceState::kTerminated:
      return "TERMINATED";
  }
  return "";
}

const char* name_of(GroupState state) {
  switch (state) {
    case GroupState::kProvisioning:
      return "PROVISIONING";
    case GroupState::kBootstrapping:
      return "BOOTSTRAPPING";
    case GroupState::kRunning:
      return "RUNNING";
    case GroupState::kTerminating:
      return "TERMINATING";
    case GroupState::kTerminated:
      return "TERMINATED";
  }
  return "";
}

std::optional<State> state_of(std::string_view name) {
  for (size_t i = 0; i < kStates.size(); ++i) {
    if (name == kStates[i]) return static_cast<State>(i);
  }
  return std::nullopt;
}

std::optional<StepState> step_state_of(std::string_view name) {
  for (size_t i = 0; i < kStepStates.size(); ++i) {
    if (name == kStepStates[i]) return static_cast<StepState>(i);
  }
  return std::nullopt;
}

std::string instance_id(const Cluster& cluster) {
  const std::string bytes = seed(cluster);
  std::string out = "i-0";
  for (size_t i = 0; i < 8; ++i) out += fmt::format("{:02x}", byte(bytes, i));
  return out;
}

std::string cluster_instance_id(const Cluster& cluster) {
  const std::string bytes = seed(cluster);
  std::string out = "ci-";
  for (size_t i = 8; i < 21; ++i)
    out += "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[byte(bytes, i) % 36];
  return out;
}

std::string node_id(const Cluster& cluster) { return cluster.key.id + "/" + instance_id(cluster); }

std::string private_ip(const Cluster& cluster) {
  const std::string bytes = seed(cluster);
  return fmt::format("10.{}.{}.{}", byte(bytes, 21), byte(bytes, 22), 1 + byte(bytes, 23) % 254);
}

std::string private_dns(const Cluster& cluster) {
  std::string name = "ip-" + private_ip(cluster);
  for (char& c : name) c = c == '.' ? '-' : c;
  return name + (cluster.key.region == "us-east-1"
                     ? std::string(".ec2.internal")
                     : fmt::format(".{}.compute.internal", cluster.key.region));
}

// A node of this issue shares the host's network: the name that works from the host is the host's
// own.
std::string public_dns(const Cluster&) { return "localhost"; }

std::string cluster_arn(const Key& key) {
  return fmt::format("arn:aws:elasticmapreduce:{}:{}:cluster/{}", key.region, key.account, key.id);
}

std::string process_of_step(const Step& step) { return step.id; }
std::string process_of_bootstrap(int number) { return fmt::format("bootstrap-{}", number); }

}  // namespace howdah::cluster
