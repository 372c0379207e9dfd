#pragma once

// The authenticated reverse proxy in front of the web interfaces of clusters. Ownership: borrows
// store, nodes and clock. Threads: answer() is called concurrently, and blocks while a node
// answers. Failure: 401 without a token, naming `howdah ui`; 404 for what there is not; 502 when a
// node does not answer, with which and where.

#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "cluster/cluster.h"
#include "gateways/ui/interfaces.h"
#include "gateways/ui/link.h"
#include "gateways/ui/rewrite.h"
#include "http/message.h"
#include "nodes/provider.h"
#include "store/control/control_store.h"

namespace howdah::gateways {

class Ui {
 public:
  struct Options {
    store::ControlStore& store;
    nodes::Provider& nodes;
    base::Clock& clock;
    std::string secret;  // of this installation
    std::string account;
  };
  explicit Ui(Options options) : o_(std::move(options)) {}

  /// True for requests that answer() serves. Our own API has POST /_howdah/ui/<cluster> itself.
  static bool owns(const http::Request& request);
  http::Response answer(http::Request& request);

  struct Link {
    std::string path;  // with the token; behind "http://localhost:4566"
    base::Time until{};
    Interface interface;  // empty app: the list of all
  };
  /// A link for an hour to an interface of the cluster ("yarn"), or to the list of them ("").
  /// kNotFound: no such cluster; kInvalidArgument: no such name; kFailedPrecondition: the cluster
  /// has ended or does not have it.
  base::Result<Link> link(const cluster::Key& key, std::string_view app);
  /// {"Url":path,"Expires":…,"Uis":[{"App","Title","Node","Port","Url","Answers"}]}; asks the
  /// primary node's ports whether they answer, a quarter of a second each at most.
  base::Result<base::JsonObject> describe(const cluster::Key& key, std::string_view app);

 private:
  http::Response proxy(http::Request& request, const UiPath& path, const UiGrant& grant);
  http::Response pass(http::Request& request, const UiPath& path, const store::ClusterRow& row,
                      const cluster::Node& node);
  http::Response list(const store::ClusterRow& row);
  bool answers(const store::ClusterRow& row, const Interface& interface);
  /// The port of the first live Spark interface that answers; the first of all when none does.
  uint16_t live_spark(const store::ClusterRow& row, const cluster::Node& node);
  Rewriting rewriting(const UiPath& path, const store::ClusterRow& row);

  Options o_;
};

}  // namespace howdah::gateways
