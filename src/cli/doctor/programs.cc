#include <fmt/format.h>

#include <charconv>

#include "apps/java.h"
#include "base/text.h"
#include "cli/doctor/check.h"
#include "cli/program.h"

namespace howdah::cli {

using Verdict = Check::Verdict;

namespace {

constexpr base::Millis kPatience{20000};

// The number at the front of `text`, which moves behind it; -1 when there is none.
int take_number(std::string_view& text) {
  int value = -1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return -1;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

std::string first_line(std::string_view text) {
  return std::string(base::trim(text.substr(0, text.find('\n'))));
}

Check java() {
  constexpr int kNeeded = 17;
  auto home = apps::find_java(kNeeded);
  if (home.ok())
    return {"java", Verdict::kOk, fmt::format("{} in {}", kNeeded, home->string()), ""};
  return {"java", Verdict::kFail, home.error().message,
          "sudo apt-get install openjdk-17-jre-headless"};
}

Check python() {
  auto answer = capture({"/usr/bin/python3", "--version"}, kPatience);
  if (!answer.ok()) {
    return {"python3", Verdict::kFail, "there is no /usr/bin/python3",
            "sudo apt-get install python3 python3-venv"};
  }
  std::string text = first_line(answer->output);
  if (text.starts_with("Python 3.11.")) return {"python3", Verdict::kOk, text, ""};
  return {"python3", Verdict::kWarn, text + "; the packages inside nodes are built for 3.11",
          "Debian 12, or expect numpy to be missing in jobs"};
}

Check aws() {
  auto program = find_program("aws");
  if (!program) {
    return {"aws", Verdict::kOk, "none in PATH; `howdah aws` uses the one of .venv", ""};
  }
  auto answer = capture({program->string(), "--version"}, kPatience);
  if (!answer.ok()) {
    return {"aws", Verdict::kWarn, answer.error().message, "use `howdah aws` instead"};
  }
  std::string text = first_line(answer->output);
  if (honours_endpoint_url(text)) return {"aws", Verdict::kOk, text, ""};
  return {"aws", Verdict::kFail,
          fmt::format("{} ({}) ignores AWS_ENDPOINT_URL: it would reach the real AWS", text,
                      program->string()),
          "pip install --upgrade 'awscli>=1.29' (or version 2.13), or use `howdah aws`"};
}

}  // namespace

bool honours_endpoint_url(std::string_view text) {
  constexpr std::string_view kName = "aws-cli/";
  size_t at = text.find(kName);
  if (at == std::string_view::npos) return false;
  text.remove_prefix(at + kName.size());
  int major = take_number(text);
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  int minor = take_number(text);
  if (major == 1) return minor >= 29;
  if (major == 2) return minor >= 13;
  return major > 2;
}

std::vector<Check> check_programs() { return {java(), python(), aws()}; }

}  // namespace howdah::cli
