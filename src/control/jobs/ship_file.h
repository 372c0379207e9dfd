#pragma once

// Sends log files where they are kept: S3 or a folder of this host, gzip-compressed. Streams: a log
// of any size takes one buffer of memory. Threads: concurrent calls allowed. Failure: the first
// error, naming the file; what was sent before it stays.

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "objects/object_store.h"

namespace howdah::control {

/// Uploads the open file as `key`; without one (-1 inside) an empty log. What is written to it
/// meanwhile goes with the next upload.
base::Status ship_file(objects::ObjectStore& store, const std::string& bucket,
                       const std::string& key, base::Fd file);

/// The same without compression.
base::Status ship_plain(objects::ObjectStore& store, const std::string& bucket,
                        const std::string& key, base::Fd file);

/// Compressed, or as it is, into a file of this host; what was there before stays until the new one
/// is complete.
base::Status gzip_file(base::Fd file, const std::filesystem::path& target);
base::Status copy_file(base::Fd file, const std::filesystem::path& target, mode_t mode = 0600);

}  // namespace howdah::control
