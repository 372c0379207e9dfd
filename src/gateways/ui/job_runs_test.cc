#include "gateways/ui/job_runs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/ids.h"
#include "gateways/ui/link.h"
#include "http/server.h"
#include "nodes/fake/provider.h"
#include "serverless/ui_ports.h"

namespace howdah::gateways {
namespace {

const serverless::Key kKey{"000000000000", "us-east-1", "00app"};
constexpr const char* kRun = "00run";
constexpr const char* kPath = "/_howdah/ui/00app/00run/1";

/// A run in the store, and a real server that stands for its driver or its history server.
class JobRunsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("howdah-runs-" + base::RandomIds().token(base::kLowerAlnum, 10));
    std::filesystem::create_directories(folder_ / kRun / "SPARK_DRIVER");
    store_ = std::move(store::ServerlessStore::open(folder_ / "serverless.db", clock_)).value();
    make_run();
    spark_ = std::move(http::Server::start({}, [this](http::Request& request) {
               seen_target_ = request.target;
               seen_ = request.headers;
               http::Response out;
               const bool list = request.path == "/api/v1/applications";
               out.headers.set("Content-Type", list ? "application/json" : "text/html");
               out.body = list ? applications_ : std::string("<html><a href='/jobs/'>j</a>");
               return out;
             })).value();
    for (const char* node : {"00app/00run-1", "history/00run-1"}) {
      nodes::NodeSpec spec;
      spec.id = node;
      ASSERT_TRUE(nodes_.ensure(spec).ok());
    }
    runs_ = std::make_unique<JobRuns>(JobRuns::Options{
        *store_, nodes_, clock_, "secret", kKey.account,
        [this](const serverless::Key&, const std::string& run, int attempt) {
          return attempt == 1 ? folder_ / run : folder_ / run / std::to_string(attempt);
        },
        [this](const serverless::Key&, const std::string&, int, const std::string&) {
          return history_;
        }});
  }
  void TearDown() override {
    runs_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void make_run() {
    serverless::WantedApplication application;
    application.release_label = "emr-7.10.0";
    application.type = "Spark";
    ASSERT_TRUE(store_->create_application(kKey, application, "").ok());
    serverless::JobRun run;
    run.id = kRun;
    run.wanted.name = "a <b>";
    run.wanted.release_label = "emr-7.10.0";
    run.wanted.spark = serverless::SparkSubmit{"s3://b/x.py", {}, ""};
    const auto check = [](const store::ApplicationRow&, size_t) { return base::ok(); };
    ASSERT_TRUE(store_->start_run(kKey, run, "", check).ok());
  }
  void set_state(serverless::RunState state, std::string node, std::string details = "") {
    const auto loaded = store_->load(kKey);
    serverless::Application next = loaded->application;
    ASSERT_EQ(next.runs.size(), 1u);
    serverless::RunStatus& status = next.runs[0].status;
    status.state = state;
    status.node = std::move(node);
    status.details = std::move(details);
    ASSERT_TRUE(store_->commit(*loaded, next, {}).ok());
  }

  struct Seen {
    int status;
    std::string body;
    http::Headers headers;
    std::string header(const char* name) const { return std::string(headers.value_or(name, "")); }
  };
  static http::Request request_of(const std::string& target) {
    http::Request request;
    request.method = "GET";
    request.target = target;
    const size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    return request;
  }
  Seen ask(const std::string& target, const std::string& cookie = "",
           std::vector<http::Headers::Field> more = {}) {
    http::Request request = request_of(target);
    if (!cookie.empty()) request.headers.add("Cookie", cookie);
    for (const auto& [name, value] : more) request.headers.add(name, value);
    http::Response answer = runs_->answer(request);
    std::string text;
    if (auto* whole = std::get_if<std::string>(&answer.body)) {
      text = *whole;
    } else if (auto* file = std::get_if<http::FileBody>(&answer.body)) {
      text.resize(file->length);
      EXPECT_EQ(::pread(file->file.get(), text.data(), text.size(), 0),
                static_cast<ssize_t>(file->length));
    } else {
      char piece[4096];
      auto& source = std::get<std::unique_ptr<http::BodySource>>(answer.body);
      for (auto got = source->read(piece); got.ok() && *got > 0; got = source->read(piece))
        text.append(piece, *got);
    }
    return {answer.status, std::move(text), std::move(answer.headers)};
  }
  std::string token(int attempt = 1, const std::string& run = kRun) {
    const std::string link = runs_->link(kKey, run, attempt);
    return link.substr(link.find('=') + 1);
  }
  std::string cookie() { return "howdah-ui=" + token(); }
  Seen get(const std::string& rest) { return ask(kPath + rest, cookie()); }

  std::filesystem::path folder_;
  base::FakeClock clock_;
  nodes::FakeProvider nodes_{clock_};
  std::unique_ptr<store::ServerlessStore> store_;
  std::string seen_target_;
  http::Headers seen_;
  std::string applications_ = "[]";
  base::Result<JobRuns::History> history_ = base::not_found("No event log is kept.");
  std::unique_ptr<http::Server> spark_;
  std::unique_ptr<JobRuns> runs_;
};

TEST_F(JobRunsTest, ALinkBecomesACookieOfItsAttempt) {
  const std::string link = runs_->link(kKey, kRun, 1);
  ASSERT_EQ(link.find("/_howdah/ui/00app/00run/1/?authToken=00app.00run.1."), 0u) << link;
  const Seen in = ask(link);
  EXPECT_EQ(in.status, 303);
  EXPECT_EQ(in.header("Location"), std::string(kPath) + "/");
  EXPECT_NE(in.header("Set-Cookie")
                .find("; Path=/_howdah/ui/00app/00run/1/; Max-Age=3600; "
                      "HttpOnly; SameSite=Strict"),
            std::string::npos);
  EXPECT_EQ(get("").status, 308);
  EXPECT_EQ(get("/").status, 200);
}

TEST_F(JobRunsTest, ALinkOnAnotherSitesPageLeadsOnFromAPageOfOurs) {
  for (const char* site : {"same-site", "cross-site"}) {
    const Seen in = ask(runs_->link(kKey, kRun, 1), "", {{"Sec-Fetch-Site", site}});
    EXPECT_EQ(in.status, 200);
    EXPECT_EQ(in.header("Refresh"), "0; url=" + std::string(kPath) + "/");
    EXPECT_NE(in.header("Set-Cookie").find("HttpOnly"), std::string::npos);
  }
}

TEST_F(JobRunsTest, NothingOpensWithoutTheTokenOfThisAttemptWithinItsHour) {
  const std::string good = token();
  std::string changed = good;
  changed.back() = changed.back() == '0' ? '1' : '0';
  std::string later = good;
  const size_t seconds = later.find('.', later.find(".1.") + 2) - 1;
  later[seconds] = later[seconds] == '9' ? '8' : '9';
  const std::string cluster =
      make_ui_token("secret", "us-east-1", "j-1", clock_.now() + std::chrono::hours(1));
  for (const std::string& bad :
       {std::string("x"), changed, later, token(2), token(1, "00other"), cluster,
        "00app.00run.1." + cluster, std::string("../../x.1.2.3.4.5")}) {
    EXPECT_EQ(ask(std::string(kPath) + "/?authToken=" + bad).status, 401) << bad;
    EXPECT_EQ(ask(std::string(kPath) + "/", "howdah-ui=" + bad).status, 401) << bad;
    EXPECT_EQ(ask(std::string(kPath) + "/logs/SPARK_DRIVER/stdout.gz?authToken=" + bad).status, 401)
        << bad;
  }
  EXPECT_EQ(ask(std::string(kPath) + "/").status, 401);
  clock_.advance(std::chrono::seconds(3599));
  EXPECT_EQ(ask(std::string(kPath) + "/", "howdah-ui=" + good).status, 200);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(ask(std::string(kPath) + "/", "howdah-ui=" + good).status, 401) << "over";
  EXPECT_EQ(ask("/logs/SPARK_DRIVER/stdout.gz?authToken=" + good).status, 401) << "over";
}

TEST_F(JobRunsTest, TheTokenAloneSaysWhoseLogsAreMeant) {
  std::ofstream(folder_ / kRun / "SPARK_DRIVER/stdout.gz") << "zipped";
  std::filesystem::create_directories(folder_ / kRun / "SPARK_EXECUTOR/1");
  std::ofstream(folder_ / kRun / "SPARK_EXECUTOR/1/stderr.gz") << "of 1";
  const std::string query = "?authToken=" + token();
  const Seen log = ask("/logs/SPARK_DRIVER/stdout.gz" + query);
  EXPECT_EQ(log.status, 200);
  EXPECT_EQ(log.body, "zipped");
  EXPECT_EQ(log.header("Content-Encoding"), "");
  EXPECT_EQ(log.header("Content-Type"), "application/gzip");
  const Seen shown =
      ask("/logs/SPARK_DRIVER/stdout.gz" + query, "", {{"Accept-Encoding", "gzip, br"}});
  EXPECT_EQ(shown.header("Content-Encoding"), "gzip");
  EXPECT_EQ(shown.header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(ask("/logs/SPARK_EXECUTOR/1/stderr.gz" + query).body, "of 1");
  EXPECT_EQ(ask(std::string(kPath) + "/logs/SPARK_DRIVER/stdout.gz" + query).body, "zipped");
  EXPECT_EQ(get("/logs/SPARK_DRIVER/stdout.gz").body, "zipped");
  EXPECT_EQ(get("/logs/SPARK_DRIVER/stderr.gz").status, 404);
}

TEST_F(JobRunsTest, NoPathLeavesTheFolderOfLogs) {
  std::ofstream(folder_ / "secret.gz") << "secret";
  std::filesystem::create_symlink(folder_ / "secret.gz", folder_ / kRun / "SPARK_DRIVER/link.gz");
  for (const char* name :
       {"../secret.gz", "SPARK_DRIVER/../../secret.gz", "SPARK_DRIVER/link.gz",
        "SPARK_DRIVER/%2e%2e/x.gz", "SPARK_DRIVER", "SPARK_DRIVER/", "SPARK_DRIVER//stdout.gz",
        "sparklogs/eventlog_v2_00run/events.gz", "SPARK_EXECUTOR/1/2/stdout.gz", ""}) {
    EXPECT_EQ(ask("/logs/" + std::string(name) + "?authToken=" + token()).status, 404) << name;
    EXPECT_EQ(get("/logs/" + std::string(name)).status, 404) << name;
  }
}

TEST_F(JobRunsTest, ABucketNamedLogsStaysABucket) {
  const struct {
    const char* method;
    const char* target;
    bool is_signed, owned, link;
  } cases[] = {
      {"GET", "/logs/a", false, false, false},
      {"GET", "/logs/a?authToken=x", false, true, true},
      {"GET", "/logs/a?authToken=x", true, false, true},
      {"PUT", "/logs/a?authToken=x", false, false, false},
      {"GET", "/logsx/a?authToken=x", false, false, false},
      {"GET", "/_howdah/ui/00app/00run/1/", false, true, false},
      {"GET", "/_howdah/ui/00app/00run/1/?authToken=x", false, true, true},
      {"GET", "/_howdah/ui/j-1/primary/8088/?authToken=x", false, false, false},
      {"POST", "/_howdah/ui/00app/00run/1/?authToken=x", false, true, false},
  };
  for (const auto& one : cases) {
    http::Request request = request_of(one.target);
    request.method = one.method;
    if (one.is_signed) request.headers.add("Authorization", "AWS4-HMAC-SHA256 x");
    EXPECT_EQ(JobRuns::owns(request), one.owned) << one.method << " " << one.target;
    EXPECT_EQ(JobRuns::is_link(request), one.link) << one.method << " " << one.target;
  }
}

TEST_F(JobRunsTest, ARunThatWaitsHasAPageThatLooksAgain) {
  const Seen page = get("/jobs/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Refresh"), "2");
  EXPECT_NE(page.body.find("SUBMITTED"), std::string::npos);
  EXPECT_NE(page.body.find("a &lt;b&gt;"), std::string::npos);
}

TEST_F(JobRunsTest, ARunningOneShowsTheLiveInterface) {
  set_state(serverless::RunState::kRunning, "00app/00run-1");
  EXPECT_EQ(get("/jobs/").header("Refresh"), "2") << "it does not listen yet";
  nodes_.listen_for("00app/00run-1", serverless::own_ui_port(kRun, 1), spark_->port());
  const Seen page = get("/jobs/?a=b");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(seen_target_, "/jobs/?a=b");
  EXPECT_EQ(seen_.value_or("X-Forwarded-Context", ""), kPath);
  EXPECT_FALSE(seen_.contains("Cookie"));
  EXPECT_EQ(page.body,
            "<html><script src=\"/_howdah/ui/00app/00run/1/howdah.js\" "
            "data-base=\"/_howdah/ui/00app/00run/1\"></script>"
            "<a href='/_howdah/ui/00app/00run/1/jobs/'>j</a>");
  EXPECT_NE(get("/howdah.js").body.find("data-base"), std::string::npos);
}

TEST_F(JobRunsTest, AnEndedOneShowsItsHistoryOnceThatAnswers) {
  set_state(serverless::RunState::kFailed, "00app/00run-1", "ExitCode: 1. <x>");
  std::ofstream(folder_ / kRun / "SPARK_DRIVER/stderr.gz") << "zipped";
  const Seen plain = get("/");
  EXPECT_EQ(plain.header("Refresh"), "");
  EXPECT_NE(plain.body.find("No event log is kept."), std::string::npos);
  EXPECT_NE(plain.body.find("ExitCode: 1. &lt;x&gt;"), std::string::npos);
  EXPECT_NE(plain.body.find("/1/logs/SPARK_DRIVER/stderr.gz\""), std::string::npos);

  history_ = JobRuns::History{"history/00run-1", 26001, false};
  EXPECT_EQ(get("/").header("Refresh"), "1") << "it starts";
  nodes_.listen_for("history/00run-1", 26001, spark_->port());
  EXPECT_EQ(get("/").header("Refresh"), "1") << "it reads";
  applications_ = R"([{"id":"local-17 9","name":"x"}])";
  const Seen to = get("/jobs/");
  EXPECT_EQ(to.status, 303);
  EXPECT_EQ(to.header("Location"), std::string(kPath) + "/history/local-17%209/jobs/");
  EXPECT_EQ(get("/history/local-17/jobs/").status, 200);
  EXPECT_EQ(seen_target_, "/history/local-17/jobs/");
  applications_ = "no json";
  history_ = JobRuns::History{"history/00run-1", 26001, true};
  EXPECT_EQ(get("/").header("Refresh"), "") << "it never will";
}

TEST_F(JobRunsTest, OtherRunsAndAttemptsAreNotThere) {
  EXPECT_EQ(ask("/_howdah/ui/00app/00run/2/", "howdah-ui=" + token(2)).status, 404);
  EXPECT_EQ(ask("/_howdah/ui/00app/00none/1/", "howdah-ui=" + token(1, "00none")).status, 404);
  EXPECT_EQ(ask("/_howdah/ui/00app/00run/x/", cookie()).status, 404);
}

}  // namespace
}  // namespace howdah::gateways
