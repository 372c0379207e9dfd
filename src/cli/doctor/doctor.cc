#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/doctor/check.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"

namespace howdah::cli {

namespace {

const char* name_of(Check::Verdict verdict) {
  switch (verdict) {
    case Check::Verdict::kOk:
      return "ok";
    case Check::Verdict::kWarn:
      return "warn";
    case Check::Verdict::kFail:
      break;
  }
  return "fail";
}

void print_check(const Check& check) {
  std::string verdict = name_of(check.verdict);
  fmt::print("{}{}  {:<15} {}\n", paint(verdict, colour_of_state(verdict)),
             std::string(4 - verdict.size(), ' '), check.name, check.found);
  if (check.verdict != Check::Verdict::kOk) fmt::print("      {:<15} fix: {}\n", "", check.fix);
  std::fflush(stdout);
}

}  // namespace

int doctor(const Globals& globals, uint16_t port) {
  base::JsonArray list;
  size_t failed = 0, warned = 0;
  auto take = [&](const std::vector<Check>& checks) {
    for (const Check& check : checks) {
      failed += check.verdict == Check::Verdict::kFail;
      warned += check.verdict == Check::Verdict::kWarn;
      list.push_back(base::JsonObject{{"Name", check.name},
                                      {"Verdict", name_of(check.verdict)},
                                      {"Found", check.found},
                                      {"Fix", check.fix}});
      if (!globals.json) print_check(check);
    }
  };
  take(check_kernel());
  take(check_host(globals));
  take(check_programs());
  take(check_server(globals, port));
  if (globals.json) {
    print_json({{"Healthy", failed == 0}, {"Checks", list}});
  } else if (failed == 0) {
    fmt::print("\n{}\n", warned == 0 ? "all is well" : "it will work; see the warnings");
  } else {
    fmt::print("\n{} of {} checks failed; each line above says what mends it\n", failed,
               list.size());
  }
  return failed == 0 ? kOk : kFailed;
}

}  // namespace howdah::cli
