#include "serverless/serverless.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/text.h"

namespace howdah::serverless {
namespace {

constexpr std::array kApplicationStates = {"CREATING", "CREATED", "STARTING",  "STARTED",
                                           "STOPPING", "STOPPED", "TERMINATED"};
constexpr std::array kRunStates = {"SUBMITTED", "PENDING",    "SCHEDULED", "RUNNING", "SUCCESS",
                                   "FAILED",    "CANCELLING", "CANCELLED", "QUEUED"};

template <typename Enum, size_t N>
std::optional<Enum> find_name(const std::array<const char*, N>& names, std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (name == names[i]) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

// "4 vCPU" of unit "vCPU": 4. The unit may be left out, and be written in any case.
double amount_of(std::string_view text, std::string_view unit) {
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc() || amount < 0) return 0;
  const std::string_view rest = base::trim(text.substr(static_cast<size_t>(end - text.data())));
  return rest.empty() || base::equals_ignore_case(rest, unit) ? amount : 0;
}

}  // namespace

const char* name_of(ApplicationState state) {
  return kApplicationStates[static_cast<size_t>(state)];
}
const char* name_of(RunState state) { return kRunStates[static_cast<size_t>(state)]; }

std::optional<ApplicationState> application_state_of(std::string_view name) {
  return find_name<ApplicationState>(kApplicationStates, name);
}
std::optional<RunState> run_state_of(std::string_view name) {
  return find_name<RunState>(kRunStates, name);
}

std::string arn_of(const Key& application) {
  return fmt::format("arn:aws:emr-serverless:{}:{}:/applications/{}", application.region,
                     application.account, application.id);
}
std::string arn_of(const Key& application, std::string_view run_id) {
  return fmt::format("{}/jobruns/{}", arn_of(application), run_id);
}

std::string node_of(const Key& application, const JobRun& run, int attempt) {
  return fmt::format("{}/{}-{}", application.id, run.id, attempt);
}
std::string process_of(const JobRun& run, int attempt) {
  return fmt::format("{}/attempt-{}", run.id, attempt);
}

std::string master_process_of(const JobRun& run, int attempt) {
  return process_of(run, attempt) + "-master";
}

std::string worker_process_of(const JobRun& run, int attempt, int executor) {
  return fmt::format("{}-worker-{}", process_of(run, attempt), executor);
}

std::optional<int> executor_of(std::string_view process, const JobRun& run, int attempt) {
  const std::string begin = process_of(run, attempt) + "-worker-";
  if (!process.starts_with(begin)) return std::nullopt;
  int out = 0;
  const char* const last = process.data() + process.size();
  const auto [end, error] = std::from_chars(process.data() + begin.size(), last, out);
  return error == std::errc() && end == last ? std::optional(out) : std::nullopt;
}

double vcpu_of(std::string_view text) { return amount_of(text, "vCPU"); }
double gb_of(std::string_view text) { return amount_of(text, "GB"); }

}  // namespace howdah::serverless
