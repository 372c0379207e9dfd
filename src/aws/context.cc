#include "aws/context.h"

#include "base/text.h"

namespace howdah::aws {

bool from_waiter(std::string_view user_agent) {
  for (std::string_view word : base::split(user_agent, ' ')) {
    if (!word.starts_with("m/")) continue;
    for (std::string_view feature : base::split(word.substr(2), ',')) {
      if (feature == "B") return true;
    }
  }
  return false;
}

}  // namespace howdah::aws
