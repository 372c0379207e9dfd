#include "control/serverless/standalone.h"

#include <fmt/format.h>

#include <charconv>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/json_members.h"
#include "base/text.h"
#include "control/jobs/ask_inside.h"
#include "control/jobs/log_place.h"
#include "serverless/plan/plan.h"

namespace howdah::control {
namespace {

constexpr base::Millis kPatience{1000};
constexpr size_t kMasterLog = 64 * 1024;  // it says where it listens at its very beginning
constexpr base::Millis kForgotten{60'000};
constexpr int kEach = 250;

// What follows `mark` up to the end of the word.
std::string_view word_after(std::string_view text, std::string_view mark) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + mark.size());
  const size_t end = rest.find_first_of(" \n\r");
  return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

template <typename Number>
Number number_in(std::string_view text) {
  Number out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? out : Number{0};
}

// Empty when it is no object.
base::JsonObject object_in(std::string_view answer) {
  auto parsed = base::parse_json(answer);
  return parsed.ok() && parsed->is_object() ? std::move(parsed->as_object()) : base::JsonObject();
}

class AskedClusters final : public StandaloneClusters {
 public:
  AskedClusters(nodes::Provider& nodes, const base::Clock& clock)
      : nodes_(nodes), clock_(clock), thread_([this](std::stop_token stop) { run(stop); }) {}

  std::string master(const AttemptPlace& place) override { return place_of(place).address; }

  Seen ask(const AttemptPlace& place, uint16_t ui_port) override {
    std::lock_guard lock(mutex_);
    Asked& one = asked_[place.node];
    if (!one.since) changed_.notify_all();
    one.place = place;
    one.ui_port = ui_port;
    one.since = clock_.steady();
    return one.said;
  }

 private:
  struct Asked {
    AttemptPlace place;
    uint16_t ui_port = 0;
    std::optional<base::Millis> since;  // somebody last wanted to know
    Seen said;
  };

  void run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      for (const Asked& one : those_that_matter()) {
        if (stop.stop_requested()) return;
        Seen said = look(one);
        std::lock_guard lock(mutex_);
        if (const auto at = asked_.find(one.place.node); at != asked_.end())
          at->second.said = std::move(said);
      }
      std::unique_lock lock(mutex_);
      if (asked_.empty()) {
        changed_.wait(lock, stop, [this] { return !asked_.empty(); });
      } else {
        changed_.wait_for(lock, stop, serverless::kAskDriver, [] { return false; });
      }
    }
  }

  std::vector<Asked> those_that_matter() {
    std::lock_guard lock(mutex_);
    std::erase_if(asked_, [&](const auto& entry) {
      return entry.second.since && clock_.steady() - *entry.second.since > kForgotten;
    });
    std::vector<Asked> out;
    for (const auto& [node, one] : asked_) out.push_back(one);
    return out;
  }

  Seen look(const Asked& one) {
    Seen out;
    const uint16_t pages = place_of(one.place).pages;
    if (pages == 0) return out;
    MasterAnswer master = master_answer(get(one.place.node, pages, "/json/"));
    out.idle = std::move(master.idle);
    if (one.ui_port != 0 && !master.application.empty())
      out.wanted =
          executors_wanted(get(one.place.node, one.ui_port, "/metrics/json/"), master.application);
    return out;
  }

  MasterPlace place_of(const AttemptPlace& place) {
    const auto log = nodes_.open_file(place.node, master_log(place.run, place.attempt));
    return log.ok() ? master_place(head_of(log->get(), kMasterLog)) : MasterPlace();
  }
  std::string get(const std::string& node, uint16_t port, const char* target) {
    http::ExchangeRequest request;
    request.target = target;
    auto answer = ask_inside(nodes_, clock_, node, port, std::move(request), kPatience);
    return answer.ok() && answer->status == 200 ? std::move(answer->body) : std::string();
  }

  nodes::Provider& nodes_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Asked> asked_;  // by node
  std::jthread thread_;                 // ends before what it uses
};

}  // namespace

std::string worker_address(int number) {
  return fmt::format("127.1.{}.{}", (number - 1) / kEach, (number - 1) % kEach + 1);
}

int worker_number(std::string_view address) {
  const auto parts = base::split(address, '.');
  if (parts.size() != 4 || parts[0] != "127" || parts[1] != "1") return 0;
  const int out = number_in<int>(parts[2]) * kEach + number_in<int>(parts[3]);
  return worker_address(out) == address ? out : 0;
}

MasterPlace master_place(std::string_view log) {
  MasterPlace out;
  const std::string_view pages = word_after(log, "Bound MasterWebUI to ");
  const std::string_view url = word_after(log, "and started at http://");
  const std::string_view address = word_after(log, "Starting Spark master at ");
  const size_t colon = url.rfind(':');
  // It has both, or is not ready.
  if (pages.empty() || colon == std::string_view::npos || !address.starts_with("spark://"))
    return out;
  out.pages = number_in<uint16_t>(url.substr(colon + 1));
  out.address = address;
  return out;
}

MasterAnswer master_answer(std::string_view answer) {
  MasterAnswer out;
  const base::JsonObject all = object_in(answer);
  for (const base::Json& item : base::array_at(all, "workers")) {
    const base::JsonObject* worker = item.if_object();
    if (worker == nullptr || base::text_at(*worker, "state") != "ALIVE") continue;
    const int number = worker_number(base::text_at(*worker, "host"));
    if (number != 0 && base::int_at(*worker, "coresused", 1) == 0) out.idle.insert(number);
  }
  const base::JsonArray running = base::array_at(all, "activeapps");
  if (!running.empty() && running.front().is_object())
    out.application = base::string_at(running.front().as_object(), "id");
  return out;
}

std::optional<int64_t> executors_wanted(std::string_view answer, std::string_view application) {
  const base::JsonObject all = object_in(answer);
  const base::JsonObject* gauges = base::find_object(all, "gauges");
  const std::string name = fmt::format(
      "{}.driver.ExecutorAllocationManager.executors.numberTargetExecutors", application);
  const base::JsonObject* gauge = gauges == nullptr ? nullptr : base::find_object(*gauges, name);
  if (gauge == nullptr) return std::nullopt;
  return base::int_at(*gauge, "value");
}

std::unique_ptr<StandaloneClusters> make_standalone_clusters(nodes::Provider& nodes,
                                                             const base::Clock& clock) {
  return std::make_unique<AskedClusters>(nodes, clock);
}

}  // namespace howdah::control
