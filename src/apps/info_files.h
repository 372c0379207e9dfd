#pragma once

// /mnt/var/lib/info: instance.json, job-flow.json, extraInstanceData.json, in the spelling that
// scripts grep for. Source: EMR, "View configured instances and bootstrap scripts". Pure.

#include <string>
#include <vector>

#include "apps/node_view.h"

namespace howdah::apps {

/// `has_hadoop`: instance.json says which of Hadoop's daemons the node's role has.
std::vector<File> info_files(const NodeFacts& facts, const std::string& hadoop_version,
                             bool has_hadoop);

}  // namespace howdah::apps
