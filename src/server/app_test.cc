// What a request may do that comes from inside a node.

#include "server/app.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/digest.h"
#include "nodes/fake/provider.h"

namespace howdah::server {
namespace {

const cluster::Key kKey{"000000000000", "us-east-1", "j-1"};

class NoBody final : public http::BodyReader {
 public:
  base::Result<size_t> read(std::span<char>) override { return size_t{0}; }
  std::optional<uint64_t> length() const override { return 0; }
};

class AppTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    store_ = std::move(store::ControlStore::open(folder_ / "control.db", clock_)).value();
    serverless_ =
        std::move(store::ServerlessStore::open(folder_ / "serverless.db", clock_)).value();
    iam_ = std::move(store::iam::Iam::open(folder_ / "iam.db", clock_, ids_)).value();
    ASSERT_TRUE(iam_->root_key(true).ok());
    howdah_ = std::make_unique<services::Howdah>(
        services::Howdah::Options{*store_, *serverless_, *iam_, nodes_, clock_, "secret", "1",
                                  kKey.account, [this](bool) { ++stopped_; }});
    app_ = std::make_unique<App>(
        App::Options{kKey.account,
                     *iam_,
                     *howdah_,
                     clock_,
                     ids_,
                     {},
                     [](http::Request&) {
                       return http::Response{200, {}, std::string("ui")};
                     },
                     [](const http::Request& r) { return r.path.starts_with("/_howdah/ui/"); }},
        std::vector<aws::ServiceApi*>{});
    cluster::Wanted wanted;
    ASSERT_TRUE(store_->create_cluster(kKey, wanted, {}, {}, {}, {}).ok());
  }
  void TearDown() override {
    app_.reset();
    howdah_.reset();
    iam_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  http::Request request(std::string method, std::string path) {
    http::Request out;
    out.method = std::move(method);
    out.path = out.target = std::move(path);
    out.headers.set("Host", "localhost:4566");
    out.body = &nothing_;
    return out;
  }
  http::Request by(aws::SigningKey key, std::string method, std::string path) {
    http::Request out = request(std::move(method), std::move(path));
    key.region = "us-east-1";
    key.service = "howdah";
    aws::sign(key, base::sha256_hex(""), clock_.now(), out);
    return out;
  }
  int from_node(http::Request request) { return app_->handle_from_node(request, kKey).status; }
  int from_host(http::Request request) { return app_->handle(request).status; }

  std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                  ("howdah-app-" + base::RandomIds().token(base::kLowerAlnum, 10));
  base::FakeClock clock_;
  base::SeededIds ids_{1};
  nodes::FakeProvider nodes_{clock_};
  std::unique_ptr<store::ControlStore> store_;
  std::unique_ptr<store::ServerlessStore> serverless_;
  std::unique_ptr<store::iam::Iam> iam_;
  std::unique_ptr<services::Howdah> howdah_;
  std::unique_ptr<App> app_;
  NoBody nothing_;
  int stopped_ = 0;
};

TEST_F(AppTest, ANodeGetsTheCredentialsOfItsOwnClusterOnly) {
  const std::string mine = services::credentials_path(kKey, "node");
  http::Request own = request("GET", mine);
  own.headers.set("Authorization", services::credentials_token("secret", mine));
  EXPECT_EQ(from_node(std::move(own)), 200);
  const std::string other = services::credentials_path({kKey.account, "us-east-1", "j-2"}, "node");
  http::Request strange = request("GET", other);
  strange.headers.set("Authorization", services::credentials_token("secret", other));
  EXPECT_EQ(from_node(std::move(strange)), 403);
  EXPECT_EQ(from_node(request("GET", mine)), 403) << "without its token";
  EXPECT_EQ(from_node(request("GET", "/_howdah/health")), 200);
}

TEST_F(AppTest, OnlyRootAdministersFromInsideANode) {
  // A role that may do everything is not enough there.
  ASSERT_TRUE(iam_->attach(store::iam::Kind::kRole, "EMR_EC2_DefaultRole",
                           "arn:aws:iam::aws:policy/AdministratorAccess")
                  .ok());
  const auto keys = iam_->mint_session("EMR_EC2_DefaultRole", "i-1", std::chrono::seconds(3600));
  ASSERT_TRUE(keys.ok());
  const aws::SigningKey role{keys->access_key_id, keys->secret, keys->session_token, "", ""};
  const aws::SigningKey root{"test", "test", "", "", ""};
  EXPECT_EQ(from_host(by(role, "GET", "/_howdah/status")), 200);
  EXPECT_EQ(from_node(by(role, "GET", "/_howdah/status")), 403);
  EXPECT_EQ(from_node(by(role, "POST", "/_howdah/shutdown")), 403);
  EXPECT_EQ(stopped_, 0);
  EXPECT_EQ(from_node(request("POST", "/_howdah/shutdown")), 400) << "no signature";
  EXPECT_EQ(from_node(by(root, "POST", "/_howdah/shutdown")), 200);
  EXPECT_EQ(stopped_, 1);
}

TEST_F(AppTest, WebInterfacesAreNotServedInsideNodes) {
  EXPECT_EQ(from_host(request("GET", "/_howdah/ui/j-1/")), 200);
  EXPECT_EQ(from_node(request("GET", "/_howdah/ui/j-1/")), 400) << "asks for a signature";
}

TEST_F(AppTest, OtherSitesAreRefusedEverywhere) {
  http::Request cross = request("GET", "/_howdah/ui/j-1/");
  cross.headers.set("Sec-Fetch-Site", "cross-site");
  EXPECT_EQ(from_host(cross), 403);
  http::Request rebound = request("GET", "/_howdah/health");
  rebound.headers.set("Host", "evil.example");
  EXPECT_EQ(from_host(rebound), 403);
  EXPECT_EQ(from_node(rebound), 403);
}

}  // namespace
}  // namespace howdah::server
