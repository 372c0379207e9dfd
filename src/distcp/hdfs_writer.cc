#include "distcp/hdfs_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace howdah::distcp {
namespace {

constexpr uint64_t kMostPieces = 64;
constexpr size_t kJoinedAtOnce = 32;  // the names travel in the URL

}  // namespace

HdfsWriter::HdfsWriter(HdfsStore& store, NewFile file) : store_(store), file_(std::move(file)) {
  name_ = ".s3-dist-cp-" + store_.ids_.token(base::kLowerAlnum, 16);
  if (!file_.size) {
    pieces_ = {Piece{}};
    return;
  }
  uint64_t piece = store_.options_.block_size;
  const uint64_t blocks = (*file_.size + piece - 1) / piece;
  piece *= std::max<uint64_t>(1, (blocks + kMostPieces - 1) / kMostPieces);
  // CONCAT takes a list with commas: a folder with one in its name gets the file in one stream
  if (parent(file_.location).path.find(',') != std::string::npos) piece = *file_.size;
  for (uint64_t at = 0; at < *file_.size; at += piece) {
    pieces_.push_back({at, std::min(piece, *file_.size - at)});
  }
  if (pieces_.empty()) pieces_.push_back({0, 0});
}

Location HdfsWriter::temporary(size_t piece) const {
  return below(parent(file_.location), fmt::format("{}-{}", name_, piece));
}

base::Status HdfsWriter::write(size_t piece, http::BodySource& bytes) {
  return store_.write_file(temporary(piece), bytes);
}

base::Result<bool> HdfsWriter::has_size(const Location& file, uint64_t size) {
  const auto found = store_.look(file);
  if (!found.ok() && found.error().code == base::Code::kNotFound) return false;
  if (!found.ok()) return found.error();
  return found->size == size;
}

// The pieces [from, to) behind `target`. An answer may be lost: the length tells whether it worked.
base::Status HdfsWriter::join(const Location& target, size_t from, size_t to, uint64_t size_then) {
  std::string sources;
  for (size_t piece = from; piece < to; ++piece) {
    if (!sources.empty()) sources += ',';
    sources += temporary(piece).path;
  }
  const std::string query = "op=CONCAT&sources=" + base::percent_encode(sources, "/");
  int tries = 0;
  return store_.retry_([&]() -> base::Status {
    const auto joined = store_.ask_once("POST", target, query);
    if (joined.ok()) return base::ok();
    if (tries++ > 0 && joined.error().code == base::Code::kNotFound &&
        TRY(has_size(target, size_then))) {
      return base::ok();
    }
    return joined.error();
  });
}

base::Status HdfsWriter::rename() {
  const Location from = temporary(0);
  const std::string query = fmt::format("op=RENAME&renameoptions=OVERWRITE&destination={}",
                                        base::percent_encode(file_.location.path, "/"));
  int tries = 0;
  return store_.retry_([&]() -> base::Status {
    const auto renamed = [&]() -> base::Status {
      if (store_.native_.available()) return store_.native_.rename(from, file_.location);
      TRY(store_.ask_once("PUT", from, query));
      return base::ok();
    }();
    if (renamed.ok()) return base::ok();
    if (tries++ > 0 && renamed.error().code == base::Code::kNotFound) {
      const auto there = store_.look(file_.location);
      if (there.ok() && there->size == file_.size.value_or(there->size)) return base::ok();
    }
    return renamed.error();
  });
}

base::Status HdfsWriter::finish() {
  const Location first = temporary(0);
  uint64_t size = pieces_[0].length.value_or(0);
  for (size_t from = 1; from < pieces_.size(); from += kJoinedAtOnce) {
    const size_t to = std::min(from + kJoinedAtOnce, pieces_.size());
    for (size_t piece = from; piece < to; ++piece) size += *pieces_[piece].length;
    TRY(join(first, from, to, size));
  }
  if (pieces_.size() > 1 && !TRY(has_size(first, size))) {
    return base::unavailable(fmt::format(
        "{}: HDFS joined its pieces to another length than {} bytes", uri(file_.location), size));
  }
  const bool join_to_old = file_.append && file_.appended_to > 0 && (!file_.size || size > 0);
  if (!join_to_old) {
    if (!file_.append || file_.appended_to == 0) return rename();
    abandon();  // nothing to append
    return base::ok();
  }
  if (!file_.size) size = TRY(store_.look(first)).size;
  if (size == 0) {
    abandon();
    return base::ok();
  }
  return join(file_.location, 0, 1, file_.appended_to + size);
}

void HdfsWriter::abandon() {
  for (size_t piece = 0; piece < pieces_.size(); ++piece) {
    (void)store_.ask_once("DELETE", temporary(piece), "op=DELETE");
  }
}

}  // namespace howdah::distcp
