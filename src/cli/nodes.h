#pragma once

// What the command line shows of a cluster's groups and instances, and what its user was warned of:
// read through the EMR API and our own. Values; the Api is borrowed for the call.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/api.h"

namespace howdah::cli {

/// An instance group or an instance fleet.
struct GroupRow {
  std::string id;
  std::string role;  // "CORE"
  std::string type;  // instance type; of a fleet all that it may use
  std::string state;
  std::string reason;
  int64_t running = 0;
  int64_t wanted = 0;  // instances; of a fleet units, and so is `running`
};

struct NodeRow {
  std::string id;  // "i-…"
  std::string group;
  std::string role;
  std::string type;
  std::string state;
  std::string address;  // what this host connects to; may be empty
  std::string reason;
};

struct NodesView {
  std::vector<GroupRow> groups;       // the primary's first
  std::vector<NodeRow> nodes;         // those that have not ended
  std::vector<std::string> warnings;  // oldest first, each once
};

base::Result<NodesView> look_at_nodes(Api& api, const std::string& cluster_id);

base::JsonObject to_json(const GroupRow& group);
base::JsonObject to_json(const NodeRow& node);

}  // namespace howdah::cli
