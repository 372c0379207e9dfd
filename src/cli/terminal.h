#pragma once

// What a person sees: colours only on a terminal and without NO_COLOR (no-color.org), tables in the
// manner of kubectl and docker, one progress line that redraws itself on a terminal and stays quiet
// in a pipe. Threads: one.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace howdah::cli {

enum class Colour { kNone, kRed, kGreen, kYellow, kBold, kDim };

bool is_terminal(int fd);
/// `text`, coloured when `fd` is a terminal that wants colours.
std::string paint(std::string_view text, Colour colour, int fd = 1);
/// The colour of a cluster's or step's state.
Colour colour_of_state(std::string_view state);

/// Columns as wide as their widest cell, three spaces between; header in capitals; "" for a cell
/// prints as "-". `state_column` (-1: none) is coloured by its state.
std::string table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows, int state_column = -1);

/// "3s", "4m12s", "2h5m", "3d4h": as kubectl prints ages.
std::string short_duration(std::chrono::milliseconds duration);
std::string megabytes(uint64_t bytes);  // "317 MB", "1.4 GB"; decimal, as download pages count

/// A line on stderr that is redrawn in place on a terminal; in a pipe only `finish` prints.
class ProgressLine {
 public:
  ProgressLine() : active_(is_terminal(2)) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(std::string_view text);
  void clear();

 private:
  bool active_;
  bool drawn_ = false;
};

/// Asks on the terminal; false for anything but y or yes, and when stdin is not a terminal.
bool ask(std::string_view question);

}  // namespace howdah::cli
