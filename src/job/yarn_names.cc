#include "job/yarn_names.h"

#include <algorithm>

#include "base/text.h"

namespace howdah::job {
namespace {

constexpr size_t kMostApplications = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_application_id(std::string_view text) {
  constexpr std::string_view kPrefix = "application_";
  if (!text.starts_with(kPrefix) || text.size() > 64) return false;
  text.remove_prefix(kPrefix.size());
  const size_t middle = text.find('_');
  return middle != std::string_view::npos && all_digits(text.substr(0, middle)) &&
         all_digits(text.substr(middle + 1));
}

std::string application_of_container(std::string_view container) {
  std::vector<std::string_view> parts = base::split(container, '_');
  if (parts.size() == 6 && parts[1].starts_with('e') && all_digits(parts[1].substr(1)))
    parts.erase(parts.begin() + 1);
  if (parts.size() != 5 || parts[0] != "container" || container.size() > 96) return {};
  for (size_t i = 1; i < parts.size(); ++i)
    if (!all_digits(parts[i])) return {};
  return "application_" + std::string(parts[1]) + "_" + std::string(parts[2]);
}

std::string first_container(const std::vector<std::string>& names) {
  std::string out;
  std::string_view best;
  for (const std::string& name : names) {
    if (application_of_container(name).empty() || !name.ends_with("_000001")) continue;
    const std::string_view rest = std::string_view(name).substr(0, name.size() - 7);
    const std::string_view attempt = rest.substr(rest.rfind('_') + 1);
    if (out.empty() || attempt.size() > best.size() ||
        (attempt.size() == best.size() && attempt > best)) {
      out = name;
      best = std::string_view(out).substr(static_cast<size_t>(attempt.data() - name.data()),
                                          attempt.size());
    }
  }
  return out;
}

std::vector<std::string> submitted_applications(std::string_view log) {
  constexpr std::string_view kMark = "Submitted application application_";
  std::vector<std::string> out;
  for (size_t at = log.find(kMark); at != std::string_view::npos && out.size() < kMostApplications;
       at = log.find(kMark, at + 1)) {
    const std::string_view rest =
        log.substr(at + std::string_view("Submitted application ").size());
    size_t end = std::string_view("application_").size();
    const size_t stamp = end;
    while (end < rest.size() && is_digit(rest[end])) ++end;
    if (end == stamp || end >= rest.size() || rest[end] != '_') continue;
    const size_t number = ++end;
    while (end < rest.size() && is_digit(rest[end])) ++end;
    if (end == number || end > 48) continue;
    std::string id(rest.substr(0, end));
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(std::move(id));
  }
  return out;
}

}  // namespace howdah::job
