#pragma once

// For tests of what control asks inside nodes: a cluster of one primary and two core nodes that
// stand in a FakeProvider. Threads: one.

#include <gtest/gtest.h>

#include "cluster/cluster.h"
#include "nodes/fake/provider.h"

namespace howdah::control {

struct ACluster {
  base::FakeClock clock;
  nodes::FakeProvider nodes{clock};
  cluster::Cluster cluster;

  ACluster() {
    cluster.key = {"000000000000", "us-east-1", "j-3SD91U2E1L2QX"};
    cluster.wanted.applications = {"Hadoop", "Spark"};
    cluster.wanted.release_label = "emr-6.15.0";
    cluster.wanted.log_uri = "s3://logs/emr/";
    cluster::Group master, core;
    master.id = "ig-MASTER";
    core.id = "ig-CORE";
    core.role = cluster::Role::kCore;
    core.count = 2;
    cluster.wanted.groups = {master, core};
    cluster.status.network = "10.64.12.0/22";
    for (int number = 0; number < 3; ++number) {
      cluster::Node node;
      node.number = number;
      node.instance_id = cluster::instance_id(cluster, number);
      node.group_id = number == 0 ? master.id : core.id;
      node.instance_type = "m5.xlarge";
      node.address = cluster::address_in(cluster.status.network, number).value();
      node.state = cluster::InstanceState::kRunning;
      cluster.status.nodes.push_back(node);
      nodes::NodeSpec spec;
      spec.id = id(number);
      EXPECT_TRUE(nodes.ensure(spec).ok());
    }
  }

  std::string id(int number) const { return cluster::node_id(cluster, number); }
  std::string host(int number) const {
    return cluster::private_dns(cluster, cluster.status.nodes[static_cast<size_t>(number)]);
  }
  void write(int number, const std::string& path, std::string text) {
    nodes.write(id(number), path, std::move(text));
  }
};

}  // namespace howdah::control
