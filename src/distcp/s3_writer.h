#pragma once

// One new object: by PutObject when it fits into one part or multipart uploads are off, else by a
// multipart upload whose parts are the pieces. A file of unknown size is gathered into parts in
// memory, one at a time. Threads, failure: see store.h (Writer).

#include <atomic>
#include <mutex>

#include "distcp/s3_store.h"

namespace howdah::distcp {

class S3Writer final : public Writer {
 public:
  S3Writer(S3Store& store, NewFile file);
  std::vector<Piece> pieces() const override;
  base::Status write(size_t piece, http::BodySource& bytes) override;
  base::Status finish() override;
  void abandon() override;

 private:
  base::Status put(http::BodySource& bytes);
  base::Status write_unknown(http::BodySource& bytes);
  base::Result<std::string> upload_id();
  base::Status write_part(size_t number, http::BodySource* bytes, std::string text);
  base::Status complete();
  bool is_there_already();

  S3Store& store_;
  const NewFile file_;
  uint64_t part_size_ = 0;
  bool multipart_ = false;
  std::mutex mutex_;  // guards what follows
  std::string upload_id_;
  std::vector<std::string> etags_;
  uint64_t written_ = 0;  // of a file of unknown size
};

}  // namespace howdah::distcp
