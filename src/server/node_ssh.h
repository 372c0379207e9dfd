#pragma once

// sshd inside the primary node of a cluster, where the host has the program: `aws emr ssh`, put,
// get and socks reach hadoop@<MasterPublicDnsName>:22. It is a supervised process of the node and
// ends with it; which keys it lets in it asks of instance metadata. Threads: any.

#include "cluster/cluster.h"
#include "nodes/provider.h"

namespace howdah::server {

/// Idempotent. Nothing to do for other nodes than the primary, for one on the host's network, and
/// where sshd is not installed.
base::Status start_ssh(nodes::Provider& nodes, const cluster::Cluster& cluster,
                       const cluster::Node& node);

}  // namespace howdah::server
