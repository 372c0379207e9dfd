#include "gateways/metadata/metadata.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/json.h"
#include "gateways/metadata/tokens.h"
#include "gateways/metadata/tree.h"

namespace howdah::gateways {
namespace {

const cluster::Key kKey{"000000000000", "eu-west-1", "j-1"};
constexpr const char* kRole = "EMR_EC2_DefaultRole";

class Nothing final : public http::BodyReader {
 public:
  base::Result<size_t> read(std::span<char>) override { return size_t{0}; }
  std::optional<uint64_t> length() const override { return 0; }
};

/// A primary and a core node of a real store.
class MetadataTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    store_ = std::move(store::ControlStore::open(folder_ / "control.db", clock_)).value();
    iam_ = std::move(store::iam::Iam::open(folder_ / "iam.db", clock_, ids_)).value();
    make_cluster();
    metadata_ =
        std::make_unique<Metadata>(Metadata::Options{*store_, *iam_, clock_, ids_, "s", keys_});
  }
  void TearDown() override {
    metadata_.reset();
    iam_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void make_cluster() {
    cluster::Wanted wanted;
    wanted.name = "etl";
    wanted.release_label = "emr-7.10.0";
    wanted.job_flow_role = kRole;
    wanted.groups = {{.id = "ig-1", .role = cluster::Role::kMaster},
                     {.id = "ig-2", .role = cluster::Role::kCore}};
    const auto request =
        base::parse_json(R"({"Instances":{"Ec2SubnetId":"subnet-7","Ec2KeyName":"mine",)"
                         R"("Placement":{"AvailabilityZone":"eu-west-1b"}}})");
    ASSERT_TRUE(store_->create_cluster(kKey, wanted, request->get_object(), {}, {}, {}).ok());
    const auto loaded = store_->load(kKey);
    cluster::Cluster next = loaded->cluster;
    next.status.network = "10.64.12.0/22";
    for (int i = 0; i < 2; ++i) {
      cluster::Node node;
      node.number = i;
      node.instance_id = i == 0 ? "i-0a" : "i-0b";
      node.group_id = i == 0 ? "ig-1" : "ig-2";
      node.instance_type = i == 0 ? "m5.xlarge" : "r5.2xlarge";
      node.address = i == 0 ? "10.64.12.10" : "10.64.12.11";
      node.public_address = node.address;
      node.state = cluster::InstanceState::kRunning;
      node.timeline.created = clock_.now();
      next.status.nodes.push_back(node);
    }
    ASSERT_TRUE(store_->commit(*loaded, next, {}).ok());
  }

  struct Seen {
    int status;
    std::string body;
    http::Headers headers;
  };
  Seen ask(std::string method, std::string path, std::vector<http::Headers::Field> headers = {},
           int node = 0) {
    http::Request request;
    request.method = std::move(method);
    request.path = request.target = std::move(path);
    for (const auto& [name, value] : headers) request.headers.add(name, value);
    Nothing nothing;
    request.body = &nothing;
    http::Response answer = metadata_->answer(request, kKey, node);
    return {answer.status, std::get<std::string>(answer.body), std::move(answer.headers)};
  }
  std::string get(const std::string& path, int node = 0) {
    const Seen seen = ask("GET", "/latest/" + path, {}, node);
    return seen.status == 200 ? seen.body : std::to_string(seen.status);
  }
  std::string token(int node = 0, const char* seconds = "60") {
    return ask("PUT", "/latest/api/token", {{"x-aws-ec2-metadata-token-ttl-seconds", seconds}},
               node)
        .body;
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      ("howdah-metadata-" + base::RandomIds().token(base::kLowerAlnum, 10));
  store::iam::SshKeys keys_{folder_ / "keys"};
  base::FakeClock clock_;
  base::SeededIds ids_{1};
  std::unique_ptr<store::ControlStore> store_;
  std::unique_ptr<store::iam::Iam> iam_;
  std::unique_ptr<Metadata> metadata_;
};

TEST_F(MetadataTest, SaysOfEachNodeWhatItIs) {
  struct Case {
    const char* path;
    const char* primary;
    const char* core;
  } cases[] = {{"meta-data/instance-id", "i-0a", "i-0b"},
               {"meta-data/instance-type", "m5.xlarge", "r5.2xlarge"},
               {"meta-data/local-ipv4", "10.64.12.10", "10.64.12.11"},
               {"meta-data/local-hostname", "ip-10-64-12-10.eu-west-1.compute.internal",
                "ip-10-64-12-11.eu-west-1.compute.internal"},
               {"meta-data/public-ipv4", "10.64.12.10", "10.64.12.11"},
               {"meta-data/placement/availability-zone", "eu-west-1b", "eu-west-1b"},
               {"meta-data/placement/region/", "eu-west-1", "eu-west-1"},
               {"meta-data/security-groups", "ElasticMapReduce-master", "ElasticMapReduce-slave"},
               {"meta-data/iam/security-credentials/", kRole, kRole},
               {"user-data", "404", "404"},
               {"meta-data/spot/termination-time", "404", "404"},
               {"meta-data/instance-i", "404", "404"}};
  for (const Case& one : cases) {
    EXPECT_EQ(get(one.path, 0), one.primary) << one.path;
    EXPECT_EQ(get(one.path, 1), one.core) << one.path;
  }
  EXPECT_EQ(get("meta-data/instance-id", 2), "404") << "no such node";
}

TEST_F(MetadataTest, ListsFoldersAsEc2Does) {
  EXPECT_EQ(get(""), "dynamic/\nmeta-data/");
  EXPECT_EQ(get("meta-data/placement"), "availability-zone\nregion");
  EXPECT_EQ(get("meta-data/iam/"), "info\nsecurity-credentials/");
  EXPECT_EQ(get("meta-data/iam/security-credentials"), kRole);
  const std::string mac = get("meta-data/mac");
  EXPECT_EQ(get("meta-data/network/interfaces/macs/"), mac + "/");
  EXPECT_EQ(get("meta-data/network/interfaces/macs/" + mac + "/subnet-id"), "subnet-7");
  EXPECT_NE(get("meta-data/").find("\niam/\ninstance-action\ninstance-id\n"), std::string::npos);
  EXPECT_TRUE(ask("GET", "/").body.ends_with("\nlatest"));
  EXPECT_EQ(ask("GET", "/2021-01-03/meta-data/instance-id").body, "i-0a");
  EXPECT_EQ(ask("GET", "/meta-data/instance-id").status, 404);
}

TEST_F(MetadataTest, GivesTheCredentialsOfTheProfilesRoleWhichWork) {
  const auto json = base::parse_json(get("meta-data/iam/security-credentials/EMR_EC2_DefaultRole"));
  ASSERT_TRUE(json.ok());
  const base::JsonObject& keys = json->get_object();
  EXPECT_EQ(base::text_at(keys, "Code"), "Success");
  EXPECT_EQ(base::text_at(keys, "Type"), "AWS-HMAC");
  EXPECT_EQ(base::text_at(keys, "Expiration"), "2026-01-01T01:00:00Z");
  const auto found = iam_->lookup(base::text_at(keys, "AccessKeyId"));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->secret, base::text_at(keys, "SecretAccessKey"));
  EXPECT_EQ((*found)->session_token, base::text_at(keys, "Token"));
  EXPECT_EQ((*found)->principal_arn,
            "arn:aws:sts::000000000000:assumed-role/EMR_EC2_DefaultRole/i-0a");
  EXPECT_EQ(get("meta-data/iam/security-credentials/Another"), "404");
  const auto info = base::parse_json(get("meta-data/iam/info"));
  EXPECT_EQ(base::text_at(info->get_object(), "InstanceProfileArn"),
            "arn:aws:iam::000000000000:instance-profile/EMR_EC2_DefaultRole");
}

TEST_F(MetadataTest, GivesTheSameCredentialsUntilTheyNearTheirEnd) {
  const std::string path = std::string("meta-data/iam/security-credentials/") + kRole;
  const std::string first = get(path);
  clock_.advance(std::chrono::minutes(39));
  EXPECT_EQ(get(path), first);
  EXPECT_NE(get(path, 1), first);
  clock_.advance(std::chrono::minutes(2));
  EXPECT_NE(get(path), first);
}

TEST_F(MetadataTest, HasNoCredentialsWithoutARoleInTheProfile) {
  ASSERT_TRUE(iam_->remove_role(kRole, kRole).ok());
  EXPECT_EQ(get("meta-data/iam/"), "404");
  EXPECT_EQ(get("meta-data/iam/security-credentials/EMR_EC2_DefaultRole"), "404");
  EXPECT_EQ(get("meta-data/instance-id"), "i-0a");
}

TEST_F(MetadataTest, NamesTheSshKeysThatAreKnown) {
  EXPECT_EQ(get("meta-data/public-keys/"), "404");
  const std::string key =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHlpZWxkIG5vdGhpbmcgdG8gc3RyYW5nZXJzISEh me";
  ASSERT_TRUE(keys_.put("mine", key).ok());
  ASSERT_TRUE(keys_.put("another", key).ok());
  EXPECT_EQ(get("meta-data/public-keys/"), "0=mine");
  EXPECT_EQ(get("meta-data/public-keys/0/"), "openssh-key");
  EXPECT_EQ(get("meta-data/public-keys/0/openssh-key"), key);
  ASSERT_TRUE(keys_.put(store::iam::kOwnSshKey, key).ok());
  EXPECT_EQ(get("meta-data/public-keys/"), "0=mine\n1=howdah");
}

TEST_F(MetadataTest, DescribesTheInstanceAsEc2Prints) {
  const std::string text = get("dynamic/instance-identity/document");
  EXPECT_TRUE(text.starts_with("{\n  \"accountId\" : \"000000000000\",\n  \"architecture\" : "));
  const auto json = base::parse_json(text);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(base::text_at(json->get_object(), "region"), "eu-west-1");
  EXPECT_EQ(base::text_at(json->get_object(), "pendingTime"), "2026-01-01T00:00:00Z");
  EXPECT_TRUE(json->get_object().at("kernelId").is_null());
}

TEST_F(MetadataTest, ATokenOpensVersionTwoForItsTimeAndInstance) {
  const std::string mine = token();
  const auto with = [](const std::string& value) {
    return std::vector<http::Headers::Field>{{"X-aws-ec2-metadata-token", value}};
  };
  const std::string path = "/latest/meta-data/instance-id";
  const Seen seen = ask("GET", path, with(mine));
  EXPECT_EQ(seen.body, "i-0a");
  EXPECT_EQ(seen.headers.value_or("x-aws-ec2-metadata-token-ttl-seconds", ""), "60");
  EXPECT_EQ(ask("GET", path, with(mine), 1).status, 401) << "another instance's";
  EXPECT_EQ(ask("GET", path, with("bm9uc2Vuc2U=")).status, 401);
  EXPECT_EQ(ask("GET", path, with("")).status, 401);
  EXPECT_EQ(ask("GET", path).status, 200) << "version 1";
  clock_.advance(std::chrono::seconds(60));
  EXPECT_EQ(ask("GET", path, with(mine)).status, 401) << "over";
}

TEST_F(MetadataTest, RefusesTokensAsEc2Does) {
  const std::string ttl = "X-aws-ec2-metadata-token-ttl-seconds";
  const std::string path = "/latest/api/token";
  EXPECT_EQ(ask("PUT", path).status, 400);
  for (const char* seconds : {"0", "21601", "-1", "", "1h", "99999999999999999999"})
    EXPECT_EQ(ask("PUT", path, {{ttl, seconds}}).status, 400) << seconds;
  EXPECT_EQ(ask("PUT", path, {{ttl, "21600"}}).status, 200);
  EXPECT_EQ(ask("PUT", path, {{ttl, "60"}, {"X-Forwarded-For", "1.2.3.4"}}).status, 403);
  EXPECT_EQ(ask("GET", path).status, 405);
  EXPECT_EQ(ask("PUT", "/latest/meta-data/instance-id").status, 405);
  EXPECT_EQ(ask("POST", "/latest/meta-data/").status, 405);
}

TEST(MetadataToken, IsRefusedWhenAnyPartOfItWasChanged) {
  const base::Time now = base::from_millis(1767225600000);
  const std::string token = make_metadata_token("s", "i-1", now + base::Millis(60000), "abc");
  ASSERT_TRUE(check_metadata_token("s", "i-1", token, now));
  EXPECT_FALSE(check_metadata_token("other", "i-1", token, now));
  for (size_t i = 0; i + 2 < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(check_metadata_token("s", "i-1", changed, now)) << i;
  }
}

TEST(MetadataTree, HasNoPathThatLeavesIt) {
  const MetadataTree tree{{"meta-data/a/b", "1"}, {"meta-data/ab", "2"}};
  EXPECT_EQ(look_up(tree, "meta-data/a"), "b");
  EXPECT_EQ(look_up(tree, "meta-data"), "a/\nab");
  for (const char* path :
       {"meta", "meta-data/a/../ab", "meta-data/a/b/c", "/", "//", "meta-data//a"})
    EXPECT_EQ(look_up(tree, path).has_value(),
              std::string_view(path).find_first_not_of('/') == std::string_view::npos)
        << path;
}

}  // namespace
}  // namespace howdah::gateways
