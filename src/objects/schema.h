#pragma once

// The tables of objects.db, one entry a version of the file.

#include <span>

namespace howdah::objects {

std::span<const char* const> migrations();

}  // namespace howdah::objects
