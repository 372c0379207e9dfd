#pragma once

// A command line written as text, taken apart as a POSIX shell takes it apart, with no shell and
// nothing expanded. Source: POSIX.1-2017, Shell Command Language, 2.2 Quoting. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace howdah::job {

/// "--conf a='b c' --name \"x\"" gives {"--conf", "a=b c", "--name", "x"}. Single quotes, double
/// quotes (with \" \\ \$ \` inside) and backslashes outside quotes act; $, ~, * and ; are letters.
/// kInvalidArgument for a quote that is not closed.
base::Result<std::vector<std::string>> split_command_line(std::string_view text);

}  // namespace howdah::job
