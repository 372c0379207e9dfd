#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit_code.h"

namespace howdah::cli {

namespace {

// Ids come from the server at the moment of asking; labels from the manifests.
constexpr const char* kBash = R"bash(# bash completion of howdah: source <(howdah completion)
_howdah() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W "@commands@" -- "$word"))
    return
  fi
  case "$command" in
    install) words=$(howdah releases 2>/dev/null | awk 'NR>1 {print $1}') ;;
    logs | wait | cost)
      words=$(howdah status 2>/dev/null | grep -oE 'j-[A-Z0-9]+|^00[a-z0-9]+') ;;
    ui | ssh) words=$(howdah status 2>/dev/null | grep -o 'j-[A-Z0-9]*') ;;
    *) words="--json --data --help" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _howdah howdah
)bash";

}  // namespace

int completion(const std::string& shell, const std::vector<std::string>& commands) {
  if (!shell.empty() && shell != "bash") {
    fmt::print(stderr, "error: completion for bash only, not for '{}'\n", shell);
    return kUsage;
  }
  std::string text = kBash;
  const std::string mark = "@commands@";
  text.replace(text.find(mark), mark.size(), base::join(commands, " "));
  fmt::print("{}", text);
  return kOk;
}

}  // namespace howdah::cli
