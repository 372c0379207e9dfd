#pragma once

// The bytes of one new file, or of a piece of it, from the files that it is made of: one after
// another, read ahead when they are small, decompressed and compressed as the codec asks. A source
// that breaks off is taken up again where it stopped. Ownership: stores, outputs and counters must
// outlive a source. Threads: one reader; reading ahead has its own. Failure: see store.h;
// kCancelled once a stop was requested.

#include <atomic>
#include <stop_token>

#include "distcp/retry.h"
#include "distcp/store.h"

namespace howdah::distcp {

struct Reading {
  const StoreOf& store_of;
  const Retry& retry;
  std::stop_token stop;
  Codec codec;
  std::atomic<uint64_t>& bytes;  // counts what was read of the sources
};

/// `piece` of the concatenation of the output's inputs; of a coded output the whole.
base::Result<Source> open_piece(const Reading& reading, const Output& output, const Piece& piece);

}  // namespace howdah::distcp
