// Runs tests/scenarios/*.emr; their README says what the lines mean.

#include <fmt/format.h>

#include <fstream>

#include "base/text.h"
#include "services/emr/test_world.h"

namespace howdah::services::emr {
namespace {

std::string read_all(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class Scenario : public World {
 protected:
  void play(const std::filesystem::path& file) {
    const std::string text = read_all(file);
    int number = 0;
    for (std::string_view line : base::split(text, '\n')) {
      ++number;
      if (line.empty() || line.front() == '#') continue;
      SCOPED_TRACE(fmt::format("{}:{}: {}", file.filename().string(), number, line));
      const size_t space = line.find(' ');
      const std::string_view rest = space == line.npos ? "" : line.substr(space + 1);
      step(line.substr(0, space), rest);
      if (HasFailure()) return;
    }
  }

 private:
  void step(std::string_view verb, std::string_view rest) {
    const auto words = base::split(rest, ' ');
    if (verb == "call") {
      const size_t space = rest.find(' ');
      answer_ = call(rest.substr(0, space), fill(rest.substr(space + 1)));
      if (answer_.ok() && words[0] == "RunJobFlow") id_ = at(*answer_, "JobFlowId");
      move(base::Millis(0));
    } else if (verb == "----") {
      words[0] == "ok" ? expect_ok(rest.substr(3)) : expect_error(words[1], rest);
    } else if (verb == "advance") {
      move(duration(words[0]));
    } else if (verb == "end-step") {
      end_step(id_, fill(words[0]), std::stoi(std::string(words[1])));
      move(base::Millis(0));
    } else if (verb == "end-bootstrap") {
      end_bootstrap(std::stoi(std::string(words[0])), std::stoi(std::string(words[1])),
                    words.size() > 2 ? words[2] : "master/1");
    } else if (verb == "lose-node" || verb == "restart-host") {
      world_.restart_host();
      move(base::Millis(0));
    } else if (verb == "kill-node") {
      world_.kill_node(instance_at(words[0]));
      move(base::Millis(0));
    } else if (verb == "hold-decommission") {
      world_.hold_decommission = words.empty() || words[0] != "off";
      move(base::Millis(0));
    } else if (verb == "fail-daemon") {
      world_.nodes[instance_at(words[0])].daemons[std::string(words[1])] =
          cluster::Daemon::State::kFailed;
      move(base::Millis(0));
    } else if (verb == "expect") {
      expect_event(fill(rest));
    } else {
      ADD_FAILURE() << "unknown line";
    }
  }

  // "core/1": the first live instance of the role.
  std::string instance_at(std::string_view place) {
    const size_t slash = place.find('/');
    const std::string role(place.substr(0, slash));
    int left = slash == place.npos ? 1 : std::stoi(std::string(place.substr(slash + 1)));
    const auto loaded = std::move(store_->load(key(id_))).value();
    for (const cluster::Node& node : loaded.cluster.status.nodes) {
      const std::string name = base::to_lower(name_of(role_of(loaded.cluster, node)));
      if (name == role && !is_over(node) && --left == 0) return node.instance_id;
    }
    ADD_FAILURE() << "there is no " << place;
    return "";
  }

  void end_bootstrap(int action, int exit_code, std::string_view place) {
    const std::string instance = instance_at(place);
    const std::string process = cluster::process_of_bootstrap(action);
    ASSERT_EQ(world_.nodes[instance].processes[process].state, cluster::Process::State::kRunning);
    world_.finish(instance, process, exit_code, clock_.now());
    move(base::Millis(0));
  }

  // Time passes in one piece: idle time counts while the cluster waits.
  void move(base::Millis duration) {
    ASSERT_FALSE(id_.empty()) << "a scenario begins with a RunJobFlow that is answered";
    settle(id_);
    clock_.advance(duration);
    const auto row = store_->cluster(key(id_));
    const bool waits = row.ok() && row->status.state == cluster::State::kWaiting;
    world_.idle = waits ? world_.idle + duration : base::Millis(0);
    world_.leaving_for += duration;
    settle(id_);
  }

  static base::Millis duration(std::string_view text) {
    const int64_t count = std::stoll(std::string(text));
    if (text.ends_with('h')) return std::chrono::hours(count);
    if (text.ends_with('m')) return std::chrono::minutes(count);
    return std::chrono::seconds(count);
  }

  std::string fill(std::string_view text) const {
    std::string out(text);
    for (const auto& [name, value] : bound_) {
      for (size_t found; (found = out.find(name)) != out.npos;) {
        out.replace(found, name.size(), value);
      }
    }
    return out;
  }

  void expect_ok(std::string_view json) {
    ASSERT_TRUE(answer_.ok()) << answer_.error().reason << ": " << answer_.error().message;
    const auto expected = base::parse_json(fill(json));
    ASSERT_TRUE(expected.ok());
    EXPECT_TRUE(holds(base::Json(*answer_), *expected)) << base::to_text(*answer_);
  }

  void expect_error(std::string_view code, std::string_view rest) {
    ASSERT_FALSE(answer_.ok()) << base::to_text(*answer_);
    const size_t open = rest.find('"');
    const std::string begins = fill(rest.substr(open + 1, rest.rfind('"') - open - 1));
    EXPECT_EQ(answer_.error().reason, code);
    EXPECT_TRUE(answer_.error().message.starts_with(begins)) << answer_.error().message;
  }

  void expect_event(const std::string& rest) {
    const size_t open = rest.find('"');
    const std::string text = rest.substr(open + 1, rest.rfind('"') - open - 1);
    const auto events = std::move(store_->events(key(id_), 0, 1000)).value();
    for (const auto& row : events) {
      if (row.event.message.find(text) != std::string::npos) return;
    }
    ADD_FAILURE() << "no event says so";
  }

  // Everything that is expected is there; a <name> takes what it meets.
  bool holds(const base::Json& given, const base::Json& expected) {
    if (const base::JsonObject* members = expected.if_object()) {
      if (!given.is_object()) return false;
      for (const auto& [key, value] : *members) {
        const base::Json* found = given.get_object().if_contains(key);
        if (!found || !holds(*found, value)) return false;
      }
      return true;
    }
    if (const base::JsonArray* items = expected.if_array()) {
      if (!given.is_array() || given.get_array().size() != items->size()) return false;
      for (size_t i = 0; i < items->size(); ++i) {
        if (!holds(given.get_array()[i], (*items)[i])) return false;
      }
      return true;
    }
    const auto* text = expected.if_string();
    if (text && given.is_string() && text->starts_with('<') && text->ends_with('>')) {
      bound_.emplace(base::view_of(*text), base::view_of(given.get_string()));
      return true;
    }
    return given == expected;
  }

  std::string id_;
  base::Result<base::JsonObject> answer_ = base::JsonObject();
  std::map<std::string, std::string> bound_;  // "<j>" -> "j-…"
};

class EveryScenario : public Scenario, public testing::WithParamInterface<std::string> {};

TEST_P(EveryScenario, EndsAsItSays) {
  play(std::filesystem::path(HOWDAH_SCENARIOS) / (GetParam() + ".emr"));
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(HOWDAH_SCENARIOS)) {
    if (entry.path().extension() == ".emr") out.push_back(entry.path().stem());
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Emr, EveryScenario, testing::ValuesIn(names()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace howdah::services::emr
