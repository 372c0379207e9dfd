#include "store/control/control_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "db/database.h"
#include "store/control/schema.h"

namespace howdah::store {
namespace {

using base::JsonObject;
using base::Result;
using base::Status;
using cluster::Key;

// How what runs ends is written down on a full disk too: a few hundred ends.
constexpr int64_t kReserve = 8 * 1024 * 1024;
constexpr base::Millis kRetryWindow = std::chrono::minutes(15);
constexpr base::Millis kEventLife = std::chrono::hours(24 * 7);
constexpr base::Millis kClusterLife = std::chrono::hours(24 * 61);

base::Error no_cluster(const Key& key) {
  return {base::Code::kNotFound, fmt::format("Cluster id '{}' is not valid.", key.id), {}, {}};
}

Result<JsonObject> object_from(std::string_view text) {
  base::Json value = TRY(base::parse_json(text));
  if (!value.is_object()) return base::internal("control.db holds something other than an object");
  return std::move(value.get_object());
}

class Store final : public ControlStore {
 public:
  Store(std::unique_ptr<db::Database> database, base::Clock& clock)
      : db_(std::move(database)), clock_(clock) {}

  Result<JsonObject> create_cluster(const Key& key, const cluster::Wanted& wanted,
                                    const JsonObject& request, const std::vector<NewStep>& steps,
                                    const Retry& retry, const JsonObject& answer) override {
    JsonObject given = answer;
    TRY(db_->write([&](db::Connection& c) -> Status {
      given = answer;
      if (const auto before = TRY(recall(c, retry))) {
        given = *before;
        return base::ok();
      }
      const base::Time now = clock_.now();
      cluster::Status status;
      status.timeline.created = now;
      status.reason.message = "Configuring cluster";
      TRY(
          c.run("INSERT INTO clusters (account, region, id, created, state, request, wanted, "
                "status) VALUES (?,?,?,?,?,?,?,?)",
                key.account, key.region, key.id, base::to_millis(now),
                cluster::name_of(status.state), base::to_text(request),
                base::to_text(cluster::to_json(wanted)), base::to_text(cluster::to_json(status))));
      TRY(append_steps(c, key, steps, now));
      TRY(append_event(c, key, {now, key.id, "cluster", "STARTING", "The cluster was requested."}));
      return remember(c, retry, answer);
    }));
    changes_.notify(key);
    return given;
  }

  Result<ClusterRow> cluster(const Key& key) override {
    ClusterRow out;
    TRY(db_->read([&](db::Connection& c) -> Status {
      out = TRY(read_cluster(c, key));
      return base::ok();
    }));
    return out;
  }

  Result<Page<ClusterRow>> clusters(const std::string& account, const std::string& region,
                                    const ClusterFilter& filter, const std::string& marker,
                                    size_t limit) override {
    std::pair<int64_t, std::string> after{INT64_MAX, ""};
    if (!marker.empty()) after = TRY(position_of(marker));
    std::string sql =
        "SELECT id, request, wanted, status, created FROM clusters WHERE account = ? AND region = "
        "? "
        "AND (created < ? OR (created = ? AND id > ?)) AND created >= ? AND created <= ?";
    if (!filter.states.empty()) {
      sql += " AND state IN (";
      for (size_t i = 0; i < filter.states.size(); ++i) {
        sql += fmt::format("{}'{}'", i ? "," : "",
                           cluster::name_of(filter.states[i]));  // names of our own
      }
      sql += ")";
    }
    sql += " ORDER BY created DESC, id LIMIT ?";
    Page<ClusterRow> page;
    TRY(db_->read([&](db::Connection& c) -> Status {
      db::Query q = c.query(
          sql, account, region, after.first, after.first, after.second,
          filter.created_after ? base::to_millis(*filter.created_after) : int64_t{0},
          filter.created_before ? base::to_millis(*filter.created_before) : INT64_MAX, limit + 1);
      int64_t last = 0;
      while (TRY(q.next())) {
        if (page.rows.size() == limit) {
          page.next = marker_of(last, page.rows.back().key.id);
          break;
        }
        page.rows.push_back(TRY(cluster_from({account, region, std::string(q.text(0))}, q)));
        last = q.integer(4);
      }
      return base::ok();
    }));
    return page;
  }

  Status change_wanted(
      const std::vector<Key>& keys,
      const std::function<Status(cluster::Wanted&, const cluster::Status&)>& change) override {
    TRY(db_->write([&](db::Connection& c) -> Status {
      for (const Key& key : keys) TRY(change_in(c, key, change));
      return base::ok();
    }));
    for (const Key& key : keys) changes_.notify(key);
    return base::ok();
  }

  Result<JsonObject> change_wanted_once(
      const Key& key, const std::function<Status(cluster::Wanted&, const cluster::Status&)>& change,
      const Retry& retry, const JsonObject& answer) override {
    JsonObject given = answer;
    TRY(db_->write([&](db::Connection& c) -> Status {
      given = answer;
      if (const auto before = TRY(recall(c, retry))) {
        given = *before;
        return base::ok();
      }
      TRY(change_in(c, key, change));
      return remember(c, retry, answer);
    }));
    changes_.notify(key);
    return given;
  }

  Result<JsonObject> add_steps(const Key& key, const std::vector<NewStep>& steps,
                               const std::function<Status(const ClusterRow&, size_t)>& check,
                               const Retry& retry, const JsonObject& answer) override {
    JsonObject given = answer;
    TRY(db_->write([&](db::Connection& c) -> Status {
      given = answer;
      if (const auto before = TRY(recall(c, retry))) {
        given = *before;
        return base::ok();
      }
      const ClusterRow row = TRY(read_cluster(c, key));
      int64_t unfinished = 0;
      db::Query q = c.query(
          "SELECT count(*) FROM steps WHERE account = ? AND region = ? AND cluster = ? "
          "AND state IN ('PENDING', 'RUNNING', 'CANCEL_PENDING')",
          key.account, key.region, key.id);
      if (TRY(q.next())) unfinished = q.integer(0);
      TRY(check(row, static_cast<size_t>(unfinished)));
      TRY(append_steps(c, key, steps, clock_.now()));
      TRY(bump(c, key));
      return remember(c, retry, answer);
    }));
    changes_.notify(key);
    return given;
  }

  Result<StepRow> step(const Key& key, const std::string& step_id) override {
    StepRow out;
    TRY(db_->read([&](db::Connection& c) -> Status {
      TRY(read_cluster(c, key));
      db::Query q = c.query(
          "SELECT config, wanted, status FROM steps WHERE account = ? AND region = ? AND cluster = "
          "? AND id = ?",
          key.account, key.region, key.id, step_id);
      if (!TRY(q.next())) {
        return base::Error{
            base::Code::kNotFound, fmt::format("Step id '{}' is not valid.", step_id), {}, {}};
      }
      out = TRY(step_row(q, 0));
      return base::ok();
    }));
    return out;
  }

  Result<Page<StepRow>> steps(const Key& key, const std::vector<std::string>& ids,
                              const std::vector<cluster::StepState>& states,
                              const std::string& marker, size_t limit) override {
    int64_t before = INT64_MAX;
    if (!marker.empty()) before = TRY(position_of(marker)).first;
    std::string state_filter;
    for (cluster::StepState state : states) {
      state_filter +=
          fmt::format("{}'{}'", state_filter.empty() ? "" : ",", cluster::name_of(state));
    }
    const std::set<std::string> wanted_ids(ids.begin(), ids.end());
    const std::string sql = fmt::format(
        "SELECT config, wanted, status, sequence, id FROM steps WHERE account = ? AND region = ? "
        "AND cluster = ? "
        "AND sequence < ?{} ORDER BY sequence DESC",
        state_filter.empty() ? "" : " AND state IN (" + state_filter + ")");
    Page<StepRow> page;
    TRY(db_->read([&](db::Connection& c) -> Status {
      TRY(read_cluster(c, key));
      db::Query q = c.query(sql, key.account, key.region, key.id, before);
      while (TRY(q.next())) {
        if (!wanted_ids.empty() && !wanted_ids.contains(std::string(q.text(4)))) continue;
        if (page.rows.size() == limit) {
          page.next = marker_of(page.rows.back().step.sequence, "step");
          break;
        }
        page.rows.push_back(TRY(step_row(q, 0)));
      }
      return base::ok();
    }));
    return page;
  }

  Result<std::vector<CancelOutcome>> cancel_steps(
      const Key& key, const std::vector<std::string>& ids, cluster::Cancel how,
      const std::function<std::string(const cluster::Step*)>& may_cancel) override {
    std::vector<CancelOutcome> out;
    TRY(db_->write([&](db::Connection& c) -> Status {
      out.clear();
      TRY(read_cluster(c, key));
      for (const std::string& id : ids) {
        db::Query q = c.query(
            "SELECT config, wanted, status FROM steps WHERE account = ? AND region = ? AND cluster "
            "= ? AND id = ?",
            key.account, key.region, key.id, id);
        std::optional<cluster::Step> step;
        if (TRY(q.next())) step = TRY(step_row(q, 0)).step;
        std::string refusal = may_cancel(step ? &*step : nullptr);
        if (step && refusal.empty()) {
          step->cancel = how;
          TRY(
              c.run("UPDATE steps SET wanted = ? WHERE account = ? AND region = ? AND cluster = ? "
                    "AND id = ?",
                    base::to_text(cluster::wanted_of(*step)), key.account, key.region, key.id, id));
        }
        out.push_back({id, refusal.empty(), std::move(refusal)});
      }
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
          "? "
          "AND cluster = ? AND id > ? ORDER BY id LIMIT ?",
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

  Status warn(const Key& key, const std::string& message) override {
    return db_->write([&](db::Connection& c) -> Status {
      return append_event(c, key, {clock_.now(), key.id, "warning", "", message});
    });
  }

  Result<Loaded> load(const Key& key) override {
    Loaded out;
    TRY(db_->read([&](db::Connection& c) -> Status {
      const ClusterRow row = TRY(read_cluster(c, key));
      out.cluster = {key, row.wanted, row.status, {}};
      db::Query v =
          c.query("SELECT version FROM clusters WHERE account = ? AND region = ? AND id = ?",
                  key.account, key.region, key.id);
      if (TRY(v.next())) out.version = v.integer(0);
      db::Query q = c.query(
          "SELECT config, wanted, status FROM steps WHERE account = ? AND region = ? AND cluster = "
          "? "
          "AND state IN ('PENDING', 'RUNNING', 'CANCEL_PENDING') ORDER BY sequence",
          key.account, key.region, key.id);
      while (TRY(q.next())) out.cluster.steps.push_back(TRY(step_row(q, 0)).step);
      return base::ok();
    }));
    return out;
  }

  Status commit(const Loaded& before, const cluster::Cluster& next,
                const std::vector<cluster::Event>& events) override {
    const Key& key = before.cluster.key;
    std::vector<const cluster::Step*> changed;
    for (size_t i = 0; i < next.steps.size(); ++i) {
      if (i >= before.cluster.steps.size() ||
          base::to_text(cluster::status_of(next.steps[i])) !=
              base::to_text(cluster::status_of(before.cluster.steps[i]))) {
        changed.push_back(&next.steps[i]);
      }
    }
    if (changed.empty() && events.empty() && next.status == before.cluster.status)
      return base::ok();
    TRY(db_->write([&](db::Connection& c) -> Status {
      const int64_t rows = TRY(
          c.run("UPDATE clusters SET status = ?, state = ?, version = version + 1 WHERE account = "
                "? AND region = ? AND id = ? AND version = ?",
                base::to_text(cluster::to_json(next.status)), cluster::name_of(next.status.state),
                key.account, key.region, key.id, before.version));
      if (rows == 0) {
        return base::Error{base::Code::kAborted,
                           fmt::format("{} changed while it was decided about", key.id),
                           {},
                           {}};
      }
      for (const cluster::Step* step : changed) {
        TRY(
            c.run("UPDATE steps SET status = ?, state = ? WHERE account = ? AND region = ? AND "
                  "cluster = ? AND sequence = ?",
                  base::to_text(cluster::status_of(*step)), cluster::name_of(step->state),
                  key.account, key.region, key.id, step->sequence));
      }
      for (const cluster::Event& event : events) TRY(append_event(c, key, event));
      return base::ok();
    }));
    changes_.notify(key);
    return base::ok();
  }

  Result<std::vector<Key>> unfinished() override {
    std::vector<Key> out;
    TRY(db_->read([&](db::Connection& c) -> Status {
      db::Query q = c.query(
          "SELECT account, region, id FROM clusters WHERE state NOT IN ('TERMINATED', "
          "'TERMINATED_WITH_ERRORS')");
      while (TRY(q.next()))
        out.push_back({std::string(q.text(0)), std::string(q.text(1)), std::string(q.text(2))});
      return base::ok();
    }));
    return out;
  }

  Result<std::vector<Expired>> expire(base::Time now) override {
    std::vector<Expired> gone;
    TRY(db_->write([&](db::Connection& c) -> Status {
      gone.clear();
      TRY(c.run("DELETE FROM retries WHERE at < ?", base::to_millis(now - kRetryWindow)));
      TRY(c.run("DELETE FROM events WHERE at < ?", base::to_millis(now - kEventLife)));
      {
        db::Query q = c.query(
            "SELECT account, region, id, json_extract(status, '$.next_number') FROM clusters WHERE "
            "state IN ('TERMINATED', 'TERMINATED_WITH_ERRORS') AND json_extract(status, "
            "'$.timeline.ended') < ?",
            base::to_millis(now - kClusterLife));
        while (TRY(q.next())) {
          gone.push_back({{std::string(q.text(0)), std::string(q.text(1)), std::string(q.text(2))},
                          static_cast<int>(q.integer(3))});
        }
      }
      for (const auto& [key, instances] : gone) {
        for (const char* table : {"steps WHERE account = ? AND region = ? AND cluster = ?",
                                  "clusters WHERE account = ? AND region = ? AND id = ?"}) {
          TRY(c.run(fmt::format("DELETE FROM {}", table), key.account, key.region, key.id));
        }
      }
      return base::ok();
    }));
    return gone;
  }

  Changes& changes() override { return changes_; }

 private:
  static Status change_in(
      db::Connection& c, const Key& key,
      const std::function<Status(cluster::Wanted&, const cluster::Status&)>& change) {
    ClusterRow row = TRY(read_cluster(c, key));
    TRY(change(row.wanted, row.status));
    TRY(
        c.run("UPDATE clusters SET wanted = ?, version = version + 1 WHERE account = ? AND "
              "region = ? AND id = ?",
              base::to_text(cluster::to_json(row.wanted)), key.account, key.region, key.id));
    return base::ok();
  }

  // Columns 1..3 of a query: request, wanted, status.
  static Result<ClusterRow> cluster_from(Key key, db::Query& q) {
    ClusterRow row;
    row.key = std::move(key);
    row.request = TRY(object_from(q.text(1)));
    row.wanted = cluster::wanted_from(TRY(object_from(q.text(2))));
    row.status = cluster::status_from(TRY(object_from(q.text(3))));
    return row;
  }

  static Result<ClusterRow> read_cluster(db::Connection& c, const Key& key) {
    db::Query q = c.query(
        "SELECT id, request, wanted, status FROM clusters WHERE account = ? AND region = ? AND id "
        "= ?",
        key.account, key.region, key.id);
    if (!TRY(q.next())) return no_cluster(key);
    return cluster_from(key, q);
  }

  // Three columns from `first`: config, wanted, status.
  static Result<StepRow> step_row(db::Query& q, int first) {
    StepRow row;
    row.config = TRY(object_from(q.text(first)));
    row.step = cluster::step_from(TRY(object_from(q.text(first + 1))),
                                  TRY(object_from(q.text(first + 2))));
    return row;
  }

  static Status bump(db::Connection& c, const Key& key) {
    TRY(c.run(
        "UPDATE clusters SET version = version + 1 WHERE account = ? AND region = ? AND id = ?",
        key.account, key.region, key.id));
    return base::ok();
  }

  static Status append_steps(db::Connection& c, const Key& key, const std::vector<NewStep>& steps,
                             base::Time now) {
    int64_t sequence = 0;
    db::Query q =
        c.query("SELECT max(sequence) FROM steps WHERE account = ? AND region = ? AND cluster = ?",
                key.account, key.region, key.id);
    if (TRY(q.next())) sequence = q.integer(0);
    for (const NewStep& item : steps) {
      cluster::Step step = item.step;
      step.sequence = ++sequence;
      step.timeline.created = now;
      TRY(
          c.run("INSERT INTO steps (account, region, cluster, sequence, id, state, config, wanted, "
                "status) VALUES (?,?,?,?,?,?,?,?,?)",
                key.account, key.region, key.id, sequence, step.id, cluster::name_of(step.state),
                base::to_text(item.config), base::to_text(cluster::wanted_of(step)),
                base::to_text(cluster::status_of(step))));
      TRY(append_event(
          c, key, {now, step.id, "step", "PENDING", fmt::format("Step {} was added.", step.name)}));
    }
    return base::ok();
  }

  static Status append_event(db::Connection& c, const Key& key, const cluster::Event& event) {
    TRY(
        c.run("INSERT INTO events (account, region, cluster, at, subject, kind, state, message) "
              "VALUES (?,?,?,?,?,?,?,?)",
              key.account, key.region, key.id, base::to_millis(event.at), event.subject, event.kind,
              event.state, event.message));
    return base::ok();
  }

  Result<std::optional<JsonObject>> recall(db::Connection& c, const Retry& retry) {
    if (retry.invocation_id.empty()) return std::optional<JsonObject>();
    db::Query q = c.query(
        "SELECT answer FROM retries WHERE principal = ? AND operation = ? AND invocation = ? AND "
        "body = ? AND at >= ?",
        retry.principal, retry.operation, retry.invocation_id, retry.body_sha256,
        base::to_millis(clock_.now() - kRetryWindow));
    if (!TRY(q.next())) return std::optional<JsonObject>();
    return std::optional(TRY(object_from(q.text(0))));
  }

  Status remember(db::Connection& c, const Retry& retry, const JsonObject& answer) {
    if (retry.invocation_id.empty()) return base::ok();
    TRY(
        c.run("INSERT OR REPLACE INTO retries (principal, operation, invocation, body, at, answer) "
              "VALUES (?,?,?,?,?,?)",
              retry.principal, retry.operation, retry.invocation_id, retry.body_sha256,
              base::to_millis(clock_.now()), base::to_text(answer)));
    return base::ok();
  }

  std::unique_ptr<db::Database> db_;
  base::Clock& clock_;
  Changes changes_;
};

}  // namespace

Result<std::unique_ptr<ControlStore>> ControlStore::open(const std::string& path,
                                                         base::Clock& clock) {
  static constexpr const char* kMigrations[] = {kControlSchema};
  db::Options options;
  options.path = path;
  options.sync = db::Sync::kFull;
  options.migrations = kMigrations;
  options.reserve = kReserve;
  auto database = TRY(db::Database::open(options));
  return std::unique_ptr<ControlStore>(std::make_unique<Store>(std::move(database), clock));
}

}  // namespace howdah::store
