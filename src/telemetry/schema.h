#pragma once

// The tables of telemetry.db, as numbered migrations. Constant data.

#include <span>

namespace howdah::telemetry {

std::span<const char* const> migrations();

}  // namespace howdah::telemetry
