#include "store/control/serverless_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "db/database.h"
#include "store/control/schema_serverless.h"

namespace howdah::store {
namespace {

using base::JsonObject;
using base::Result;
using base::Status;
using serverless::Application;
using serverless::ApplicationState;
using serverless::Event;
using serverless::JobRun;
using serverless::Key;

// User Guide, "Job run states": a run is kept for 30 days.
constexpr base::Millis kLife = std::chrono::hours(24 * 30);

constexpr int64_t kReserve = 8 * 1024 * 1024;  // as control.db

constexpr char kUnfinished[] = "state NOT IN ('SUCCESS', 'FAILED', 'CANCELLED')";

base::Error no_application(const Key& key) {
  return {base::Code::kNotFound, fmt::format("Application {} does not exist.", key.id), {}, {}};
}
base::Error no_run(const std::string& id) {
  return {base::Code::kNotFound, fmt::format("Job run {} does not exist.", id), {}, {}};
}
base::Error other_request(const std::string& token) {
  return {base::Code::kAlreadyExists,
          fmt::format("The client token {} came with another request before.", token),
          {},
          {}};
}

Result<JsonObject> object_from(std::string_view text) {
  base::Json value = TRY(base::parse_json(text));
  if (!value.is_object()) {
    return base::internal("serverless.db holds something other than an object");
  }
  return std::move(value.get_object());
}

std::optional<std::string> nullable(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<int64_t> nullable(const std::optional<base::Time>& time) {
  return time ? std::optional(base::to_millis(*time)) : std::nullopt;
}

// " AND state IN ('A','B')" of names of our own; "" when there are none.
template <typename State>
std::string state_filter(const std::vector<State>& states) {
  if (states.empty()) return "";
  std::string out;
  for (State state : states)
    out += fmt::format("{}'{}'", out.empty() ? "" : ",", serverless::name_of(state));
  return fmt::format(" AND state IN ({})", out);
}

int64_t millis_or(const std::optional<base::Time>& time, int64_t otherwise) {
  return time ? base::to_millis(*time) : otherwise;
}

class Store final : public ServerlessStore {
 public:
  explicit Store(std::unique_ptr<db::Database> database, base::Clock& clock)
      : db_(std::move(database)), clock_(clock) {}

  Result<ApplicationRow> create_application(const Key& key,
                                            const serverless::WantedApplication& wanted,
                                            const std::string& client_token) override {
    ApplicationRow row;
    TRY(db_->write([&](db::Connection& c) -> Status {
      if (const auto before = TRY(made_with(c, key, client_token))) {
        row = TRY(read_application(c, before->key));
        return before->asked == wanted.request ? base::ok() : Status(other_request(client_token));
      }
      const base::Time now = clock_.now();
      row = {key, wanted, {}};
      row.status.created = row.status.updated = now;
      TRY(c.run(
          "INSERT INTO applications (account, region, id, created, state, wanted, status, "
          "token, asked) VALUES (?,?,?,?,?,?,?,?,?)",
          key.account, key.region, key.id, base::to_millis(now),
          serverless::name_of(row.status.state), base::to_text(serverless::to_json(row.wanted)),
          base::to_text(serverless::to_json(row.status)), nullable(client_token),
          base::to_text(wanted.request)));
      return append_event(
          c, key, {now, key.id, "application", "CREATING", "The application was requested."});
    }));
    changes_.notify(row.key);
    return row;
  }

  Result<ApplicationRow> application(const Key& key) override {
    ApplicationRow out;
    TRY(db_->read([&](db::Connection& c) -> Status {
      out = TRY(read_application(c, key));
      return base::ok();
    }));
    return out;
  }

  Result<Page<ApplicationRow>> applications(const std::string& account, const std::string& region,
                                            const std::vector<ApplicationState>& states,
                                            const std::string& marker, size_t limit) override {
    std::pair<int64_t, std::string> after{INT64_MAX, ""};
    if (!marker.empty()) after = TRY(position_of(marker));
    const std::string sql = fmt::format(
        "SELECT id, wanted, status, created FROM applications WHERE account = ? AND region = ? AND "
        "(created < ? OR (created = ? AND id > ?)){} ORDER BY created DESC, id LIMIT ?",
        state_filter(states));
    Page<ApplicationRow> page;
    TRY(db_->read([&](db::Connection& c) -> Status {
      db::Query q =
          c.query(sql, account, region, after.first, after.first, after.second, limit + 1);
      int64_t last = 0;
      while (TRY(q.next())) {
        if (page.rows.size() == limit) {
          page.next = marker_of(last, page.rows.back().key.id);
          break;
        }
        page.rows.push_back(TRY(application_from({account, region, std::string(q.text(0))}, q)));
        last = q.integer(3);
      }
      return base::ok();
    }));
    return page;
  }

  Result<ApplicationRow> change_application(
      const Key& key,
      const std::function<Status(serverless::WantedApplication&,
                                 const serverless::ApplicationStatus&, size_t)>& change) override {
    ApplicationRow row;
    TRY(db_->write([&](db::Connection& c) -> Status {
      row = TRY(read_application(c, key));
      TRY(change(row.wanted, row.status, TRY(count_unfinished(c, key))));
      TRY(
          c.run("UPDATE applications SET wanted = ?, version = version + 1 WHERE account = ? AND "
                "region = ? AND id = ?",
                base::to_text(serverless::to_json(row.wanted)), key.account, key.region, key.id));
      return base::ok();
    }));
    changes_.notify(key);
    return row;
  }

  Result<JobRun> start_run(
      const Key& key, const JobRun& run, const std::string& client_token,
      const std::function<Status(const ApplicationRow&, size_t)>& check) override {
    JobRun out;
    TRY(db_->write([&](db::Connection& c) -> Status {
      const ApplicationRow row = TRY(read_application(c, key));
      if (!client_token.empty()) {
        db::Query q = c.query(
            "SELECT wanted, status, id, sequence FROM runs WHERE account = ? AND region = ? AND "
            "application = ? AND token = ?",
            key.account, key.region, key.id, client_token);
        if (TRY(q.next())) {
          out = TRY(run_from(q));
          if (out.wanted.request != run.wanted.request) return other_request(client_token);
          return base::ok();
        }
      }
      TRY(check(row, TRY(count_unfinished(c, key))));
      out = run;
      return insert_run(c, key, client_token, out);
    }));
    changes_.notify(key);
    return out;
  }

  Result<JobRun> run(const Key& key, const std::string& run_id) override {
    JobRun out;
    TRY(db_->read([&](db::Connection& c) -> Status {
      out = TRY(read_run(c, key, run_id));
      return base::ok();
    }));
    return out;
  }

  Result<Page<JobRun>> runs(const Key& key, const RunFilter& filter, const std::string& marker,
                            size_t limit) override {
    int64_t before = INT64_MAX;
    if (!marker.empty()) before = TRY(position_of(marker)).first;
    const std::string sql = fmt::format(
        "SELECT wanted, status, id, sequence FROM runs WHERE account = ? AND region = ? AND "
        "application = ? AND sequence < ? AND created >= ? AND created <= ? AND (? = '' OR mode = "
        "?){} ORDER BY sequence DESC LIMIT ?",
        state_filter(filter.states));
    Page<JobRun> page;
    TRY(db_->read([&](db::Connection& c) -> Status {
      TRY(read_application(c, key));
      db::Query q =
          c.query(sql, key.account, key.region, key.id, before, millis_or(filter.created_after, 0),
                  millis_or(filter.created_before, INT64_MAX), filter.mode, filter.mode, limit + 1);
      while (TRY(q.next())) {
        if (page.rows.size() == limit) {
          page.next = marker_of(page.rows.back().sequence, "run");
          break;
        }
        page.rows.push_back(TRY(run_from(q)));
      }
      return base::ok();
    }));
    return page;
  }

  Result<JobRun> change_run(
      const Key& key, const std::string& run_id,
      const std::function<Status(serverless::WantedRun&, const serverless::RunStatus&)>& change)
      override {
    JobRun out;
    TRY(db_->write([&](db::Connection& c) -> Status {
      out = TRY(read_run(c, key, run_id));
      TRY(change(out.wanted, out.status));
      TRY(
          c.run("UPDATE runs SET wanted = ? WHERE account = ? AND region = ? AND application = ? "
                "AND sequence = ?",
                base::to_text(serverless::to_json(out.wanted)), key.account, key.region, key.id,
                out.sequence));
      return bump(c, key);
    }));
    changes_.notify(key);
    return out;
  }

  Result<std::vector<EventRow>> events(const Key& key, int64_t after_id, size_t limit) override {
    std::vector<EventRow> out;
    TRY(db_->read([&](db::Connection& c) -> Status {
      db::Query q = c.query(
          "SELECT id, at, subject, kind, state, message FROM events WHERE account = ? AND region = "
          "? AND application = ? AND id > ? ORDER BY id LIMIT ?",
          key.account, key.region, key.id, after_id, limit);
      while (TRY(q.next())) {
        out.push_back({q.integer(0),
                       {base::from_millis(q.integer(1)), std::string(q.text(2)),
                        std::string(q.text(3)), std::string(q.text(4)), std::string(q.text(5))}});
      }
      return base::ok();
    }));
    return out;
  }

  Status warn(const Key& key, const std::string& subject, const std::string& message) override {
    return db_->write([&](db::Connection& c) -> Status {
      return append_event(c, key, {clock_.now(), subject, "warning", "", message});
    });
  }

  Result<Loaded> load(const Key& key) override {
    Loaded out;
    TRY(db_->read([&](db::Connection& c) -> Status {
      ApplicationRow row = TRY(read_application(c, key));
      out.application = {key, std::move(row.wanted), std::move(row.status), {}};
      db::Query v =
          c.query("SELECT version FROM applications WHERE account = ? AND region = ? AND id = ?",
                  key.account, key.region, key.id);
      if (TRY(v.next())) out.version = v.integer(0);
      db::Query q = c.query(
          fmt::format(
              "SELECT wanted, status, id, sequence FROM runs WHERE account = ? AND region = "
              "? AND application = ? AND {} ORDER BY sequence",
              kUnfinished),
          key.account, key.region, key.id);
      while (TRY(q.next())) out.application.runs.push_back(TRY(run_from(q)));
      return base::ok();
    }));
    return out;
  }

  Status commit(const Loaded& before, const Application& next,
                const std::vector<Event>& events) override {
    const Key& key = before.application.key;
    std::vector<const JobRun*> changed;
    for (const JobRun& run : next.runs) {
      const auto was = std::find_if(before.application.runs.begin(), before.application.runs.end(),
                                    [&](const JobRun& each) { return each.id == run.id; });
      if (was != before.application.runs.end() && was->status != run.status)
        changed.push_back(&run);
    }
    if (changed.empty() && events.empty() && next.status == before.application.status)
      return base::ok();
    TRY(db_->write([&](db::Connection& c) -> Status {
      const int64_t rows = TRY(c.run(
          "UPDATE applications SET status = ?, state = ?, version = version + 1 WHERE "
          "account = ? AND region = ? AND id = ? AND version = ?",
          base::to_text(serverless::to_json(next.status)), serverless::name_of(next.status.state),
          key.account, key.region, key.id, before.version));
      if (rows == 0) {
        return base::Error{base::Code::kAborted,
                           fmt::format("{} changed while it was decided about", key.id),
                           {},
                           {}};
      }
      for (const JobRun* run : changed) TRY(write_status(c, key, *run));
      for (const Event& event : events) TRY(append_event(c, key, event));
      return base::ok();
    }));
    changes_.notify(key);
    return base::ok();
  }

  Result<std::vector<Key>> unfinished() override {
    std::vector<Key> out;
    TRY(db_->read([&](db::Connection& c) -> Status {
      db::Query q =
          c.query("SELECT account, region, id FROM applications WHERE state != 'TERMINATED'");
      while (TRY(q.next()))
        out.push_back({std::string(q.text(0)), std::string(q.text(1)), std::string(q.text(2))});
      return base::ok();
    }));
    return out;
  }

  Result<std::vector<std::pair<Key, std::string>>> expire(base::Time now) override {
    std::vector<std::pair<Key, std::string>> gone;
    const int64_t oldest = base::to_millis(now - kLife);
    TRY(db_->write([&](db::Connection& c) -> Status {
      gone.clear();
      TRY(c.run("DELETE FROM events WHERE at < ?", oldest));
      {
        // An application is only deleted when its runs have ended: none of them is younger.
        db::Query q =
            c.query("SELECT account, region, application, id FROM runs WHERE ended < ?", oldest);
        while (TRY(q.next())) {
          gone.push_back({{std::string(q.text(0)), std::string(q.text(1)), std::string(q.text(2))},
                          std::string(q.text(3))});
        }
      }
      TRY(c.run("DELETE FROM runs WHERE ended < ?", oldest));
      TRY(
          c.run("DELETE FROM applications WHERE state = 'TERMINATED' AND json_extract(status, "
                "'$.updated') < ?",
                oldest));
      return base::ok();
    }));
    return gone;
  }

  Changes& changes() override { return changes_; }

 private:
  struct Made {
    Key key;
    JsonObject asked;
  };
  static Result<std::optional<Made>> made_with(db::Connection& c, const Key& key,
                                               const std::string& token) {
    if (token.empty()) return std::optional<Made>();
    db::Query q =
        c.query("SELECT id, asked FROM applications WHERE account = ? AND region = ? AND token = ?",
                key.account, key.region, token);
    if (!TRY(q.next())) return std::optional<Made>();
    return std::optional(
        Made{{key.account, key.region, std::string(q.text(0))}, TRY(object_from(q.text(1)))});
  }

  // Columns 1 and 2 of a query: wanted, status.
  static Result<ApplicationRow> application_from(Key key, db::Query& q) {
    ApplicationRow row;
    row.key = std::move(key);
    row.wanted = serverless::wanted_application_from(TRY(object_from(q.text(1))));
    row.status = serverless::application_status_from(TRY(object_from(q.text(2))));
    return row;
  }

  static Result<ApplicationRow> read_application(db::Connection& c, const Key& key) {
    db::Query q = c.query(
        "SELECT id, wanted, status FROM applications WHERE account = ? AND region = ? AND id = ?",
        key.account, key.region, key.id);
    if (!TRY(q.next())) return no_application(key);
    return application_from(key, q);
  }

  static Result<size_t> count_unfinished(db::Connection& c, const Key& key) {
    db::Query q = c.query(fmt::format("SELECT count(*) FROM runs WHERE account = ? AND region = ? "
                                      "AND application = ? AND {}",
                                      kUnfinished),
                          key.account, key.region, key.id);
    return TRY(q.next()) ? static_cast<size_t>(q.integer(0)) : size_t{0};
  }

  // Columns: wanted, status, id, sequence.
  static Result<JobRun> run_from(db::Query& q) {
    JobRun run;
    run.wanted = serverless::wanted_run_from(TRY(object_from(q.text(0))));
    run.status = serverless::run_status_from(TRY(object_from(q.text(1))));
    run.id = std::string(q.text(2));
    run.sequence = q.integer(3);
    return run;
  }

  static Result<JobRun> read_run(db::Connection& c, const Key& key, const std::string& run_id) {
    TRY(read_application(c, key));
    db::Query q = c.query(
        "SELECT wanted, status, id, sequence FROM runs WHERE account = ? AND region = ? AND "
        "application = ? AND id = ?",
        key.account, key.region, key.id, run_id);
    if (!TRY(q.next())) return no_run(run_id);
    return run_from(q);
  }

  Status insert_run(db::Connection& c, const Key& key, const std::string& token, JobRun& run) {
    const base::Time now = clock_.now();
    TRY(c.run(
        "UPDATE applications SET runs = runs + 1, version = version + 1 WHERE account = ? AND "
        "region = ? AND id = ?",
        key.account, key.region, key.id));
    db::Query q =
        c.query("SELECT runs FROM applications WHERE account = ? AND region = ? AND id = ?",
                key.account, key.region, key.id);
    if (TRY(q.next())) run.sequence = q.integer(0);
    run.status = {};
    run.status.created = run.status.updated = now;
    serverless::Attempt first;
    first.created = first.updated = now;
    run.status.attempts.push_back(std::move(first));
    TRY(
        c.run("INSERT INTO runs (account, region, application, sequence, id, created, state, mode, "
              "wanted, status, token) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
              key.account, key.region, key.id, run.sequence, run.id, base::to_millis(now),
              serverless::name_of(run.status.state), run.wanted.mode,
              base::to_text(serverless::to_json(run.wanted)),
              base::to_text(serverless::to_json(run.status)), nullable(token)));
    return append_event(c, key,
                        {now, run.id, "job-run", "SUBMITTED", "The job run was submitted."});
  }

  static Status write_status(db::Connection& c, const Key& key, const JobRun& run) {
    const bool ended = serverless::is_terminal(run.status.state);
    TRY(
        c.run("UPDATE runs SET status = ?, state = ?, ended = ? WHERE account = ? AND region = ? "
              "AND application = ? AND id = ?",
              base::to_text(serverless::to_json(run.status)), serverless::name_of(run.status.state),
              nullable(ended ? run.status.ended : std::nullopt), key.account, key.region, key.id,
              run.id));
    return base::ok();
  }

  static Status bump(db::Connection& c, const Key& key) {
    TRY(
        c.run("UPDATE applications SET version = version + 1 WHERE account = ? AND region = ? AND "
              "id = ?",
              key.account, key.region, key.id));
    return base::ok();
  }

  static Status append_event(db::Connection& c, const Key& key, const Event& event) {
    TRY(c.run(
        "INSERT INTO events (account, region, application, at, subject, kind, state, message) "
        "VALUES (?,?,?,?,?,?,?,?)",
        key.account, key.region, key.id, base::to_millis(event.at), event.subject, event.kind,
        event.state, event.message));
    return base::ok();
  }

  std::unique_ptr<db::Database> db_;
  base::Clock& clock_;
  Changes changes_;
};

}  // namespace

Result<std::unique_ptr<ServerlessStore>> ServerlessStore::open(const std::string& path,
                                                               base::Clock& clock) {
  static constexpr const char* kMigrations[] = {kServerlessSchema};
  db::Options options;
  options.path = path;
  options.sync = db::Sync::kFull;
  options.migrations = kMigrations;
  options.reserve = kReserve;
  auto database = TRY(db::Database::open(options));
  return std::unique_ptr<ServerlessStore>(std::make_unique<Store>(std::move(database), clock));
}

}  // namespace howdah::store
