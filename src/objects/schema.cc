#include "objects/schema.h"

namespace howdah::objects {
namespace {

// objects holds no bodies, so that a listing reads few pages. A body of up to 64 KiB is a row of
// bodies, a larger one a file; exactly one of objects.body and objects.file is set. `about` is
// metadata and checksums (rows.h). parts.offset is where a part lies within a file that several
// parts of its upload share (shared = 1).
constexpr const char* kVersion1 = R"sql(
CREATE TABLE state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE buckets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  region TEXT NOT NULL,
  created INTEGER NOT NULL);
CREATE TABLE bodies (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE objects (
  bucket INTEGER NOT NULL,
  key TEXT NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified INTEGER NOT NULL,
  storage_class TEXT NOT NULL,
  body INTEGER,
  file TEXT,
  about BLOB NOT NULL,
  tags BLOB,
  PRIMARY KEY (bucket, key)) WITHOUT ROWID;
CREATE INDEX objects_by_file ON objects (file) WHERE file IS NOT NULL;
CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  bucket INTEGER NOT NULL,
  key TEXT NOT NULL,
  started INTEGER NOT NULL,
  storage_class TEXT NOT NULL,
  checksum TEXT,
  full_object INTEGER NOT NULL,
  about BLOB NOT NULL,
  tags BLOB) WITHOUT ROWID;
CREATE INDEX uploads_by_key ON uploads (bucket, key, id);
CREATE TABLE parts (
  upload TEXT NOT NULL,
  number INTEGER NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified INTEGER NOT NULL,
  checksums BLOB NOT NULL,
  body INTEGER,
  file TEXT,
  offset INTEGER NOT NULL,
  shared INTEGER NOT NULL,
  PRIMARY KEY (upload, number)) WITHOUT ROWID;
CREATE INDEX parts_by_file ON parts (file) WHERE file IS NOT NULL;
CREATE TABLE completed (
  upload TEXT PRIMARY KEY,
  bucket INTEGER NOT NULL,
  key TEXT NOT NULL,
  etag TEXT NOT NULL,
  at INTEGER NOT NULL) WITHOUT ROWID;
)sql";

constexpr const char* kMigrations[] = {kVersion1};

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

}  // namespace howdah::objects
