#pragma once

// One log of an attempt of a job run: in its node while that is there, afterwards what the managed
// store keeps of it. Ownership: borrows the store and the provider. Threads: one. Failure: a log
// that is not there yet is one without bytes.

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/fd.h"
#include "nodes/provider.h"
#include "store/control/serverless_store.h"

struct gzFile_s;

namespace howdah::services {

class RunLog {
 public:
  /// The folders of the driver's files.
  struct Places {
    std::filesystem::path inside;  // the node, as they grow
    std::filesystem::path kept;    // on this host, compressed: up to 15 seconds old
  };
  struct Of {
    serverless::Key application;
    std::string run;
    int attempt = 1;
    std::string file;  // stdout or stderr
  };
  RunLog(store::ServerlessStore& store, nodes::Provider& nodes, Of of, const Places& places);

  static bool is_name(std::string_view file) { return file == "stdout" || file == "stderr"; }

  /// It grows no more: the run has ended, or another attempt has come.
  bool is_over() const;
  /// Opens the node's file, or else, when `kept_will_do`, the one that is kept. False: there is
  /// none.
  bool open(bool kept_will_do);
  /// What is there from `offset` on, in ascending order of it; 0: nothing.
  base::Result<size_t> read(std::span<char> into, uint64_t offset);

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };

  bool open_kept();

  store::ServerlessStore& store_;
  nodes::Provider& nodes_;
  const Of of_;
  const std::filesystem::path inside_, kept_path_;
  base::Fd live_;
  std::unique_ptr<gzFile_s, Close> kept_;
};

}  // namespace howdah::services
