#pragma once

// Sends log files to the cluster's LogUri, gzip-compressed, in EMR's layout. Streams: a log of any
// size takes one buffer of memory. Threads: concurrent calls allowed. Failure: the first error,
// naming the file; what was sent before it stays.

#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "objects/object_store.h"

namespace howdah::control {

/// Uploads the open file as `key`; without one (-1 inside) an empty log. What is written to it
/// meanwhile goes with the next upload.
base::Status ship_file(objects::ObjectStore& store, const std::string& bucket,
                       const std::string& key, base::Fd file);

}  // namespace howdah::control
