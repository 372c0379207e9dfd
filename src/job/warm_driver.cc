#include "job/warm_driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "base/text.h"

namespace howdah::job {
namespace {

constexpr size_t kLongestHeap = 12;

constexpr std::array<std::string_view, 3> kWithoutValue = {"--verbose", "-v", "--supervise"};
constexpr std::array<std::string_view, 14> kCold = {"--driver-class-path",
                                                    "--driver-java-options",
                                                    "--driver-library-path",
                                                    "--exclude-packages",
                                                    "--jars",
                                                    "--keytab",
                                                    "--kill",
                                                    "--packages",
                                                    "--principal",
                                                    "--properties-file",
                                                    "--proxy-user",
                                                    "--remote",
                                                    "--repositories",
                                                    "--status"};
constexpr std::array<std::string_view, 4> kColdSettings = {"spark.jars", "spark.driver.extra",
                                                           "spark.driver.defaultJavaOptions",
                                                           "spark.driver.userClassPathFirst"};

// "4g", "512m": anything else is no heap that a warm driver is made with.
bool is_heap(std::string_view text) {
  if (text.size() < 2 || text.size() > kLongestHeap) return false;
  const std::string_view digits = text.substr(0, text.size() - 1);
  return std::string_view("kmgt").find(text.back()) != std::string_view::npos &&
         std::all_of(digits.begin(), digits.end(),
                     [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
}

}  // namespace

std::string warm_driver_file(std::string_view driver, std::string_view file) {
  return fmt::format("/mnt/var/lib/howdah/warm/{}/{}", driver, file);
}

bool is_cold_option(std::string_view option) {
  return std::find(kCold.begin(), kCold.end(), option) != kCold.end();
}

bool is_cold_setting(std::string_view setting) {
  return std::any_of(kColdSettings.begin(), kColdSettings.end(),
                     [&](std::string_view begin) { return setting.starts_with(begin); });
}

std::optional<std::string> warm_driver_heap(const std::vector<std::string>& argv) {
  if (argv.empty() || argv[0] != "spark-submit") return std::nullopt;
  std::string heap;
  for (size_t i = 1; i < argv.size(); ++i) {
    std::string option = argv[i];
    if (!option.starts_with("-"))
      return heap.empty() || is_heap(heap) ? std::optional(heap) : std::nullopt;
    if (std::find(kWithoutValue.begin(), kWithoutValue.end(), option) != kWithoutValue.end())
      continue;
    std::string value;
    if (const size_t equals = option.find('=');
        option.starts_with("--") && equals != std::string::npos) {
      value = option.substr(equals + 1);
      option.resize(equals);
    } else if (++i < argv.size()) {
      value = argv[i];
    }
    if (is_cold_option(option)) return std::nullopt;
    if (option == "--driver-memory") heap = base::to_lower(value);
    if (option != "--conf" && option != "-c") continue;
    if (is_cold_setting(value)) return std::nullopt;
    constexpr std::string_view kMemory = "spark.driver.memory=";
    if (value.starts_with(kMemory)) heap = base::to_lower(value.substr(kMemory.size()));
  }
  return std::nullopt;  // no application is named
}

}  // namespace howdah::job
