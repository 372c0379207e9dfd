// submit_notes() of node_view.h: the same walk over the arguments as
// apps/spark/node/usr/bin/spark-submit takes; tests/apps holds the two against each other.

#include <algorithm>
#include <array>

#include "apps/node_view.h"

namespace howdah::apps {
namespace {

constexpr std::string_view kMaster =
    "master yarn: this cluster has no core nodes, so it runs as local[*] on the primary node";
constexpr std::string_view kCluster =
    "deploy mode cluster: this cluster has no core nodes, so the driver runs on the primary node "
    "(client)";
constexpr std::array kPrograms = {"spark-submit", "spark-shell", "pyspark", "spark-sql"};
constexpr std::array kFlags = {"--supervise", "--verbose", "-v",           "--help",
                               "-h",          "--version", "--usage-error"};

bool is_yarn(std::string_view master) {
  return master == "yarn" || master == "yarn-client" || master == "yarn-cluster";
}

template <typename List>
bool among(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// What is said about one option and its value; empty when nothing changes.
std::string_view note_on(std::string_view option, std::string_view value) {
  if (option == "--master") return is_yarn(value) ? kMaster : std::string_view();
  if (option == "--deploy-mode") return value == "cluster" ? kCluster : std::string_view();
  if (option != "--conf" && option != "-c") return {};
  if (value.starts_with("spark.master=yarn")) return kMaster;
  return value == "spark.submit.deployMode=cluster" ? kCluster : std::string_view();
}

}  // namespace

std::vector<std::string> submit_notes(const std::vector<std::string>& argv) {
  std::vector<std::string> out;
  if (argv.empty()) return out;
  const std::string_view program = std::string_view(argv[0]).substr(argv[0].rfind('/') + 1);
  if (!among(kPrograms, program)) return out;
  for (size_t i = 1; i < argv.size(); ++i) {
    const std::string_view argument = argv[i];
    std::string_view note;
    const size_t equals = argument.find('=');
    if (argument.starts_with("--") && equals != std::string_view::npos) {
      note = note_on(argument.substr(0, equals), argument.substr(equals + 1));
    } else if (argument == "-c" || (argument.starts_with("--") && !among(kFlags, argument))) {
      if (++i < argv.size()) note = note_on(argument, argv[i]);
    } else if (!argument.starts_with('-') && program == "spark-submit") {
      break;  // the application; what follows is its own
    }
    if (!note.empty() && !among(out, note)) out.emplace_back(note);
  }
  return out;
}

}  // namespace howdah::apps
