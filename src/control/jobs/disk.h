#pragma once

// A job that failed because its node's disk was full often cannot say so: there was no room for its
// last words. So the disk is looked at.

#include <string>
#include <string_view>

#include "nodes/provider.h"

namespace howdah::control {

/// "The disk of i-0123 is full: 0 of 200 MiB are free. …": of the disk below the node's /mnt, /tmp
/// and /home, when it is full now or `log_line` says that it was; else "".
std::string word_of_full_disk(nodes::Provider& nodes, const std::string& node_id,
                              std::string_view log_line);

}  // namespace howdah::control
