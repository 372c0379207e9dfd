#pragma once

// Compression of what is copied: which codec a name stands for, and streams that compress or
// decompress another. Ownership: a stream owns the one that it reads. Threads: one a stream.
// Failure: kInvalidArgument for a codec that is not available or bytes that are none of it.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace howdah::distcp {

/// kKeep: the bytes as they are.
enum class Codec { kKeep, kNone, kGzip };

/// gzip, gz, none, keep. lzo, lzop and snappy are AWS's too, but have no library here.
base::Result<Codec> parse_codec(std::string_view name);

/// ".gz"; empty for kKeep and kNone.
std::string_view extension(Codec codec);

/// What a file of that name is compressed with: kGzip or kNone. kInvalidArgument for names that
/// end in .lzo or .snappy.
base::Result<Codec> codec_of(std::string_view file_name);

/// The name without the ending of a compression (.gz, .lzo, .snappy).
std::string_view without_extension(std::string_view file_name);

using Source = std::unique_ptr<http::BodySource>;

/// The contents of a gzip file (RFC 1952), also of several members one after another.
Source gunzip(Source from);
Source gzip(Source from);

/// All of it at once. `limit` bounds the result in bytes: kResourceExhausted beyond it.
base::Result<std::string> read_source(http::BodySource& from, size_t limit);
base::Result<std::string> gunzip_text(std::string_view compressed, size_t limit);
base::Result<std::string> gzip_text(std::string_view text);

/// A source of a text in memory, which must outlive it.
Source source_of(std::string_view text);

}  // namespace howdah::distcp
