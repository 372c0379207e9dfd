#pragma once

// EbsConfiguration: what a request says of an instance's volumes, checked, and as it is read back.
// A volume becomes a file system of that size below /mnt; type, IOPS and throughput are echoed.
// Limits: EMR API reference, VolumeSpecification. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/emr/types.h"
#include "base/result.h"

namespace howdah::services::emr {

/// The sizes in GiB of the volumes of one instance, in order. ValidationException.
base::Result<std::vector<uint64_t>> volumes_of(
    const std::optional<aws::emr::EbsConfiguration>& ebs);

/// EbsBlockDevices of InstanceGroup and InstanceTypeSpecification: one entry a volume. `config` is
/// an InstanceGroupConfig or an InstanceTypeConfig as it was received.
base::JsonArray block_devices(const base::JsonObject& config);

/// EbsVolumes of an Instance: the same devices, with ids that depend on the instance alone.
base::JsonArray volumes_answer(std::string_view instance_id, size_t count);

/// "/dev/sdc" for 0: EMR begins behind the root volume and the one that it adds itself.
std::string device_name(size_t index);

}  // namespace howdah::services::emr
