#pragma once

// EC2 instance types that EMR can be asked for, from apps/instance_types.json: what a size of a
// family has follows from its xlarge (4 vCPU, `memory_gib`, `usd_per_hour`). Source: AWS "Supported
// instance types" and EC2's on-demand list prices of us-east-1. Values, read once. Threads: const
// after loading.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace howdah::apps {

struct InstanceType {
  std::string name;          // "m5.xlarge"
  std::string family;        // "m5"
  std::string architecture;  // "X86_64" or "AARCH64", as ListSupportedInstanceTypes spells them
  int vcpu = 0;
  double memory_gib = 0;
  int normalization_factor = 0;  // of NormalizedInstanceHours: 8 for an xlarge
  int disks = 0;                 // of its own; 0: EBS only
  int storage_gb = 0;            // of all of them together
  double ec2_usd_per_hour = 0;
  double emr_usd_per_hour = 0;  // what EMR adds: a quarter of EC2's price for these families

  uint64_t memory_mib() const { return static_cast<uint64_t>(memory_gib * 1024); }
  bool ebs_only() const { return disks == 0; }
};

class InstanceTypes {
 public:
  /// kInvalidArgument naming file and family when the table is broken.
  static base::Result<InstanceTypes> load(const std::filesystem::path& apps_folder);
  const InstanceType* find(std::string_view name) const;         // nullptr when unknown
  const std::vector<InstanceType>& all() const { return all_; }  // by family, then by size

 private:
  std::vector<InstanceType> all_;
};

}  // namespace howdah::apps
