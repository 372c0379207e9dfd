#include "gateways/prometheus/prometheus.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <set>

#include "base/log.h"
#include "base/text.h"

namespace howdah::gateways {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::chrono::minutes kFresh{10};  // what is older is no current value
constexpr size_t kMostSeries = 20000;
const prometheus::Histogram::BucketBoundaries kSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                          0.1,   0.25,   0.5,   1,    2.5,   10};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

ClientMetric gauge(std::vector<ClientMetric::Label> labels, double value) {
  ClientMetric out;
  out.label = std::move(labels);
  out.gauge.value = value;
  return out;
}

bool is_loopback(std::string_view peer) {
  return peer.starts_with("127.") || peer.starts_with("[::1]") || peer.starts_with("::1") ||
         peer.starts_with("[::ffff:127.") || peer.starts_with("::ffff:127.");
}

http::Response text(int status, std::string body) {
  http::Response out;
  out.status = status;
  out.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  out.body = std::move(body);
  return out;
}

// Labels have names that are distinct and not Prometheus' own.
std::vector<ClientMetric::Label> labels_of(const telemetry::Latest& latest) {
  std::map<std::string, std::string> labels{{"region", latest.scope.region}};
  for (const auto& [name, value] : latest.metric.dimensions) labels[prometheus_name(name)] = value;
  std::vector<ClientMetric::Label> out;
  for (auto& [name, value] : labels) out.push_back({name, value});
  return out;
}

std::string identity_of(const std::vector<ClientMetric::Label>& labels) {
  std::string out;
  for (const auto& label : labels) out += label.name + '\0' + label.value + '\0';
  return out;
}

std::vector<MetricFamily> families_of(const std::vector<telemetry::Latest>& all) {
  std::map<std::string, MetricFamily> families;
  std::set<std::pair<std::string, std::string>> seen;  // one metric may have several units
  for (const telemetry::Latest& latest : all) {
    const std::string name = prometheus_name(latest.metric.space, latest.metric.name);
    auto labels = labels_of(latest);
    if (!seen.emplace(name, identity_of(labels)).second) continue;
    MetricFamily& family = families[name];
    family.name = name;
    family.type = MetricType::Gauge;
    family.help = latest.metric.space + " " + latest.metric.name;
    family.metric.push_back(gauge(std::move(labels), latest.point.values.average()));
  }
  std::vector<MetricFamily> out;
  for (auto& [name, family] : families) out.push_back(std::move(family));
  return out;
}

}  // namespace

struct Prometheus::State {
  explicit State(Options options) : o(std::move(options)) {}

  std::vector<MetricFamily> clusters() {
    std::map<std::string, double> states;
    const auto keys = o.store.unfinished();
    if (!keys.ok()) return {};
    for (const auto& key : *keys) {
      if (const auto loaded = o.store.load(key); loaded.ok())
        states[cluster::name_of(loaded->cluster.status.state)] += 1;
    }
    MetricFamily family{
        "howdah_clusters", "Clusters that have not ended, by state", MetricType::Gauge, {}};
    for (const auto& [state, count] : states)
      family.metric.push_back(gauge({{"state", state}}, count));
    return {std::move(family)};
  }

  std::vector<MetricFamily> loops() {
    MetricFamily turns{
        "howdah_reconciliations_total", "Turns of the control loops", MetricType::Counter, {}};
    if (o.reconciliations) {
      for (const auto& [loop, count] : o.reconciliations()) {
        ClientMetric one;
        one.label = {{"loop", loop}};
        one.counter.value = static_cast<double>(count);
        turns.metric.push_back(std::move(one));
      }
    }
    MetricFamily about{"howdah_info", "The server", MetricType::Gauge, {}};
    about.metric.push_back(gauge({{"version", o.version}}, 1));
    return {std::move(turns), std::move(about)};
  }

  Options o;
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("howdah_requests_total")
          .Help("Requests of the AWS APIs, by service, operation and HTTP status")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& latency =
      prometheus::BuildHistogram()
          .Name("howdah_request_seconds")
          .Help("From the request's head to its answer, without the answer's streamed body")
          .Register(registry);
};

Prometheus::Prometheus(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Prometheus::~Prometheus() = default;

bool Prometheus::owns(const http::Request& request) {
  return request.path == "/metrics" && request.method == "GET" &&
         !request.headers.contains("Authorization") &&
         request.query.find("X-Amz-") == std::string::npos;
}

http::Response Prometheus::answer(const http::Request& request) {
  if (!is_loopback(request.peer)) {
    return text(403, "Metrics are answered on this host only: run the collector here.\n");
  }
  auto latest = state_->o.telemetry.latest(state_->o.clock.now() - kFresh, kMostSeries);
  if (!latest.ok()) base::log_warn("metrics", "telemetry is not there: {}", latest.error().message);
  std::vector<MetricFamily> all;
  for (auto part : {latest.ok() ? families_of(*latest) : std::vector<MetricFamily>{},
                    state_->registry.Collect(), state_->clusters(), state_->loops()}) {
    for (MetricFamily& family : part) {
      if (!family.metric.empty()) all.push_back(std::move(family));
    }
  }
  return text(200, prometheus::TextSerializer().Serialize(all));
}

void Prometheus::count(std::string_view service, std::string_view operation, int status,
                       base::Millis duration) {
  const std::string of(service);
  state_->requests
      .Add({{"service", of},
            {"operation", std::string(operation)},
            {"status", std::to_string(status)}})
      .Increment();
  state_->latency.Add({{"service", of}}, kSeconds)
      .Observe(static_cast<double>(duration.count()) / 1000);
}

std::string prometheus_name(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    // a capital begins a word after a small letter or digit, or before a small letter: "MBFree"
    const bool begins = is_upper(c) && i > 0 &&
                        (is_lower(name[i - 1]) || is_digit(name[i - 1]) ||
                         (is_upper(name[i - 1]) && i + 1 < name.size() && is_lower(name[i + 1])));
    if (begins) out += '_';
    out += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : is_lower(c) || is_digit(c) ? c : '_';
  }
  if (out.empty() || is_digit(out[0]) || out.starts_with("__")) out.insert(0, "n_");
  return out;
}

std::string prometheus_name(std::string_view space, std::string_view name) {
  std::string out;
  for (const char c : base::to_lower(space)) out += is_lower(c) || is_digit(c) ? c : '_';
  if (out.empty() || is_digit(out[0]) || out.starts_with("__")) out.insert(0, "n_");
  return out + "_" + prometheus_name(name);
}

}  // namespace howdah::gateways
