#pragma once

// One new file in HDFS. Threads, failure: see store.h (Writer).

#include "distcp/hdfs_store.h"

namespace howdah::distcp {

class HdfsWriter final : public Writer {
 public:
  HdfsWriter(HdfsStore& store, NewFile file);
  std::vector<Piece> pieces() const override { return pieces_; }
  base::Status write(size_t piece, http::BodySource& bytes) override;
  base::Status finish() override;
  void abandon() override;

 private:
  Location temporary(size_t piece) const;
  base::Status join(const Location& target, size_t from, size_t to, uint64_t size_then);
  base::Status rename();
  base::Result<bool> has_size(const Location& file, uint64_t size);

  HdfsStore& store_;
  const NewFile file_;
  std::string name_;  // of the temporary files, without their numbers
  std::vector<Piece> pieces_;
};

}  // namespace howdah::distcp
