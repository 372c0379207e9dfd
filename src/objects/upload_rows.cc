#include "objects/upload_rows.h"

#include <algorithm>

#include "objects/errors.h"

namespace howdah::objects {

base::Result<UploadRow> read_upload(db::Connection& connection, int64_t bucket,
                                    const PartRequest& request) {
  auto query = connection.query(
      "SELECT started, storage_class, checksum, full_object, about, tags FROM uploads "
      "WHERE id = ? AND bucket = ? AND key = ?",
      request.upload_id, bucket, request.key);
  if (!TRY(query.next())) return no_such_upload(request.upload_id);
  UploadRow row;
  row.info.id = request.upload_id;
  row.info.bucket = request.bucket;
  row.info.key = request.key;
  row.info.started = base::from_millis(query.integer(0));
  row.info.storage_class = query.text(1);
  if (!query.is_null(2)) row.info.checksum = checksum_of(query.text(2));
  row.info.full_object = query.integer(3) != 0;
  std::vector<uint64_t> none;
  TRY(decode_about(query.blob(4), row.about, none));
  if (!query.is_null(5)) row.tags = TRY(decode_pairs(query.blob(5)));
  row.about.bucket = request.bucket;
  row.about.key = request.key;
  row.about.storage_class = row.info.storage_class;
  return row;
}

base::Result<std::vector<PartRow>> read_parts(db::Connection& connection, const std::string& upload,
                                              int after) {
  auto query = connection.query(
      "SELECT number, size, etag, modified, checksums, body, file, offset, shared FROM parts "
      "WHERE upload = ? AND number > ? ORDER BY number",
      upload, after);
  std::vector<PartRow> parts;
  while (TRY(query.next())) {
    PartRow part;
    part.info.number = static_cast<int>(query.integer(0));
    part.info.size = static_cast<uint64_t>(query.integer(1));
    part.info.etag = query.text(2);
    part.info.modified = base::from_millis(query.integer(3));
    part.info.checksums = to_checksums(TRY(decode_pairs(query.blob(4))));
    if (!query.is_null(5)) part.body = query.integer(5);
    part.file = query.text(6);
    part.offset = static_cast<uint64_t>(query.integer(7));
    part.shared = query.integer(8) != 0;
    parts.push_back(std::move(part));
  }
  return parts;
}

base::Status write_part(db::Connection& connection, const std::string& upload, const PartRow& part,
                        std::string_view small_body) {
  std::optional<int64_t> body;
  if (part.file.empty()) {
    TRY(connection.run("INSERT INTO bodies (bytes) VALUES (?)", db::Blob{small_body}));
    body = connection.last_insert_rowid();
  }
  const auto file = part.file.empty() ? std::nullopt : std::optional<std::string_view>(part.file);
  const std::string checksums = encode_pairs(to_pairs(part.info.checksums));
  TRY(connection.run(
      "INSERT INTO parts (upload, number, size, etag, modified, checksums, body, file, offset, "
      "shared) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      upload, part.info.number, part.info.size, part.info.etag, base::to_millis(part.info.modified),
      db::Blob{checksums}, body, file, part.offset, part.shared ? 1 : 0));
  return base::ok();
}

base::Status delete_part(db::Connection& connection, const std::string& upload, int number,
                         std::vector<std::string>& files) {
  {
    auto query = connection.query("SELECT file, shared FROM parts WHERE upload = ? AND number = ?",
                                  upload, number);
    if (!TRY(query.next())) return base::ok();
    if (!query.is_null(0) && query.integer(1) == 0) files.emplace_back(query.text(0));
  }
  TRY(connection.run(
      "DELETE FROM bodies WHERE id = (SELECT body FROM parts WHERE upload = ? AND number = ?)",
      upload, number));
  TRY(connection.run("DELETE FROM parts WHERE upload = ? AND number = ?", upload, number));
  return base::ok();
}

base::Status delete_upload(db::Connection& connection, const std::string& upload,
                           std::vector<std::string>& files) {
  {
    auto query = connection.query(
        "SELECT DISTINCT file FROM parts WHERE upload = ? AND file IS NOT NULL", upload);
    while (TRY(query.next())) {
      std::string file(query.text(0));
      if (std::find(files.begin(), files.end(), file) == files.end())
        files.push_back(std::move(file));
    }
  }
  TRY(
      connection.run("DELETE FROM bodies WHERE id IN (SELECT body FROM parts WHERE upload = ? AND "
                     "body IS NOT NULL)",
                     upload));
  TRY(connection.run("DELETE FROM parts WHERE upload = ?", upload));
  TRY(connection.run("DELETE FROM uploads WHERE id = ?", upload));
  return base::ok();
}

}  // namespace howdah::objects
