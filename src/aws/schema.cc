#include "aws/schema.h"

#include <algorithm>

namespace howdah::aws {

const Operation* find_operation(const Service& service, std::string_view name) {
  const Operation* end = service.operations + service.operation_count;
  const Operation* found = std::lower_bound(
      service.operations, end, name,
      [](const Operation& op, std::string_view n) { return std::string_view(op.name) < n; });
  return found != end && std::string_view(found->name) == name ? found : nullptr;
}

}  // namespace howdah::aws
