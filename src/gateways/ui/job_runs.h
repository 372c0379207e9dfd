#pragma once

// The dashboards of job runs (GetDashboardForJobRun): below
// "/_howdah/ui/<application>/<run>/<attempt>/" the live Spark UI of the driver while the attempt
// runs, Spark's history server over its event log afterwards, and its logs, "logs/SPARK_DRIVER/
// stdout.gz". The logs are at "/logs/SPARK_DRIVER/stdout.gz?authToken=…" too: Airflow's
// EmrServerlessLogsLink changes nothing but the path of the link (provider 9.2, links/emr.py).
// Ownership: borrows store, nodes and clock. Threads: answer() is called concurrently, and blocks
// while an interface answers. Failure: 401 without a token; 404 for what there is not; 502 when an
// interface breaks off; a page that asks again while one starts.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "gateways/ui/rewrite.h"
#include "http/message.h"
#include "nodes/provider.h"
#include "serverless/serverless.h"
#include "store/control/serverless_store.h"

namespace howdah::gateways {

inline constexpr std::string_view kRunParameter = "authToken";

/// A path of a dashboard, taken apart.
struct RunPath {
  std::string application, run;
  int attempt = 1;
  std::string rest;    // "" or begins with '/'
  std::string prefix;  // "/_howdah/ui/00…/00…/1"
  bool operator==(const RunPath&) const = default;
};
/// nullopt for what is not of this form.
std::optional<RunPath> parse_run_path(std::string_view path);

/// True for the name of a log below an attempt's folder: "SPARK_DRIVER/stdout.gz",
/// "SPARK_EXECUTOR/1/stderr.gz". Nothing that leaves the folder, no event logs.
bool is_log_name(std::string_view name);

class JobRuns {
 public:
  struct History {
    std::string node;
    uint16_t port = 0;
    bool late = false;  // it should have answered long since
  };
  struct Options {
    store::ServerlessStore& store;
    nodes::Provider& nodes;
    base::Clock& clock;
    std::string secret;  // of this installation
    std::string account;
    /// Where the managed store keeps what an attempt wrote.
    std::function<std::filesystem::path(const serverless::Key&, const std::string& run,
                                        int attempt)>
        folder;
    /// The history server of an attempt that is over, started when there is none. kNotFound: no
    /// event log is kept.
    std::function<base::Result<History>(const serverless::Key&, const std::string& run, int attempt,
                                        const std::string& release_label)>
        history;
  };
  explicit JobRuns(Options options) : o_(std::move(options)) {}

  /// True for requests that answer() serves. A path below /logs is a bucket's, unless the query has
  /// the parameter of our links and nobody signed.
  static bool owns(const http::Request& request);
  /// True for a request that comes with a link's token: it may come from another site's page.
  static bool is_link(const http::Request& request);
  http::Response answer(http::Request& request);

  /// The path of a link for an hour, with its token; goes behind the endpoint.
  std::string link(const serverless::Key& application, const std::string& run, int attempt) const;

 private:
  struct Seen;  // an attempt, as the store has it

  http::Response log_by_token(const http::Request& request, const std::string& token);
  http::Response serve(http::Request& request, const RunPath& path, const std::string& region);
  http::Response log(const http::Request& request, const serverless::Key& key, const RunPath& path,
                     std::string_view name);
  http::Response live(http::Request& request, const RunPath& path, const Seen& seen);
  http::Response history(http::Request& request, const RunPath& path, const Seen& seen);
  http::Response application_page(const RunPath& path, const Seen& seen, const History& at,
                                  base::Fd socket);
  http::Response page(int status, const RunPath& path, const Seen& seen, std::string note,
                      int refresh);

  Options o_;
};

}  // namespace howdah::gateways
