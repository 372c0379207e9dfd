#include "store/control/page.h"

#include <fmt/format.h>

#include "base/text.h"

namespace howdah::store {

// "<position>/<id>" as hexadecimal.
std::string marker_of(int64_t position, const std::string& id) {
  return base::to_hex(fmt::format("{}/{}", position, id));
}

base::Result<std::pair<int64_t, std::string>> position_of(const std::string& marker) {
  std::string text;
  for (size_t i = 0; i + 1 < marker.size(); i += 2) {
    const auto byte = base::percent_decode("%" + marker.substr(i, 2));
    if (!byte) return base::invalid_argument("Invalid marker.");
    text += *byte;
  }
  const size_t slash = text.find('/');
  const bool numeric = slash != std::string::npos && slash > 0 && slash < 19 &&
                       text.find_first_not_of("0123456789") == slash;
  if (!numeric || marker.size() % 2 != 0) return base::invalid_argument("Invalid marker.");
  return std::pair(static_cast<int64_t>(std::stoll(text.substr(0, slash))), text.substr(slash + 1));
}

}  // namespace howdah::store
