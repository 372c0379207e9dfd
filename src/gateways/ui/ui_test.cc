#include "gateways/ui/ui.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/ids.h"
#include "http/server.h"
#include "nodes/fake/provider.h"

namespace howdah::gateways {
namespace {

const cluster::Key kKey{"000000000000", "us-east-1", "j-1"};
constexpr const char* kPrimary = "i-0a";
constexpr const char* kCore = "i-0b";

std::string text_of(http::Response& answer) {
  if (auto* text = std::get_if<std::string>(&answer.body)) return *text;
  std::string out;
  auto& source = std::get<std::unique_ptr<http::BodySource>>(answer.body);
  char piece[4096];
  for (;;) {
    const auto got = source->read(piece);
    if (!got.ok()) return out + "ERROR " + got.error().message;
    if (*got == 0) return out;
    out.append(piece, *got);
  }
}

/// A primary and a core node in memory, whose ports lead to a real server that echoes.
class UiTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("howdah-ui-" + base::RandomIds().token(base::kLowerAlnum, 10));
    std::filesystem::create_directories(folder_);
    store_ = std::move(store::ControlStore::open(folder_ / "control.db", clock_)).value();
    make_cluster();
    node_ = std::move(http::Server::start({}, [this](http::Request& request) {
              seen_ = request.headers;
              seen_target_ = request.method + " " + request.target;
              seen_body_ = http::read_all(*request.body, 1 << 20).value();
              return answer_(request);
            })).value();
    nodes_.listen_for(cluster::node_id(row().as_cluster(), 0), 8088, node_->port());
    ui_ = std::make_unique<Ui>(Ui::Options{*store_, nodes_, clock_, "secret", kKey.account});
  }
  void TearDown() override {
    ui_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void make_cluster() {
    cluster::Wanted wanted;
    wanted.name = "a <b>";
    wanted.applications = {"Hadoop", "Spark"};
    wanted.groups = {{.id = "ig-1", .role = cluster::Role::kMaster},
                     {.id = "ig-2", .role = cluster::Role::kCore}};
    ASSERT_TRUE(store_->create_cluster(kKey, wanted, {}, {}, {}, {}).ok());
    const auto loaded = store_->load(kKey);
    cluster::Cluster next = loaded->cluster;
    for (int i = 0; i < 2; ++i) {
      cluster::Node node;
      node.number = i;
      node.instance_id = i == 0 ? kPrimary : kCore;
      node.group_id = i == 0 ? "ig-1" : "ig-2";
      node.address = i == 0 ? "10.64.0.10" : "10.64.0.11";
      node.state = cluster::InstanceState::kRunning;
      next.status.nodes.push_back(node);
      nodes::NodeSpec spec;
      spec.id = cluster::node_id(next, i);
      ASSERT_TRUE(nodes_.ensure(spec).ok());
    }
    ASSERT_TRUE(store_->commit(*loaded, next, {}).ok());
  }
  void change(const std::function<void(cluster::Status&)>& edit) {
    const auto loaded = store_->load(kKey);
    cluster::Cluster next = loaded->cluster;
    edit(next.status);
    ASSERT_TRUE(store_->commit(*loaded, next, {}).ok());
  }
  store::ClusterRow row() { return store_->cluster(kKey).value(); }

  class Body final : public http::BodyReader {
   public:
    explicit Body(std::string text) : text_(std::move(text)) {}
    base::Result<size_t> read(std::span<char> into) override {
      const size_t count = std::string_view(text_).substr(at_).copy(into.data(), into.size());
      at_ += count;
      return count;
    }
    std::optional<uint64_t> length() const override { return text_.size(); }

   private:
    std::string text_;
    size_t at_ = 0;
  };

  struct Seen {
    int status;
    std::string body;
    http::Headers headers;
    std::string header(const char* name) const { return std::string(headers.value_or(name, "")); }
  };
  Seen ask(std::string method, std::string target, std::string cookie, std::string body = "",
           std::vector<http::Headers::Field> more = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target = target;
    const size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    if (!cookie.empty()) request.headers.add("Cookie", cookie);
    for (const auto& [name, value] : more) request.headers.add(name, value);
    if (!body.empty()) request.headers.add("Content-Length", std::to_string(body.size()));
    Body reader(std::move(body));
    request.body = &reader;
    http::Response answer = ui_->answer(request);
    std::string text = text_of(answer);
    return {answer.status, std::move(text), std::move(answer.headers)};
  }
  Seen get(const std::string& rest) { return ask("GET", "/_howdah/ui/j-1" + rest, cookie()); }
  std::string cookie(const std::string& cluster = "j-1") {
    return "howdah-ui=" +
           make_ui_token("secret", "us-east-1", cluster, clock_.now() + std::chrono::hours(1));
  }

  std::filesystem::path folder_;
  base::FakeClock clock_;
  nodes::FakeProvider nodes_{clock_};
  std::unique_ptr<store::ControlStore> store_;
  http::Headers seen_;
  std::string seen_target_, seen_body_;
  std::function<http::Response(http::Request&)> answer_ = [](http::Request&) {
    return http::Response{200, {}, std::string("hello")};
  };
  std::unique_ptr<http::Server> node_;
  std::unique_ptr<Ui> ui_;
};

TEST_F(UiTest, ALinkBecomesACookieOfItsClusterAndLeavesTheAddressBar) {
  const auto link = ui_->link(kKey, "yarn");
  ASSERT_TRUE(link.ok()) << link.error().message;
  const Seen in = ask("GET", link->path, "");
  EXPECT_EQ(in.status, 303);
  EXPECT_EQ(in.header("Location"), "/_howdah/ui/j-1/i-0a/8088/cluster");
  const std::string set = in.header("Set-Cookie");
  EXPECT_NE(set.find("; Path=/_howdah/ui/j-1/; Max-Age=3600; HttpOnly; SameSite=Strict"),
            std::string::npos)
      << set;
  const Seen page = ask("GET", in.header("Location"), set.substr(0, set.find(';')));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, "hello");
  EXPECT_EQ(seen_target_, "GET /cluster");
}

TEST_F(UiTest, WithoutAValidTokenTheAnswerNamesTheCommand) {
  const std::string path = "/_howdah/ui/j-1/primary/8088/cluster";
  const std::string other = cookie("j-2");
  const std::string mine = cookie();
  for (const std::string& given : {std::string(), std::string("howdah-ui=x"), other}) {
    const Seen seen = ask("GET", path, given);
    EXPECT_EQ(seen.status, 401);
    EXPECT_NE(seen.body.find("howdah ui j-1"), std::string::npos);
  }
  EXPECT_EQ(ask("GET", path + "?howdah-token=1.us-east-1.00", mine).status, 401);
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(ask("GET", path, mine).status, 401) << "over";
  EXPECT_EQ(seen_target_, "") << "nothing reached the node";
}

TEST_F(UiTest, PassesTheRequestOnWithoutWhatIsOurs) {
  const Seen seen =
      ask("POST", "/_howdah/ui/j-1/primary/8088/ws/v1/x%2Fy?a=b&c", "z=1; " + cookie(), "the body",
          {{"Authorization", "AWS4-HMAC-SHA256 x"},
           {"X-Amz-Security-Token", "t"},
           {"X-Forwarded-For", "6.6.6.6"},
           {"Origin", "http://localhost:4566"},
           {"Accept-Encoding", "gzip"},
           {"X-Custom", "kept"}});
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen_target_, "POST /ws/v1/x%2Fy?a=b&c");
  EXPECT_EQ(seen_body_, "the body");
  EXPECT_EQ(seen_.value_or("Host", ""), "ip-10-64-0-10.ec2.internal:8088");
  EXPECT_EQ(seen_.value_or("Cookie", ""), "z=1");
  EXPECT_EQ(seen_.value_or("X-Custom", ""), "kept");
  EXPECT_EQ(seen_.value_or("X-Forwarded-Context", ""), "/_howdah/ui/j-1/primary/8088");
  EXPECT_EQ(seen_.value_or("Accept-Encoding", ""), "identity");
  for (const char* name : {"Authorization", "X-Amz-Security-Token", "X-Forwarded-For", "Origin"})
    EXPECT_FALSE(seen_.contains(name)) << name;
}

TEST_F(UiTest, RewritesPagesRedirectsAndCookies) {
  answer_ = [](http::Request&) {
    http::Response out;
    out.status = 302;
    out.headers.set("Content-Type", "text/html;charset=utf-8");
    out.headers.set("Location", "http://ip-10-64-0-11.ec2.internal:8042/node");
    out.headers.set("Set-Cookie", "a=b; Path=/; Domain=x");
    out.headers.set("Access-Control-Allow-Origin", "*");
    out.body = std::string(
        "<html><title>x</title><a href='/cluster'>c</a>"
        "<a href='http://ip-10-64-0-10.ec2.internal:20888/proxy/a/'>p</a>");
    return out;
  };
  const Seen seen = get("/primary/8088/");
  EXPECT_EQ(seen.status, 302);
  EXPECT_EQ(seen.header("Location"), "/_howdah/ui/j-1/i-0b/8042/node");
  EXPECT_EQ(seen.header("Set-Cookie"), "a=b; Path=/_howdah/ui/j-1/primary/8088/");
  EXPECT_EQ(seen.header("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(seen.header("Content-Length"), "");
  EXPECT_EQ(seen.body,
            "<html><script src=\"/_howdah/ui/j-1/howdah.js\" "
            "data-base=\"/_howdah/ui/j-1/primary/8088\"></script><title>x</title>"
            "<a href='/_howdah/ui/j-1/primary/8088/cluster'>c</a>"
            "<a href='/_howdah/ui/j-1/i-0a/20888/proxy/a/'>p</a>");
}

TEST_F(UiTest, LeavesCompressedAndOtherBodiesAlone) {
  for (const bool compressed : {true, false}) {
    answer_ = [compressed](http::Request&) {
      http::Response out;
      out.headers.set("Content-Type", compressed ? "text/html" : "text/plain");
      if (compressed) out.headers.set("Content-Encoding", "gzip");
      out.body = std::string("<a href='/x'>");
      return out;
    };
    EXPECT_EQ(get("/primary/8088/x").body, "<a href='/x'>");
  }
}

TEST_F(UiTest, OnlyPortsOfTheClustersApplicationsAreReached) {
  for (const char* path : {"/primary/22/", "/primary/4566/", "/primary/10002/", "/primary/4051/",
                           "/primary", "/primary/8020/"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
  EXPECT_EQ(get("/i-0c/8088/").status, 404);
  EXPECT_EQ(get("/127.0.0.1/8088/").status, 404);
  EXPECT_EQ(get("/i-0a/8088").status, 308);
  EXPECT_EQ(get("/ip-10-64-0-10/8088/").status, 200);
  EXPECT_EQ(get("/10.64.0.10/8088/").status, 200);
  const Seen silent = get("/i-0b/8042/node");
  EXPECT_EQ(silent.status, 502);
  EXPECT_NE(silent.body.find("ip-10-64-0-11.ec2.internal:8042"), std::string::npos);
}

TEST_F(UiTest, ANodeOnTheHostsNetworkShowsTheLiveSparkOnly) {
  change([](cluster::Status& status) {
    for (cluster::Node& node : status.nodes) node.address.clear();
  });
  EXPECT_EQ(get("/primary/8088/").status, 404);
  EXPECT_EQ(get("/primary/4040/").status, 502) << "nothing listens";
  EXPECT_EQ(get("/i-0b/4040/").status, 404);
}

TEST_F(UiTest, AnEndedNodeIsNotReached) {
  change(
      [](cluster::Status& status) { status.nodes[0].state = cluster::InstanceState::kTerminated; });
  EXPECT_EQ(get("/primary/8088/").status, 404);
  EXPECT_EQ(get("/i-0a/8088/").status, 404);
}

TEST_F(UiTest, ListsWhatThereIs) {
  const Seen page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("a &lt;b&gt; (j-1)"), std::string::npos);
  EXPECT_NE(page.body.find("href=\"/_howdah/ui/j-1/i-0a/8088/cluster\""), std::string::npos);
  const auto all = ui_->describe(kKey, "");
  ASSERT_TRUE(all.ok());
  std::map<std::string, bool> answers;
  for (const base::Json& one : all->at("Uis").get_array()) {
    answers[std::string(base::text_at(one.get_object(), "App"))] =
        base::bool_at(one.get_object(), "Answers");
  }
  EXPECT_TRUE(answers.at("yarn"));
  EXPECT_FALSE(answers.at("hdfs"));
  EXPECT_TRUE(answers.contains("data-node"));
  EXPECT_FALSE(answers.contains("hive"));
}

TEST_F(UiTest, ALinkNeedsAnInterfaceThatTheClusterHas) {
  EXPECT_EQ(ui_->link({"000000000000", "us-east-1", "j-2"}, "").error().code,
            base::Code::kNotFound);
  EXPECT_EQ(ui_->link(kKey, "yran").error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(ui_->link(kKey, "hive").error().code, base::Code::kFailedPrecondition);
  change([](cluster::Status& status) { status.state = cluster::State::kTerminated; });
  EXPECT_EQ(ui_->link(kKey, "yarn").error().code, base::Code::kFailedPrecondition);
}

TEST_F(UiTest, TheApisOwnPathIsNotTheProxys) {
  http::Request request;
  request.method = "POST";
  request.path = "/_howdah/ui/j-1";
  EXPECT_FALSE(Ui::owns(request));
  request.path = "/_howdah/ui/j-1/primary/8088/x";
  EXPECT_TRUE(Ui::owns(request));
  request.method = "GET";
  request.path = "/_howdah/ui/j-1";
  EXPECT_TRUE(Ui::owns(request));
  request.path = "/_howdah/status";
  EXPECT_FALSE(Ui::owns(request));
}

}  // namespace
}  // namespace howdah::gateways
