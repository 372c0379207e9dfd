#include "server/server.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "apps/instance_types.h"
#include "apps/prices.h"
#include "apps/releases.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "control/clusters/daemons.h"
#include "control/clusters/engines.h"
#include "control/clusters/hadoop.h"
#include "control/clusters/node_logs.h"
#include "control/clusters/reconciler.h"
#include "control/meters/meters.h"
#include "control/meters/serverless_meters.h"
#include "gateways/metadata/metadata.h"
#include "gateways/prometheus/prometheus.h"
#include "gateways/ui/job_runs.h"
#include "gateways/ui/ui.h"
#include "http/server.h"
#include "nodes/local/provider.h"
#include "objects/s3_store.h"
#include "os/file.h"
#include "os/layout.h"
#include "os/lock.h"
#include "server/app.h"
#include "server/attached_nodes.h"
#include "server/node_listeners.h"
#include "server/node_ssh.h"
#include "server/serverless_control.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/emr/emr.h"
#include "services/emr_serverless/emr_serverless.h"
#include "services/howdah/cost.h"
#include "services/iam/iam.h"
#include "services/logs/logs.h"
#include "services/s3/service.h"
#include "services/sts/sts.h"
#include "telemetry/telemetry.h"

namespace howdah::server {
namespace {

using base::Result;
using base::Status;

constexpr const char* kAccount = "000000000000";
constexpr double kOversubscription = 8;
constexpr int kControlWorkers = 4;
constexpr int kNodesAtOnce = 4;
constexpr base::Millis kClusterLogs{60000};  // how often running logs go up
// Inside nodes with a network of their own, whatever the port is outside.
constexpr const char* kEndpointInside = "http://localhost:4566";

// Where apps/ and runtime/ lie: beside the sources that this binary was built from, or
// HOWDAH_SHARE.
std::filesystem::path share() {
  const char* given = ::getenv("HOWDAH_SHARE");
  return given ? given : HOWDAH_SHARE;
}

bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host == "::1" || host == "localhost";
}

/// 32 random bytes of this installation, as hexadecimal; made once, mode 0600.
Result<std::string> installation_secret(const std::filesystem::path& file, base::Ids& ids) {
  TRY(os::create_file_once(file, ids.token(base::kHexDigits, 64), 0600, os::Durability::kPower));
  return os::read_file(file);
}

// Whoever asks first ends the server; a signal or our own API.
class Ending {
 public:
  Ending() {
    sigset_t set;
    sigemptyset(&set);
    for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);  // before any thread: all inherit it
    set_ = set;
  }
  void ask(bool drain) {
    drain_ = drain_ || drain;
    ::kill(::getpid(), SIGTERM);
  }
  /// Waits; true: the nodes end too.
  bool wait() {
    int signal = 0;
    sigwait(&set_, &signal);
    return drain_;
  }

 private:
  sigset_t set_;
  std::atomic<bool> drain_{false};
};

struct Server {
  const cli::ServeOptions options;
  os::Layout layout;
  base::SystemClock clock;
  base::RandomIds ids;
  Ending ending;

  std::string secret;
  std::string endpoint;
  std::string host_endpoint;  // as a node reaches it that shares the host's network
  std::optional<apps::Releases> releases;
  std::optional<apps::InstanceTypes> types;
  std::optional<apps::Prices> prices;
  std::unique_ptr<store::ControlStore> control;
  std::unique_ptr<store::ServerlessStore> serverless;
  std::unique_ptr<store::iam::Iam> iam;
  std::unique_ptr<store::iam::SshKeys> ssh_keys;
  std::unique_ptr<objects::S3Store> objects;
  std::unique_ptr<telemetry::Telemetry> telemetry;
  std::unique_ptr<nodes::Provider> nodes;
  std::unique_ptr<control::Engines> engines;
  std::unique_ptr<control::Host> host;
  std::unique_ptr<control::Capacity> capacity;
  std::unique_ptr<control::Daemons> daemons;
  std::unique_ptr<control::Hadoop> hadoop;
  std::unique_ptr<control::NodeLogs> node_logs;
  std::unique_ptr<control::Reconciler> reconciler;
  std::unique_ptr<control::Loop> loop;
  std::atomic<const control::Loop*> started_loop{nullptr};  // requests come before it has started
  std::unique_ptr<control::ServerlessMeters> serverless_meters;
  std::unique_ptr<control::Meters> meters;
  std::unique_ptr<ServerlessControl> serverless_control;
  std::unique_ptr<services::CostReport> cost;
  std::unique_ptr<services::Howdah> howdah;
  std::unique_ptr<services::s3::S3Service> s3;
  std::unique_ptr<services::iam::Iam> iam_api;
  std::unique_ptr<services::sts::Sts> sts;
  std::unique_ptr<services::emr::Emr> emr;
  std::unique_ptr<services::emr_serverless::EmrServerless> emr_serverless;
  std::unique_ptr<services::cloudwatch::CloudWatch> cloudwatch;
  std::unique_ptr<services::logs::Logs> logs;
  std::unique_ptr<gateways::Ui> ui;
  std::unique_ptr<gateways::JobRuns> job_runs;
  std::unique_ptr<gateways::Metadata> metadata;
  std::unique_ptr<gateways::Prometheus> prometheus;
  std::unique_ptr<App> app;
  std::unique_ptr<http::Server> http;
  std::unique_ptr<NodeListeners> listeners;

  explicit Server(const cli::ServeOptions& o) : options(o), layout(o.data_dir) {}

  Status open_stores() {
    secret = TRY(installation_secret(layout.data() / "secret", ids));
    releases = TRY(apps::Releases::load(share() / "apps"));
    types = TRY(apps::InstanceTypes::load(share() / "apps"));
    prices = TRY(apps::Prices::load(share() / "apps"));
    control = TRY(store::ControlStore::open(layout.control_db(), clock));
    serverless = TRY(store::ServerlessStore::open(layout.serverless_db(), clock));
    iam = TRY(store::iam::Iam::open(layout.iam_db(), clock, ids));
    ssh_keys = std::make_unique<store::iam::SshKeys>(layout.data() / "ssh");
    objects::S3Store::Options s3_options;
    s3_options.folder = layout.data();
    s3_options.clock = &clock;
    s3_options.ids = &ids;
    objects = TRY(objects::S3Store::open(s3_options));
    telemetry = TRY(telemetry::Telemetry::open(layout.telemetry_db(), clock));
    nodes::LocalOptions local;
    local.data = layout.data();
    local.installation = TRY(layout.installation_id(ids));
    nodes = attached_nodes(nodes::make_local_provider(local), [this](const std::string& node_id) {
      if (listeners) listeners->detach(node_id);
    });
    return base::ok();
  }

  Status make_keys() {
    const store::iam::RootKey key = TRY(iam->root_key(is_loopback(options.host)));
    if (!is_loopback(options.host) && !key.secret.empty()) {
      std::fprintf(stderr,
                   "This server listens beyond loopback, so test/test does not work. The root key, "
                   "shown once:\n"
                   "  AWS_ACCESS_KEY_ID=%s\n  AWS_SECRET_ACCESS_KEY=%s\n",
                   key.access_key_id.c_str(), key.secret.c_str());
    }
    return base::ok();
  }

  void make_services() {
    cost = std::make_unique<services::CostReport>(
        services::CostReport::Options{*control, *serverless, *types, *prices, clock, kAccount});
    howdah = std::make_unique<services::Howdah>(services::Howdah::Options{
        *control, *serverless, *iam, *nodes, clock, secret, HOWDAH_VERSION, kAccount,
        [this](bool drain) { ending.ask(drain); }, ssh_keys.get(),
        [this](const cluster::Key& key, std::string_view app) { return ui->describe(key, app); },
        [this](const std::string& region, const std::string& id, const std::string& tag) {
          return cost->report(region, id, tag);
        },
        [this](const serverless::Key& key, const std::string& run, int attempt) {
          constexpr const char* kDriver = "SPARK_DRIVER";
          return services::RunLog::Places{control::run_log_folder(run, attempt) + "/" + kDriver,
                                          kept_logs(key, run, attempt) / kDriver};
        }});
    ui = std::make_unique<gateways::Ui>(
        gateways::Ui::Options{*control, *nodes, clock, secret, kAccount});
    make_job_runs();
    metadata = std::make_unique<gateways::Metadata>(
        gateways::Metadata::Options{*control, *iam, clock, ids, secret, *ssh_keys});
    prometheus = std::make_unique<gateways::Prometheus>(gateways::Prometheus::Options{
        *telemetry, *control, clock, HOWDAH_VERSION, [this] { return reconciliations(); }});
    s3 = std::make_unique<services::s3::S3Service>(*objects);
    iam_api = std::make_unique<services::iam::Iam>(*iam);
    sts = std::make_unique<services::sts::Sts>(*iam);
    emr = std::make_unique<services::emr::Emr>(*control, *iam, *releases, *types, ids, clock);
    cloudwatch = std::make_unique<services::cloudwatch::CloudWatch>(*telemetry, clock);
    logs = std::make_unique<services::logs::Logs>(*telemetry, clock);
    emr_serverless = std::make_unique<services::emr_serverless::EmrServerless>(
        services::emr_serverless::EmrServerless::Options{
            *serverless, *iam, *releases, ids,
            [this](const serverless::Key& key, const std::string& run, int attempt) {
              return Result<std::string>(endpoint + job_runs->link(key, run, attempt));
            }});
    app = std::make_unique<App>(
        App::Options{kAccount,
                     *iam,
                     *howdah,
                     clock,
                     ids,
                     {},
                     [this](http::Request& request) {
                       return gateways::JobRuns::owns(request) ? job_runs->answer(request)
                                                               : ui->answer(request);
                     },
                     [](const http::Request& request) {
                       return gateways::JobRuns::owns(request) || gateways::Ui::owns(request);
                     },
                     [this](http::Request& request) { return prometheus->answer(request); },
                     &gateways::Prometheus::owns,
                     [this](std::string_view service, std::string_view operation, int status,
                            base::Millis duration) {
                       prometheus->count(service, operation, status, duration);
                     },
                     &gateways::JobRuns::is_link},
        std::vector<aws::ServiceApi*>{s3.get(), iam_api.get(), sts.get(), emr.get(),
                                      emr_serverless.get(), cloudwatch.get(), logs.get()});
  }

  std::filesystem::path kept_logs(const serverless::Key& key, const std::string& run,
                                  int attempt) const {
    return control::managed_folder(ServerlessControl::managed_logs(layout.data()), key, run,
                                   attempt);
  }

  void make_job_runs() {
    job_runs = std::make_unique<gateways::JobRuns>(gateways::JobRuns::Options{
        *serverless, *nodes, clock, secret, kAccount,
        [this](const serverless::Key& key, const std::string& run, int attempt) {
          return kept_logs(key, run, attempt);
        },
        [this](const serverless::Key& key, const std::string& run, int attempt,
               const std::string& label) -> Result<gateways::JobRuns::History> {
          const auto at = TRY(serverless_control->history(key, run, attempt, label));
          return gateways::JobRuns::History{at.node, at.port, at.late};
        }});
  }

  Status listen() {
    http::ServerOptions http_options;
    http_options.address = options.host;
    http_options.port = options.port;
    http =
        TRY(http::Server::start(http_options, [this](http::Request& r) { return app->handle(r); }));
    endpoint = fmt::format("http://{}:{}", is_loopback(options.host) ? "localhost" : options.host,
                           http->port());
    listeners = std::make_unique<NodeListeners>(
        NodeListeners::Options{[this](const std::string& id, const std::string& at, uint16_t port) {
                                 return nodes->listen_inside(id, at, port);
                               },
                               *http,
                               [this](http::Request& request, const NodeOrigin& origin) {
                                 return app->handle_from_node(request, origin.key);
                               },
                               [this](http::Request& request, const NodeOrigin& origin) {
                                 return metadata->answer(request, origin.key, origin.number);
                               }});
    return base::ok();
  }

  /// Where the credentials of the role of `subject` ("node" or a step) are, for the AWS SDKs.
  std::vector<std::pair<std::string, std::string>> credentials(const cluster::Cluster& cluster,
                                                               const std::string& subject) {
    return credentials_at(cluster.status.network.empty() ? host_endpoint : kEndpointInside,
                          services::credentials_path(cluster.key, subject));
  }

  std::vector<std::pair<std::string, std::string>> credentials_at(const std::string& server,
                                                                  const std::string& path) {
    return {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server + path},
            {"AWS_CONTAINER_AUTHORIZATION_TOKEN", services::credentials_token(secret, path)}};
  }

  Status attach(const cluster::Cluster& cluster, const cluster::Node& node) {
    TRY(listeners->attach(cluster, node));
    // Nobody waits for it, and a node is no worse without.
    if (const Status ssh = start_ssh(*nodes, cluster, node); !ssh.ok()) {
      base::log_warn("server", "no ssh to node {} of {}: {}", node.instance_id, cluster.key.id,
                     ssh.error().message);
    }
    return base::ok();
  }

  static bool keeps_warm() {
    const char* warm = ::getenv("HOWDAH_WARM");
    return warm == nullptr || std::string_view(warm) != "off";
  }

  Status start_control() {
    control::EnginesOptions engine_options;
    engine_options.data = layout.data();
    engine_options.engines = options.engines_dir;
    engine_options.apps = share() / "apps";
    engine_options.runtime = share() / "runtime" / "node";
    engine_options.installation = TRY(layout.installation_id(ids));
    engine_options.endpoint = fmt::format("http://localhost:{}", http->port());
    host_endpoint = engine_options.endpoint;
    engine_options.credentials = [this](const cluster::Cluster& cluster) {
      return credentials(cluster, "node");
    };
    engines = TRY(control::make_engines(std::move(engine_options), *releases, *types));
    host = control::make_local_host(*types);
    capacity = std::make_unique<control::Capacity>(*host, kOversubscription);
    daemons = control::make_local_daemons(*nodes, clock);
    hadoop = control::make_local_hadoop(*nodes, *engines, clock);
    node_logs = std::make_unique<control::NodeLogs>(*objects, *nodes, clock);
    control::World world{*control,
                         *nodes,
                         *objects,
                         *engines,
                         *capacity,
                         clock,
                         [this](const cluster::Cluster& cluster, const cluster::Step* step) {
                           return credentials(cluster, step ? step->id : "node");
                         }};
    world.warm = keeps_warm();
    world.daemons = daemons.get();
    world.hadoop = hadoop.get();
    world.attach = [this](const cluster::Cluster& cluster, const cluster::Node& node) {
      return attach(cluster, node);
    };
    world.ship_node_logs = [this](const cluster::Cluster& cluster, const cluster::Node& node,
                                  bool last) { return node_logs->ship(cluster, node, last); };
    world.ship_step_containers = [this](const cluster::Cluster& cluster,
                                        const cluster::Step& step) {
      return node_logs->ship_containers(cluster, step);
    };
    reconciler = std::make_unique<control::Reconciler>(std::move(world));
    reconciler->set_parallel(kNodesAtOnce);
    loop = std::make_unique<control::Loop>(*reconciler, *nodes, clock, kClusterLogs);
    TRY(start_serverless());
    loop->nodes_changed = [this] { serverless_control->look_at_nodes(); };
    TRY(loop->start(kControlWorkers));
    started_loop = loop.get();
    start_meters();
    return base::ok();
  }

  std::vector<std::pair<std::string, uint64_t>> reconciliations() const {
    const control::Loop* started = started_loop;
    if (started == nullptr) return {};
    return {{"clusters", started->turns()}};
  }

  void start_meters() {
    meters = std::make_unique<control::Meters>(control::Meters::Options{
        *control, *telemetry, clock,
        [this](const cluster::Cluster& cluster) {
          const auto all = control::applications_of(*releases, cluster);
          return std::find(all.begin(), all.end(), "Hadoop") != all.end();
        },
        [this](const cluster::Cluster& cluster, uint16_t port, const std::string& target) {
          return control::ask_primary(*nodes, clock, cluster, port, target);
        }});
    serverless_meters = std::make_unique<control::ServerlessMeters>(
        *serverless, *telemetry, *nodes, clock,
        [this](const serverless::Key& key) { return serverless_control->standby(key); });
    meters->add([this](base::Time now) { return serverless_meters->measure(now); });
    meters->start();
  }

  // What runs printed, as events of a log stream: a line each.
  Status put_lines(const control::LogLines& lines) {
    std::vector<telemetry::LogEvent> events;
    const base::Time now = clock.now();
    std::string_view left = lines.text;
    while (!left.empty()) {
      const size_t end = std::min(left.find('\n'), left.size());
      if (end > 0) events.push_back({now, std::string(left.substr(0, end))});
      left.remove_prefix(std::min(end + 1, left.size()));
    }
    if (events.empty()) return base::ok();
    return telemetry->put_log_events({lines.application.account, lines.application.region},
                                     lines.group, lines.stream, events, telemetry::Missing::kMake);
  }

  Status start_serverless() {
    ServerlessControl::Options o{
        *serverless,
        *objects,
        *nodes,
        *releases,
        *host,
        clock,
        ids,
        layout.data(),
        options.engines_dir,
        share(),
        TRY(layout.installation_id(ids)),
        host_endpoint,
        keeps_warm(),
        [this](const serverless::Key& key, const std::string& run) {
          return credentials_at(host_endpoint, services::credentials_path(key, run));
        },
        [this](const control::LogLines& lines) { return put_lines(lines); }};
    serverless_control = TRY(ServerlessControl::start(std::move(o)));
    return base::ok();
  }

  Status announce() {
    const base::JsonObject about{{"endpoint", endpoint},
                                 {"pid", ::getpid()},
                                 {"version", HOWDAH_VERSION},
                                 {"started", base::to_iso8601(clock.now())}};
    TRY(os::write_file(layout.server_json(), base::to_text(about), 0644, os::Durability::kProcess));
    std::printf("%s\n", endpoint.c_str());
    std::fflush(stdout);
    return base::ok();
  }

  void stop(bool drain) {
    meters->stop();
    loop->stop();
    serverless_control->stop();
    control->changes().close();  // held answers end now
    serverless->changes().close();
    http->stop(base::Millis(2000));
    if (drain) {
      if (const Status drained = reconciler->drain(); !drained.ok()) {
        base::log_error("server", "not every node ended: {}", drained.error().message);
      }
      if (const Status drained = serverless_control->drain(); !drained.ok())
        base::log_error("server", "not every job run ended: {}", drained.error().message);
    }
    std::error_code gone;
    std::filesystem::remove(layout.server_json(), gone);
  }
};

Status run(Server& server) {
  TRY(server.layout.prepare());
  const os::Lock lock = TRY(os::Lock::take(server.layout.lock()));
  TRY(server.open_stores());
  TRY(server.make_keys());
  server.make_services();
  TRY(server.listen());
  TRY(server.start_control());
  TRY(server.announce());
  base::log_info("server", "listening on {}, data in {}", server.endpoint,
                 server.layout.data().string());
  const bool drain = server.ending.wait();
  base::log_info("server", "stopping{}",
                 drain ? ", with all nodes" : "; nodes and their jobs go on");
  server.stop(drain);
  return base::ok();
}

}  // namespace

int serve(const cli::ServeOptions& options) {
  base::set_log_level(options.log_level);
  const auto server = std::make_unique<Server>(options);
  const Status done = run(*server);
  if (done.ok()) return 0;
  std::fprintf(stderr, "howdah serve: %s\n", done.error().message.c_str());
  return done.error().code == base::Code::kPermissionDenied ? 4 : 1;
}

}  // namespace howdah::server
