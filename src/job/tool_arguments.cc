#include "job/tool_arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace howdah::job {
namespace {

using Arguments = std::vector<std::string>;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool on_s3(std::string_view text) {
  return text.starts_with("s3://") || text.starts_with("s3n://") || text.starts_with("s3a://");
}

// Options of Hive that take a value and set a variable: theirs, and the one both programs know.
std::string_view variable_option(std::string_view option) {
  if (is_one_of(option, {"-d", "-define", "--define", "-hivevar", "--hivevar"})) return "--hivevar";
  if (is_one_of(option, {"-hiveconf", "--hiveconf"})) return "--hiveconf";
  return {};
}

}  // namespace

base::Result<Arguments> hive_arguments(const Arguments& args) {
  const auto marker = std::find(args.begin(), args.end(), "--args");
  // Without the marker, what is Hive's begins behind hive-script's own options.
  auto at = marker == args.end() ? args.begin() : marker + 1;
  while (marker == args.end() && at != args.end() &&
         (*at == "--run-hive-script" || *at == "--base-path" || *at == "--hive-versions")) {
    at += *at == "--run-hive-script" || at + 1 == args.end() ? 1 : 2;
  }
  Arguments out;
  bool runs_something = false;
  for (; at != args.end(); ++at) {
    const std::string_view option = variable_option(*at);
    const bool last = at + 1 == args.end();
    if (!option.empty() && !last) {
      out.emplace_back(option);
      out.push_back(*++at);
    } else if (is_one_of(*at, {"-f", "-e", "-i"}) && !last) {
      runs_something = runs_something || *at != "-i";
      out.push_back(*at);
      out.push_back(*++at);
    } else if (at->starts_with("-d") && at->find('=') != std::string::npos) {  // -dINPUT=x
      out.emplace_back("--hivevar");
      out.push_back(at->substr(2));
    } else {
      runs_something = runs_something || at->starts_with("--file=");
      out.push_back(*at);
    }
  }
  if (!runs_something) {
    return base::invalid_argument(
        "hive-script needs a script: hive-script --run-hive-script --args -f s3://<bucket>/<file>");
  }
  return out;
}

Arguments streaming_arguments(const Arguments& args) {
  Arguments generic, rest;
  std::string files;
  const auto add_file = [&](const std::string& uri) { files += (files.empty() ? "" : ",") + uri; };
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    const bool last = i + 1 == args.size();
    if (!last && is_one_of(arg, {"-files", "--files"})) {
      add_file(args[++i]);
    } else if (!last && is_one_of(arg, {"-D", "-conf", "-fs", "-jt", "-libjars", "-archives"})) {
      generic.push_back(arg);
      generic.push_back(args[++i]);
    } else if (!last && is_one_of(arg, {"-mapper", "-reducer", "-combiner"}) &&
               on_s3(args[i + 1])) {
      const std::string& value = args[++i];
      const std::string uri(value.substr(0, value.find(' ')));
      add_file(uri);
      rest.push_back(arg);
      rest.push_back(value.substr(uri.rfind('/') + 1));
    } else {
      rest.push_back(arg);
    }
  }
  if (!files.empty()) {
    generic.emplace_back("-files");
    generic.push_back(files);
  }
  generic.insert(generic.end(), rest.begin(), rest.end());
  return generic;
}

}  // namespace howdah::job
