#include "cli/session.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "cli/api.h"
#include "cli/commands.h"
#include "cli/exit_code.h"

namespace howdah::cli {
namespace {

TEST(Session, ServerJsonTellsEndpointAndPid) {
  auto server = parse_server_json(
      R"({"endpoint":"http://localhost:4566","pid":7,"version":"0.1.0",)"
      R"("started":"2026-01-01T00:00:00.000Z"})");
  ASSERT_TRUE(server.has_value());
  EXPECT_EQ(server->endpoint, "http://localhost:4566");
  EXPECT_EQ(server->pid, 7);
  EXPECT_EQ(base::to_iso8601(server->started), "2026-01-01T00:00:00.000Z");
}

TEST(Session, ABrokenServerJsonIsNoServer) {
  EXPECT_FALSE(parse_server_json("").has_value());
  EXPECT_FALSE(parse_server_json("[]").has_value());
  EXPECT_FALSE(parse_server_json(R"({"pid":7})").has_value());
}

TEST(Session, OnlyLoopbackGetsTheTestKeys) {
  EXPECT_TRUE(is_loopback_endpoint("http://localhost:4566"));
  EXPECT_TRUE(is_loopback_endpoint("http://127.0.0.1:4566/"));
  EXPECT_TRUE(is_loopback_endpoint("http://[::1]:4566"));
  EXPECT_TRUE(is_loopback_endpoint("https://s3.localhost:4566"));
  EXPECT_FALSE(is_loopback_endpoint("http://10.0.0.7:4566"));
  EXPECT_FALSE(is_loopback_endpoint("https://elasticmapreduce.us-east-1.amazonaws.com"));
  EXPECT_FALSE(is_loopback_endpoint("http://localhost.example.org:4566"));
}

TEST(Session, TheTailOfALogIsItsLastLines) {
  auto path = std::filesystem::temp_directory_path() / "howdah-cli-tail-test";
  std::ofstream(path) << "one\ntwo\nthree\n";
  EXPECT_EQ(tail(path, 2), "two\nthree");
  EXPECT_EQ(tail(path, 9), "one\ntwo\nthree");
  std::filesystem::remove(path);
  EXPECT_EQ(tail(path, 2), "");
}

TEST(Session, ADeadServersFileIsNotARunningServer) {
  auto folder = std::filesystem::temp_directory_path() / "howdah-cli-dead-test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "server.json") << R"({"endpoint":"http://localhost:1","pid":999999999})";
  Globals globals;
  globals.data_dir = folder;
  auto server = running_server(globals);
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().code, base::Code::kUnavailable);
  std::filesystem::remove_all(folder);
}

TEST(Listen, AcceptsAddressAndPortInTheUsualForms) {
  ServeOptions options;
  ASSERT_TRUE(parse_listen("127.0.0.1:0", options).ok());
  EXPECT_EQ(options.host, "127.0.0.1");
  EXPECT_EQ(options.port, 0);
  ASSERT_TRUE(parse_listen("[::1]:80", options).ok());
  EXPECT_EQ(options.host, "::1");
  ASSERT_TRUE(parse_listen("4567", options).ok());
  EXPECT_EQ(options.host, "127.0.0.1");
  EXPECT_EQ(options.port, 4567);
  ASSERT_TRUE(parse_listen("localhost:65535", options).ok());
  EXPECT_EQ(options.port, 65535);
}

TEST(Listen, RefusesWhatIsNoAddressOrPort) {
  ServeOptions options;
  for (const char* bad :
       {"", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "example.org:80", "127.0.0.1:-1"}) {
    EXPECT_FALSE(parse_listen(bad, options).ok()) << bad;
  }
}

TEST(ApiError, KeepsTheNameThatAwsGives) {
  auto error = error_of(400, R"({"__type":"com.amazon#ValidationException","message":"no"})");
  EXPECT_EQ(error.reason, "ValidationException");
  EXPECT_EQ(error.message, "no");
  EXPECT_EQ(exit_code_of(error.code), kFailed);
}

TEST(ApiError, AnUnknownClusterIsNotFound) {
  auto error = error_of(
      400, R"({"__type":"InvalidRequestException","Message":"Cluster id 'j-1' is not valid."})");
  EXPECT_EQ(exit_code_of(error.code), kNotFound);
}

TEST(ApiError, ARefusedSignatureIsDenied) {
  EXPECT_EQ(exit_code_of(error_of(403, "{}").code), kDenied);
  EXPECT_EQ(error_of(502, "").message, "the server answered 502");
}

}  // namespace
}  // namespace howdah::cli
