#pragma once

// "Did you mean …?": the candidate nearest to what was typed. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace howdah::cli {

/// The least number of insertions, deletions, substitutions and swaps of neighbours (optimal string
/// alignment) between two ASCII words.
size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest candidate, or "" when none is nearer than a third of the word (at least 1 edit, and
/// at least a prefix of two letters counts as near).
std::string nearest(std::string_view typed, const std::vector<std::string>& candidates);

}  // namespace howdah::cli
