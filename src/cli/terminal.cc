#include "cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "base/text.h"

namespace howdah::cli {

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

namespace {

bool wants_colour(int fd) {
  const char* off = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return is_terminal(fd) && (off == nullptr || *off == '\0') && !dumb;
}

const char* sequence_of(Colour colour) {
  switch (colour) {
    case Colour::kRed:
      return "\033[31m";
    case Colour::kGreen:
      return "\033[32m";
    case Colour::kYellow:
      return "\033[33m";
    case Colour::kBold:
      return "\033[1m";
    case Colour::kDim:
      return "\033[2m";
    case Colour::kNone:
      break;
  }
  return "";
}

// Code points, which is near enough to columns for what we print.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

std::string paint(std::string_view text, Colour colour, int fd) {
  if (colour == Colour::kNone || !wants_colour(fd)) return std::string(text);
  return fmt::format("{}{}\033[0m", sequence_of(colour), text);
}

Colour colour_of_state(std::string_view state) {
  if (state == "WAITING" || state == "COMPLETED" || state == "SUCCESS" || state == "STARTED" ||
      state == "ok" || state == "yes") {
    return Colour::kGreen;
  }
  if (state == "FAILED" || state == "TERMINATED_WITH_ERRORS" || state == "fail")
    return Colour::kRed;
  if (state == "TERMINATED" || state == "CANCELLED" || state == "no") return Colour::kDim;
  if (state == "warn") return Colour::kYellow;
  return Colour::kNone;
}

std::string table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows, int state_column) {
  std::vector<size_t> widths;
  for (const std::string& cell : header) widths.push_back(width_of(cell));
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  auto line = [&](const std::vector<std::string>& cells, bool is_header) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) {
      std::string cell = cells[i].empty() ? "-" : cells[i];
      size_t padding = widths[i] > width_of(cell) ? widths[i] - width_of(cell) : 0;
      bool coloured = !is_header && static_cast<int>(i) == state_column;
      text += coloured ? paint(cell, colour_of_state(cell)) : cell;
      if (i + 1 < cells.size()) text += std::string(padding + 3, ' ');
    }
    out += text + "\n";
  };
  line(header, true);
  for (const auto& row : rows) line(row, false);
  return out;
}

std::string short_duration(std::chrono::milliseconds duration) {
  int64_t seconds = std::max<int64_t>(0, duration.count() / 1000);
  if (seconds < 120) return fmt::format("{}s", seconds);
  int64_t minutes = seconds / 60;
  if (minutes < 10) return fmt::format("{}m{}s", minutes, seconds % 60);
  if (minutes < 120) return fmt::format("{}m", minutes);
  int64_t hours = minutes / 60;
  if (hours < 48) return fmt::format("{}h{}m", hours, minutes % 60);
  return fmt::format("{}d{}h", hours / 24, hours % 24);
}

std::string megabytes(uint64_t bytes) {
  if (bytes >= 1'000'000'000) return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
  return fmt::format("{} MB", (bytes + 500'000) / 1'000'000);
}

void ProgressLine::show(std::string_view text) {
  if (!active_) return;
  fmt::print(stderr, "\r\033[K{}", text);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressLine::clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
}

bool ask(std::string_view question) {
  if (!is_terminal(0)) return false;
  fmt::print(stderr, "{} [y/N] ", question);
  std::fflush(stderr);
  std::string answer;
  std::getline(std::cin, answer);
  answer = base::to_lower(base::trim(answer));
  return answer == "y" || answer == "yes";
}

}  // namespace howdah::cli
