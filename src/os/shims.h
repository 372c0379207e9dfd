#pragma once

// What runs in a shim's process; for launch.cc only. Each is single-threaded from its first line,
// and reports once (launch.h). The argument is a folder of layout.h.

#include <filesystem>

namespace howdah::os {

int run_shim(const std::filesystem::path& run_folder);
int container_shim(const std::filesystem::path& node_folder);
int files_shim(const std::filesystem::path& node_folder);
int erase_shim(const std::filesystem::path& trash);
int network_shim(const std::filesystem::path& network_folder);
int gateway_shim(const std::filesystem::path& network_folder);

}  // namespace howdah::os
