// ListReleaseLabels, DescribeReleaseLabel, ListSupportedInstanceTypes: from the tables of apps/.

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "services/emr/emr.h"
#include "services/emr/errors.h"

namespace howdah::services::emr {
namespace {

constexpr int64_t kMostResults = 100;
constexpr size_t kTypesAPage = 100;

// Opaque to callers: where the next page begins.
std::string token_of(size_t offset) { return base::to_base64(fmt::format("howdah/{}", offset)); }

base::Result<size_t> offset_of(std::string_view token) {
  if (token.empty()) return size_t{0};
  const auto text = base::from_base64(token);
  size_t offset = 0;
  if (text && text->starts_with("howdah/")) {
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data() + 7, end, offset);
    if (error == std::errc() && stop == end && token_of(offset) == token) return offset;
  }
  return bad_marker();
}

base::Result<size_t> page_size(std::optional<int64_t> asked) {
  const int64_t size = asked.value_or(kMostResults);
  if (size < 1 || size > kMostResults) {
    return invalid_request(
        fmt::format("MaxResults {} is not valid: it must be from 1 to {}.", size, kMostResults));
  }
  return static_cast<size_t>(size);
}

// "spark@3.5.5", "spark": as the API reference writes the filter.
bool has_application(const apps::Release& release, std::string_view filter) {
  const auto parts = base::split(filter, '@');
  for (const auto& [name, version] : release.applications) {
    if (!base::equals_ignore_case(name, parts[0])) continue;
    if (parts.size() < 2 || parts[1].empty() || version == parts[1]) return true;
    const auto amazons = release.aws_versions.find(name);
    return amazons != release.aws_versions.end() &&
           (amazons->second == parts[1] ||
            amazons->second.starts_with(std::string(parts[1]) + "-amzn-"));
  }
  return false;
}

wire::SupportedInstanceType instance_type_answer(const apps::InstanceType& type) {
  wire::SupportedInstanceType out;
  out.set_type(type.name)
      .set_vcpu(type.vcpu)
      .set_memory_gb(type.memory_gib)
      .set_storage_gb(type.storage_gb)
      .set_number_of_disks(type.disks)
      .set_instance_family_id(type.family)
      .set_architecture(type.architecture)
      .set_is64_bits_only(true)
      .set_ebs_optimized_available(true)
      .set_ebs_optimized_by_default(true)
      .set_ebs_storage_only(type.ebs_only());
  return out;
}

base::Error unknown_label(std::string_view label, const apps::Releases& releases) {
  return invalid_request(
      fmt::format("The supplied release label is invalid: {}. What runs here: {}.", label,
                  base::list_of(releases.runnable_labels())));
}

}  // namespace

base::Result<wire::ListReleaseLabelsOutput> Emr::list_release_labels(
    const aws::Context&, const wire::ListReleaseLabelsInput& input) {
  const size_t size = TRY(page_size(input.max_results()));
  const size_t from = TRY(offset_of(input.next_token().value_or("")));
  const auto filters = input.filters();
  std::vector<std::string> labels;
  for (const apps::Release& release : releases_.all()) {
    if (filters && !release.label.starts_with(filters->prefix().value_or(""))) continue;
    if (filters && filters->application() && !has_application(release, *filters->application()))
      continue;
    labels.push_back(release.label);
  }
  wire::ListReleaseLabelsOutput out;
  const size_t to = std::min(labels.size(), from + size);
  if (to < labels.size()) out.set_next_token(token_of(to));
  labels.erase(labels.begin() + static_cast<long>(to), labels.end());
  labels.erase(labels.begin(), labels.begin() + static_cast<long>(std::min(from, labels.size())));
  out.set_release_labels(labels);
  return out;
}

base::Result<wire::DescribeReleaseLabelOutput> Emr::describe_release_label(
    const aws::Context&, const wire::DescribeReleaseLabelInput& input) {
  const size_t size = TRY(page_size(input.max_results()));
  const size_t from = TRY(offset_of(input.next_token().value_or("")));
  const std::string_view label = input.release_label().value_or("");
  const apps::Release* release = releases_.find(label);
  if (!release) return unknown_label(label, releases_);
  std::vector<wire::SimplifiedApplication> applications;
  const size_t to = std::min(release->applications.size(), from + size);
  for (size_t i = from; i < to; ++i) {
    const auto& [name, version] = release->applications[i];
    wire::SimplifiedApplication application;
    application.set_name(name);
    if (!version.empty()) application.set_version(version);
    applications.push_back(std::move(application));
  }
  std::vector<wire::OSRelease> systems;
  for (const std::string& system : release->os_releases) {
    systems.emplace_back();
    systems.back().set_label(system);
  }
  wire::DescribeReleaseLabelOutput out;
  out.set_release_label(release->label).set_applications(std::move(applications));
  out.set_available_os_releases(std::move(systems));
  if (to < release->applications.size()) out.set_next_token(token_of(to));
  return out;
}

base::Result<wire::ListSupportedInstanceTypesOutput> Emr::list_supported_instance_types(
    const aws::Context&, const wire::ListSupportedInstanceTypesInput& input) {
  if (!releases_.find(input.release_label()))
    return unknown_label(input.release_label(), releases_);
  const size_t from = TRY(offset_of(input.marker().value_or("")));
  const auto& types = instance_types_.all();
  const size_t to = std::min(types.size(), from + kTypesAPage);
  std::vector<wire::SupportedInstanceType> found;
  for (size_t i = from; i < to; ++i) found.push_back(instance_type_answer(types[i]));
  wire::ListSupportedInstanceTypesOutput out;
  out.set_supported_instance_types(std::move(found));
  if (to < types.size()) out.set_marker(token_of(to));
  return out;
}

}  // namespace howdah::services::emr
