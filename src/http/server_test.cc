#include "http/server.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <future>
#include <mutex>
#include <thread>

#include "http/raw_peer.h"

namespace howdah::http {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Server> serve(Handler handler, ServerOptions options = {}) {
  auto server = Server::start(options, std::move(handler));
  EXPECT_TRUE(server.ok()) << (server.ok() ? "" : server.error().message);
  return std::move(server).value();
}

Response text(std::string body) { return {200, {}, std::move(body)}; }

/// Method, path and body back as text.
Response echo(Request& request) {
  auto body = read_all(*request.body, 1 << 20);
  if (!body.ok()) return {400, {}, body.error().message};
  return text(request.method + " " + request.path + " " + *body + "\n");
}

std::string get(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more) + "\r\n";
}

/// A body made of pieces that the test hands over one by one.
class Pieces {
 public:
  void give(std::string piece) {
    std::lock_guard lock(mutex_);
    pieces_.push_back(std::move(piece));
    changed_.notify_all();
  }
  base::Result<std::string> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !pieces_.empty(); });
    std::string out = std::move(pieces_.front());
    pieces_.erase(pieces_.begin());
    if (out == "FAIL") return base::internal("no more");
    return out;
  }
  class Source final : public BodySource {
   public:
    Source(Pieces& pieces, std::optional<uint64_t> length) : pieces_(pieces), length_(length) {}
    base::Result<size_t> read(std::span<char> into) override {
      const std::string piece = TRY(pieces_.take());
      std::copy(piece.begin(), piece.end(), into.begin());
      return piece.size();
    }
    std::optional<uint64_t> length() const override { return length_; }

   private:
    Pieces& pieces_;
    std::optional<uint64_t> length_;
  };
  Handler handler(std::optional<uint64_t> length = std::nullopt) {
    return [this, length](Request&) {
      Response response;
      response.body = std::make_unique<Source>(*this, length);
      return response;
    };
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> pieces_;
};

base::Fd file_with(std::string_view bytes) {
  char path[] = "/tmp/howdah-http-XXXXXX";
  base::Fd file(::mkstemp(path));
  ::unlink(path);
  EXPECT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return file;
}

TEST(Server, PipelinedRequestsAreAnsweredInOrder) {
  auto server = serve(echo);
  RawPeer peer(server->port());
  peer.send(
      "\r\n" + get("/1") + "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" +
      "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\n" +
      get("/4", "Connection: close\r\n"));
  EXPECT_TRUE(peer.read_answer().ends_with("\r\n\r\nGET /1 \n"));
  EXPECT_TRUE(peer.read_answer().ends_with("\r\n\r\nPOST /2 abc\n"));
  EXPECT_TRUE(peer.read_answer().ends_with("\r\n\r\nPOST /3 def\n"));
  const std::string last = peer.read_to_end();
  EXPECT_NE(last.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(last.ends_with("\r\n\r\nGET /4 \n"));
}

TEST(Server, ARequestMayComeByteByByte) {
  auto server = serve(echo);
  RawPeer peer(server->port());
  for (char c :
       "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
       "GET /y HTTP/1.1\r\nHost: a\r\n\r") {
    if (c != '\0') peer.send(std::string_view(&c, 1));
  }
  peer.send("\n");
  EXPECT_TRUE(peer.read_answer().ends_with("POST /x hi\n"));
  EXPECT_TRUE(peer.read_answer().ends_with("GET /y \n"));
}

TEST(Server, TheHeadCarriesDateAndLengthAndNoMore) {
  auto server = serve([](Request&) { return text("x"); });
  RawPeer peer(server->port());
  peer.send(get("/"));
  const std::string head = peer.read_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << head;
  EXPECT_TRUE(head.ends_with(" GMT\r\nContent-Length: 1\r\n\r\n")) << head;
}

TEST(Server, FieldsCannotBreakOutOfTheirLine) {
  auto server = serve([](Request&) {
    Response response;
    response.headers.add("X-A", "1\r\nSet-Cookie: evil\0x");
    response.headers.add("X-B\r\nX-C", "2");
    response.headers.add("Transfer-Encoding", "chunked");
    response.headers.add("Content-Length", "100");
    response.body = std::string("ok");
    return response;
  });
  RawPeer peer(server->port());
  peer.send(get("/"));
  const std::string answer = peer.read_answer();
  EXPECT_NE(answer.find("X-A: 1  Set-Cookie: evil\r\n"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("X-B"), std::string::npos);
  EXPECT_EQ(answer.find("chunked"), std::string::npos);
  EXPECT_NE(answer.find("Content-Length: 2\r\n"), std::string::npos);
}

TEST(Server, EachPieceOfAnUnknownLengthGoesOutAtOnce) {
  Pieces pieces;
  auto server = serve(pieces.handler());
  RawPeer peer(server->port());
  peer.send(get("/"));
  EXPECT_NE(peer.read_until("\r\n\r\n").find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  for (int i = 0; i < 3; ++i) {
    pieces.give(" ");
    EXPECT_EQ(peer.read_until(" \r\n"), "1\r\n \r\n");
  }
  pieces.give("{}");
  pieces.give("");
  EXPECT_EQ(peer.read_until("0\r\n\r\n"), "2\r\n{}\r\n0\r\n\r\n");
  peer.send(get("/"));  // the connection goes on
  pieces.give("");
  EXPECT_TRUE(peer.read_until("0\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST(Server, ABodyThatFailsHasNoProperEnd) {
  Pieces pieces;
  auto server = serve(pieces.handler());
  RawPeer peer(server->port());
  peer.send(get("/"));
  pieces.give("abc");
  pieces.give("FAIL");
  EXPECT_TRUE(peer.read_to_end().ends_with("\r\n\r\n3\r\nabc\r\n"));
}

TEST(Server, AKnownLengthIsSentPlainAndAShortOneEndsTheConnection) {
  Pieces pieces;
  auto server = serve(pieces.handler(5));
  RawPeer peer(server->port());
  peer.send(get("/"));
  pieces.give("he");
  pieces.give("llo");
  EXPECT_TRUE(peer.read_answer().ends_with("Content-Length: 5\r\n\r\nhello"));
  peer.send(get("/"));
  pieces.give("he");
  pieces.give("");
  EXPECT_TRUE(peer.read_to_end().ends_with("\r\n\r\nhe"));
}

TEST(Server, ForHttp10AnUnknownLengthEndsWithTheConnection) {
  Pieces pieces;
  auto server = serve(pieces.handler());
  RawPeer peer(server->port());
  peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  pieces.give("abc");
  pieces.give("");
  const std::string answer = peer.read_to_end();
  EXPECT_EQ(answer.find("chunked"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("Connection: close\r\n\r\nabc"));
}

TEST(Server, Http10IsKeptAliveWhenItAsks) {
  auto server = serve(echo);
  RawPeer peer(server->port());
  peer.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(peer.read_answer().find("Connection: keep-alive\r\n"), std::string::npos);
  peer.send("GET /2 HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(peer.read_to_end().ends_with("GET /2 \n"));
}

TEST(Server, PartsOfFilesAreSent) {
  std::string bytes(3 << 20, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  auto server = serve([&](Request& request) {
    Response response;
    const uint64_t from = std::strtoull(request.query.c_str(), nullptr, 10);
    response.body = FileBody{file_with(bytes), from, bytes.size() - from};
    return response;
  });
  RawPeer peer(server->port());
  for (const uint64_t from : {uint64_t{0}, uint64_t{1000001}, uint64_t{bytes.size()}}) {
    peer.send(get("/?" + std::to_string(from)));
    EXPECT_NE(peer.read_until("\r\n\r\n")
                  .find("Content-Length: " + std::to_string(bytes.size() - from) + "\r\n"),
              std::string::npos);
    EXPECT_TRUE(peer.read_exactly(bytes.size() - from) == bytes.substr(from));
  }
}

TEST(Server, AFileThatShrankEndsTheConnection) {
  auto server = serve([](Request&) {
    Response response;
    response.body = FileBody{file_with("short"), 0, 100};
    return response;
  });
  RawPeer peer(server->port());
  peer.send(get("/"));
  EXPECT_TRUE(peer.read_to_end().ends_with("Content-Length: 100\r\n\r\nshort"));
}

TEST(Server, HeadHasTheLengthOfTheBodyItDoesNotSend) {
  Pieces pieces;
  auto server = serve([&](Request& request) {
    Response response = text("hello");
    if (request.path == "/file") response.body = FileBody{base::Fd(), 0, 12};
    if (request.path == "/known") response.body = std::make_unique<Pieces::Source>(pieces, 7);
    if (request.path == "/unknown")
      response.body = std::make_unique<Pieces::Source>(pieces, std::nullopt);
    if (request.path == "/said") {
      response.headers.set("Content-Length", "99");
      response.body = std::string();
    }
    return response;
  });
  RawPeer peer(server->port());
  const std::pair<const char*, const char*> table[] = {{"/text", "Content-Length: 5"},
                                                       {"/file", "Content-Length: 12"},
                                                       {"/known", "Content-Length: 7"},
                                                       {"/unknown", "Transfer-Encoding: chunked"},
                                                       {"/said", "Content-Length: 99"}};
  for (const auto& [path, field] : table) {
    peer.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(peer.read_until("\r\n\r\n").ends_with(std::string(field) + "\r\n\r\n")) << path;
    EXPECT_FALSE(peer.readable_now());
  }
}

TEST(Server, StatusesWithoutABodyHaveNone) {
  auto server = serve([](Request& request) {
    Response response = text("never sent");
    response.status = request.path == "/304" ? 304 : 204;
    return response;
  });
  RawPeer peer(server->port());
  peer.send(get("/204") + get("/304", "Connection: close\r\n"));
  const std::string both = peer.read_to_end();
  EXPECT_EQ(both.find("Content-Length"), std::string::npos);
  EXPECT_EQ(both.find("never"), std::string::npos);
  EXPECT_NE(both.find("HTTP/1.1 304 Not Modified\r\n"), std::string::npos);
}

TEST(Server, ContinueIsSaidWhenTheHandlerReads) {
  auto server = serve([](Request& request) {
    return request.path == "/read" ? echo(request) : Response{403, {}, std::string("no")};
  });
  const std::string fields =
      " HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  RawPeer peer(server->port());
  peer.send("PUT /read" + fields);
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("hello");
  EXPECT_TRUE(peer.read_answer().ends_with("PUT /read hello\n"));
  peer.send("PUT /refused" + fields);
  const std::string refused = peer.read_answer();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 403 Forbidden\r\n")) << refused;
  EXPECT_NE(refused.find("Connection: close\r\n"), std::string::npos);
}

TEST(Server, WhatAHandlerLeavesOfABodyIsReadAway) {
  auto server = serve([](Request&) { return text("done"); });
  RawPeer peer(server->port());
  const std::string body(100000, 'x');
  for (int i = 0; i < 3; ++i) {
    peer.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + body);
    EXPECT_EQ(peer.read_answer().find("Connection: close"), std::string::npos);
  }
}

TEST(Server, AHugeBodyThatIsNotWantedGetsItsAnswerAndAnEnd) {
  auto server = serve([](Request&) { return Response{413, {}, std::string("too long")}; });
  RawPeer peer(server->port());
  peer.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n\r\n" +
            std::string(1 << 20, 'x'));
  const std::string answer = peer.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
}

TEST(Server, ABodyBrokenUnderTheHandlerEndsTheConnection) {
  auto server = serve(echo);
  RawPeer peer(server->port());
  peer.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" +
            get("/smuggled"));
  const std::string answer = peer.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(answer.find("smuggled"), std::string::npos);
}

TEST(Server, WhatIsNoHttpIsRefusedAndEnds) {
  auto server = serve(echo);
  const std::pair<std::string, const char*> table[] = {
      {"GARBAGE\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", "HTTP/1.1 505 "},
      {get("/", "Big: " + std::string(70000, 'x') + "\r\n"), "HTTP/1.1 431 "},
      {std::string(70000, 'G'), "HTTP/1.1 431 "},
      {"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n" +
           get("/smuggled"),
       "HTTP/1.1 400 "}};
  for (const auto& [bytes, start] : table) {
    RawPeer peer(server->port());
    peer.send(bytes);
    const std::string answer = peer.read_to_end();
    EXPECT_TRUE(answer.starts_with(start)) << answer;
    EXPECT_EQ(answer.find("smuggled"), std::string::npos);
  }
}

TEST(Server, AThrowingHandlerFailsItsRequestOnly) {
  auto server = serve([](Request& request) -> Response {
    if (request.path == "/bad") throw std::bad_alloc();  // tidy-allow throw: as a third party might
    return echo(request);
  });
  RawPeer peer(server->port());
  peer.send(get("/bad"));
  EXPECT_TRUE(peer.read_answer().starts_with("HTTP/1.1 500 "));
  peer.send(get("/good"));
  EXPECT_TRUE(peer.read_answer().ends_with("GET /good \n"));
}

TEST(Server, TellsConnectionsApart) {
  auto server = serve([](Request& request) {
    return text(request.peer + " " + std::to_string(request.connection_id) +
                (request.tls ? " tls" : ""));
  });
  RawPeer a(server->port()), b(server->port());
  const auto body_of = [](RawPeer& peer) {
    peer.send(get("/"));
    const std::string answer = peer.read_answer();
    return answer.substr(answer.find("\r\n\r\n") + 4);
  };
  const std::string first = body_of(a);
  EXPECT_TRUE(first.starts_with("127.0.0.1:"));
  EXPECT_EQ(first, body_of(a));
  EXPECT_NE(first, body_of(b));
}

}  // namespace
}  // namespace howdah::http
