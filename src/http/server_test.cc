#include "http/server.h"

#include <gtest/gtest.h>

#include "http/client.h"

namespace howdah::http {
namespace {

TEST(Server, AnswersWhatTheHandlerSays) {
  auto server = Server::start({}, [](Request& request) {
    Response response;
    response.headers.set("X-Path", request.path);
    response.body = request.method + " " + *read_all(*request.body, 100);
    return response;
  });
  ASSERT_TRUE(server.ok());
  Client client;
  const std::string base = "http://127.0.0.1:" + std::to_string((*server)->port());
  for (int i = 0; i < 3; ++i) {
    auto answer = client.send({.method = "PUT", .url = base + "/a/../b%2F?x=1", .body = "hello"});
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "PUT hello");
    EXPECT_EQ(answer->headers.find("x-path"), "/a/../b%2F");
  }
}

}  // namespace
}  // namespace howdah::http
