#pragma once

// The rows of multipart uploads and their parts. Internal to this module.

#include <optional>
#include <string>
#include <vector>

#include "objects/rows.h"
#include "objects/state.h"

namespace howdah::objects {

struct UploadRow {
  UploadInfo info;
  ObjectInfo about;  // metadata and storage class of the object to be
  Pairs tags;
};

struct PartRow {
  PartInfo info;
  std::optional<int64_t> body;
  std::string file;
  uint64_t offset = 0;
  bool shared = false;
};

/// NoSuchBucket, or NoSuchUpload when there is none of that id for that key.
base::Result<UploadRow> read_upload(db::Connection& connection, int64_t bucket,
                                    const PartRequest& request);
/// In order of their numbers, those greater than `after`.
base::Result<std::vector<PartRow>> read_parts(db::Connection& connection, const std::string& upload,
                                              int after = 0);
base::Status write_part(db::Connection& connection, const std::string& upload, const PartRow& part,
                        std::string_view small_body);
/// Removes the part of that number; its own file (not a shared one) goes into `files`.
base::Status delete_part(db::Connection& connection, const std::string& upload, int number,
                         std::vector<std::string>& files);
/// Removes an upload and its parts; all their files go into `files`, each once.
base::Status delete_upload(db::Connection& connection, const std::string& upload,
                           std::vector<std::string>& files);

}  // namespace howdah::objects
