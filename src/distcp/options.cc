#include "distcp/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/text.h"

namespace howdah::distcp {
namespace {

enum class Kind { kText, kFlag, kNumber };

struct Known {
  std::string_view name;
  Kind kind;
  std::string_view value;  // for the help
  std::string_view help;
};

constexpr std::array kKnown = {
    Known{"src", Kind::kText, "LOCATION", "where the files are: s3://, hdfs:// or file://"},
    Known{"dest", Kind::kText, "LOCATION", "where they go"},
    Known{"srcPattern", Kind::kText, "REGEX", "only files whose whole path matches"},
    Known{"groupBy", Kind::kText, "REGEX",
          "concatenate files for which the parenthesised part is equal"},
    Known{"targetSize", Kind::kNumber, "MIB", "about the size of a file made by --groupBy"},
    Known{"appendToLastFile", Kind::kFlag, "", "append to files that are there (HDFS, local)"},
    Known{"outputCodec", Kind::kText, "CODEC",
          "gzip, gz, none (uncompressed) or keep (the default)"},
    Known{"s3ServerSideEncryption", Kind::kFlag, "", "ask S3 to encrypt what is written (AES256)"},
    Known{"deleteOnSuccess", Kind::kFlag, "", "delete the sources once everything is copied"},
    Known{"disableMultipartUpload", Kind::kFlag, "", "write each S3 object by one request"},
    Known{"multipartUploadChunkSize", Kind::kNumber, "MIB", "size of a part (default 16)"},
    Known{"numberFiles", Kind::kFlag, "", "put a running number in front of the names"},
    Known{"startingIndex", Kind::kNumber, "INDEX", "the first of these numbers (default 0)"},
    Known{"outputManifest", Kind::kText, "FILE", "write a gzipped list of the copied files"},
    Known{"previousManifest", Kind::kText, "PATH", "skip the files of that list"},
    Known{"requirePreviousManifest", Kind::kFlag, "", "=false: it may be missing"},
    Known{"copyFromManifest", Kind::kFlag, "", "copy the files of --previousManifest"},
    Known{"s3Endpoint", Kind::kText, "ENDPOINT", "the S3 to talk to"},
    Known{"storageClass", Kind::kText, "CLASS", "STANDARD or REDUCED_REDUNDANCY"},
    Known{"srcPrefixesFile", Kind::kText, "PATH", "list these prefixes instead of --src"},
    Known{"filesPerMapper", Kind::kNumber, "N", "has no effect: there are no mappers"},
    Known{"tmpDir", Kind::kText, "PATH", "has no effect: nothing is staged"},
    Known{"s3SSEAlgorithm", Kind::kText, "NAME", "AES256"},
    Known{"encryptionKey", Kind::kText, "KEY", "not available"},
    Known{"help", Kind::kFlag, "", "this text"},
};

// Options of Hadoop's Tool that say how a MapReduce job runs.
constexpr std::array<std::string_view, 6> kGeneric = {"-conf",    "-fs",    "-jt",
                                                      "-libjars", "-files", "-archives"};

base::Error wrong(std::string_view name, std::string_view what) {
  return base::invalid_argument(fmt::format("--{}: {}", name, what));
}

class Parser {
 public:
  explicit Parser(std::span<const std::string> arguments) : arguments_(arguments) {}

  base::Result<Options> parse() {
    while (at_ < arguments_.size()) {
      const std::string& argument = arguments_[at_++];
      if (argument.starts_with("--")) {
        TRY(option(std::string_view(argument).substr(2)));
      } else if (argument.starts_with("-D")) {
        TRY(property(std::string_view(argument).substr(2)));
      } else if (std::find(kGeneric.begin(), kGeneric.end(), argument) != kGeneric.end()) {
        if (at_ == arguments_.size()) {
          return base::invalid_argument(argument + " needs a value");
        }
        ++at_;
        out_.notes.push_back(argument + " has no effect: no MapReduce job runs");
      } else {
        return base::invalid_argument(
            fmt::format("unexpected argument \"{}\"; see s3-dist-cp --help", argument));
      }
    }
    if (!out_.help) TRY(check());
    return std::move(out_);
  }

 private:
  base::Status property(std::string_view text) {
    if (text.empty()) {
      if (at_ == arguments_.size()) return base::invalid_argument("-D needs name=value");
      text = arguments_[at_++];
    }
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return base::invalid_argument(fmt::format("-D {}: expected name=value", text));
    }
    out_.properties.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    return base::ok();
  }

  base::Status option(std::string_view text) {
    const size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                    [&](const Known& each) { return each.name == name; });
    if (known == kKnown.end()) {
      return base::invalid_argument(
          fmt::format("unknown option --{}; see s3-dist-cp --help", name));
    }
    given_.insert(known->name);
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) value = text.substr(equals + 1);
    if (known->kind == Kind::kFlag) return flag(*known, value);
    if (!value) {
      if (at_ == arguments_.size()) return wrong(name, fmt::format("needs {}", known->value));
      value = arguments_[at_++];
    }
    if (value->empty()) return wrong(name, "has an empty value");
    return known->kind == Kind::kNumber ? number(*known, *value) : this->text(*known, *value);
  }

  base::Status flag(const Known& known, std::optional<std::string_view> value) {
    // AWS writes --requirePreviousManifest=false; a flag followed by true or false takes it
    if (!value && at_ < arguments_.size() &&
        (arguments_[at_] == "true" || arguments_[at_] == "false")) {
      value = arguments_[at_++];
    }
    if (value && *value != "true" && *value != "false") {
      return wrong(known.name, fmt::format("takes true or false, not \"{}\"", *value));
    }
    const bool on = !value || *value == "true";
    const std::pair<std::string_view, bool*> flags[] = {
        {"appendToLastFile", &out_.append_to_last_file},
        {"s3ServerSideEncryption", &out_.server_side_encryption},
        {"deleteOnSuccess", &out_.delete_on_success},
        {"disableMultipartUpload", &out_.disable_multipart},
        {"numberFiles", &out_.number_files},
        {"requirePreviousManifest", &out_.require_previous_manifest},
        {"copyFromManifest", &out_.copy_from_manifest},
        {"help", &out_.help},
    };
    for (const auto& [name, into] : flags) {
      if (name == known.name) *into = on;
    }
    return base::ok();
  }

  base::Status number(const Known& known, std::string_view value) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < 0) {
      return wrong(known.name, fmt::format("takes a whole number, not \"{}\"", value));
    }
    constexpr int64_t kMost = int64_t{8} * 1024 * 1024;  // 8 TiB in MiB
    if (known.name == "targetSize") {
      if (number < 1 || number > kMost) return wrong(known.name, "takes 1 to 8388608 MiB");
      out_.target_size = number * kMebibyte;
    } else if (known.name == "multipartUploadChunkSize") {
      if (number < 5 || number > 5120) {  // S3: a part has 5 MiB to 5 GiB
        return wrong(known.name, "takes 5 to 5120 MiB, the limits of S3");
      }
      out_.chunk_size = number * kMebibyte;
    } else if (known.name == "startingIndex") {
      out_.starting_index = number;
    }
    return base::ok();
  }

  base::Status text(const Known& known, std::string_view value) {
    if (known.name == "outputCodec") {
      out_.output_codec = TRY(parse_codec(value));
    } else if (known.name == "storageClass") {
      if (value != "STANDARD" && value != "REDUCED_REDUNDANCY") {
        return wrong(known.name,
                     fmt::format("takes STANDARD or REDUCED_REDUNDANCY, not \"{}\"", value));
      }
      out_.storage_class = value;
    } else if (known.name == "s3SSEAlgorithm") {
      if (value != "AES256") return wrong(known.name, "only AES256 is available");
      out_.server_side_encryption = true;
    } else if (known.name == "encryptionKey") {
      return wrong(known.name, "is not available: nothing would be encrypted with it");
    }
    const std::pair<std::string_view, std::string*> texts[] = {
        {"src", &out_.source},
        {"dest", &out_.destination},
        {"srcPattern", &out_.source_pattern},
        {"groupBy", &out_.group_by},
        {"outputManifest", &out_.output_manifest},
        {"previousManifest", &out_.previous_manifest},
        {"s3Endpoint", &out_.s3_endpoint},
        {"srcPrefixesFile", &out_.source_prefixes_file},
    };
    for (const auto& [name, into] : texts) {
      if (name == known.name) *into = value;
    }
    return base::ok();
  }

  void note(std::string_view name, std::string_view why) {
    if (given_.contains(name)) {
      out_.notes.push_back(fmt::format("--{} has no effect {}", name, why));
    }
  }

  base::Status check() {
    if (out_.copy_from_manifest && out_.previous_manifest.empty()) {
      return wrong("copyFromManifest", "needs --previousManifest, the list of files to copy");
    }
    if (out_.source.empty() && !out_.copy_from_manifest) {
      return base::invalid_argument("--src is missing: where are the files?");
    }
    if (out_.destination.empty()) {
      return base::invalid_argument("--dest is missing: where shall the files go?");
    }
    if (out_.group_by.empty()) note("targetSize", "without --groupBy");
    if (!out_.number_files) note("startingIndex", "without --numberFiles");
    if (out_.disable_multipart) note("multipartUploadChunkSize", "with --disableMultipartUpload");
    if (out_.copy_from_manifest) note("srcPrefixesFile", "with --copyFromManifest");
    note("filesPerMapper", ": there are no mappers");
    note("tmpDir", ": nothing is staged");
    return base::ok();
  }

  std::span<const std::string> arguments_;
  size_t at_ = 0;
  Options out_;
  std::set<std::string_view> given_;
};

}  // namespace

base::Result<Options> parse_options(std::span<const std::string> arguments) {
  return Parser(arguments).parse();
}

std::string usage() {
  std::string out = "usage: s3-dist-cp --src=LOCATION --dest=LOCATION [options]\n\n";
  for (const Known& known : kKnown) {
    std::string left = fmt::format("--{}", known.name);
    if (!known.value.empty()) left += fmt::format("={}", known.value);
    out += fmt::format("  {:<32} {}\n", left, known.help);
  }
  out += fmt::format("  {:<32} {}\n", "-D NAME=VALUE",
                     "dfs.replication and dfs.blocksize; others have no effect");
  return out;
}

}  // namespace howdah::distcp
