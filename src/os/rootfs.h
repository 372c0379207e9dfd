#pragma once

// Builds a container's root from the steps of its spec, in the inside half of container_shim.cc:
// user namespace root (or its only user), own mount namespace, host still visible at "/".
// Ownership: the builder owns descriptors until pivot(). Single-threaded. Errors name step and
// call.

#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "os/container.h"
#include "os/mounting.h"

namespace howdah::os {

/// A host path opened for a step: a detached mount, or a file for kCopy.
struct Source {
  base::Fd fd;
  bool ids_mapped = false;  // its owners are the container's
  bool whole = false;  // with mounts below it that cannot be parted from it: no overlay's lower
};
inline constexpr int kFsSource = -1;  // the spec's fs folder; steps are numbered from 0

class RootBuilder {
 public:
  /// `sources`: what the outside half has opened; the rest is opened here, by path.
  RootBuilder(const ContainerSpec& spec, std::map<int, Source> sources)
      : spec_(spec), sources_(std::move(sources)) {}

  base::Status build();
  /// The new root becomes "/", the host's disappears.
  base::Status pivot();
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  base::Status open_sources();
  base::Status make_root();
  base::Status apply(int number, const BuildStep& step);
  base::Status overlay(int number, const BuildStep& step);
  base::Result<std::string> make_skeleton(const BuildStep& step, const std::string& lower,
                                          bool ids_mapped);
  base::Status mount_overlay(const BuildStep& step, const std::string& lowers,
                             const std::string& upper, const std::string& work);
  base::Status bind_instead(const BuildStep& step, const std::string& lower,
                            const std::string& why);
  base::Status bind(int number, const BuildStep& step);
  base::Status own(const BuildStep& step);
  base::Status copy(int number, const BuildStep& step);
  base::Status devices(const BuildStep& step);

  const ContainerSpec& spec_;
  std::map<int, Source> sources_;
  std::map<std::string, base::Fd> device_nodes_;
  Inside root_{base::Fd()};
  bool skeleton_made_ = false;
  std::vector<std::string> warnings_;
};

/// Opens the source of a step; a missing one is an invalid descriptor when the step is optional.
base::Result<Source> open_source(const BuildStep& step);

base::Status write_container_files(const ContainerSpec& spec, const Inside& root);

}  // namespace howdah::os
