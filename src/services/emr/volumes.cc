#include "services/emr/volumes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "services/emr/errors.h"

namespace howdah::services::emr {
namespace {

namespace wire = aws::emr;

constexpr size_t kMostVolumes = 25;  // Management Guide, "Instance storage options"
constexpr int64_t kMostGib = 1024;
constexpr int64_t kLeastGibOptimized = 10;

struct VolumeType {
  const char* name;
  int64_t least_iops = 0, most_iops = 0;  // 0: it takes none
  bool needs_iops = false;
};
constexpr VolumeType kTypes[] = {
    {"gp3", 3000, 16000}, {"gp2"}, {"io1", 100, 20000, true}, {"st1"}, {"sc1"}, {"standard"}};

base::Status check_iops(const wire::VolumeSpecification& volume, const VolumeType& type) {
  const auto iops = volume.iops();
  if (!iops) {
    if (type.needs_iops) return validation("IOPS setting is required for volume type.");
    return base::ok();
  }
  if (type.most_iops == 0) return validation("IOPS setting is not supported for volume type");
  if (*iops < type.least_iops)
    return validation(fmt::format("The iops is less than minimum value({}).", type.least_iops));
  if (*iops > type.most_iops)
    return validation(fmt::format("The iops is more than maximum value({}).", type.most_iops));
  return base::ok();
}

base::Status check_volume(const wire::VolumeSpecification& volume, bool optimized) {
  const auto type = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const VolumeType& t) {
    return volume.volume_type() == t.name;
  });
  if (type == std::end(kTypes)) {
    std::vector<std::string> names;
    for (const VolumeType& known : kTypes) names.emplace_back(known.name);
    return validation(
        fmt::format("The volume type '{}' is not valid. Volume types supported are {}.",
                    volume.volume_type(), base::list_of(names)));
  }
  const int64_t least = optimized ? kLeastGibOptimized : 1;
  if (volume.size_in_gb() < least || volume.size_in_gb() > kMostGib) {
    return validation(fmt::format("The volume size {} is not valid: it must be from {} to {} GiB.",
                                  volume.size_in_gb(), least, kMostGib));
  }
  TRY(check_iops(volume, *type));
  if (const auto throughput = volume.throughput()) {
    if (volume.volume_type() != "gp3")
      return validation("Throughput setting is not supported for volume type");
    if (*throughput < 125 || *throughput > 1000) {
      return validation(fmt::format(
          "The throughput {} is not valid: it must be from 125 to 1000 MiB/s.", *throughput));
    }
  }
  return base::ok();
}

}  // namespace

base::Result<std::vector<uint64_t>> volumes_of(const std::optional<wire::EbsConfiguration>& ebs) {
  std::vector<uint64_t> out;
  if (!ebs) return out;
  for (const wire::EbsBlockDeviceConfig& device : ebs->ebs_block_device_configs()) {
    const wire::VolumeSpecification volume = device.volume_specification();
    TRY(check_volume(volume, ebs->ebs_optimized().value_or(false)));
    const int64_t count = device.volumes_per_instance().value_or(1);
    if (count < 1) {
      return validation(
          fmt::format("VolumesPerInstance {} is not valid: it must be at least 1.", count));
    }
    if (count > static_cast<int64_t>(kMostVolumes) ||
        out.size() + static_cast<size_t>(count) > kMostVolumes) {
      return validation(fmt::format(
          "The number of EBS volumes of an instance exceeds the maximum of {}.", kMostVolumes));
    }
    out.insert(out.end(), static_cast<size_t>(count), static_cast<uint64_t>(volume.size_in_gb()));
  }
  return out;
}

std::string device_name(size_t index) {
  constexpr size_t kLetters = 24;  // c to z
  if (index < kLetters) return fmt::format("/dev/sd{}", static_cast<char>('c' + index));
  return fmt::format("/dev/sda{}", static_cast<char>('a' + (index - kLetters)));
}

base::JsonArray block_devices(const base::JsonObject& config) {
  base::JsonArray out;
  const base::JsonObject* ebs = base::find_object(config, "EbsConfiguration");
  const base::JsonArray* devices = ebs ? base::find_array(*ebs, "EbsBlockDeviceConfigs") : nullptr;
  if (!devices) return out;
  for (const base::Json& item : *devices) {
    const base::JsonObject* device = item.if_object();
    const base::JsonObject* volume =
        device ? base::find_object(*device, "VolumeSpecification") : nullptr;
    if (!volume) continue;
    const int64_t count = base::int_at(*device, "VolumesPerInstance", 1);
    for (int64_t n = 0; n < count && out.size() < kMostVolumes; ++n) {
      out.push_back(
          base::JsonObject{{"VolumeSpecification", *volume}, {"Device", device_name(out.size())}});
    }
  }
  return out;
}

base::JsonArray volumes_answer(std::string_view instance_id, size_t count) {
  base::JsonArray out;
  for (size_t i = 0; i < count; ++i) {
    const std::string bytes =
        base::digest(base::Algorithm::kSha256, fmt::format("{}/volume/{}", instance_id, i));
    out.push_back(base::JsonObject{{"Device", device_name(i)},
                                   {"VolumeId", "vol-0" + base::to_hex(bytes.substr(0, 8))}});
  }
  return out;
}

}  // namespace howdah::services::emr
