#include "http/request_head.h"

#include <gtest/gtest.h>

namespace howdah::http {
namespace {

struct Refused {
  const char* name;
  std::string bytes;
  int status;
};

TEST(RequestHead, WhatCouldBeReadInTwoWaysIsRefused) {
  const std::string host = "Host: a\r\n";
  const std::string get = "GET / HTTP/1.1\r\n" + host;
  const std::string post = "POST / HTTP/1.1\r\n" + host;
  const Refused table[] = {
      {"two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {"the same length twice", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
      {"a list of lengths", post + "Content-Length: 5, 5\r\n\r\n", 400},
      {"length and coding", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"coding and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
      {"coding twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501},
      {"another coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"an unknown coding", post + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"an empty coding", post + "Transfer-Encoding:\r\n\r\n", 501},
      {"a negative length", post + "Content-Length: -5\r\n\r\n", 400},
      {"a signed length", post + "Content-Length: +5\r\n\r\n", 400},
      {"a hexadecimal length", post + "Content-Length: 0x5\r\n\r\n", 400},
      {"an empty length", post + "Content-Length:\r\n\r\n", 400},
      {"a length above 2^64", post + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"codings in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"a folded field", get + "X: a\r\n b\r\n\r\n", 400},
      {"a field folded by a tab", get + "X: a\r\n\tb\r\n\r\n", 400},
      {"a space before the colon", get + "X : a\r\n\r\n", 400},
      {"a field without a colon", get + "X\r\n\r\n", 400},
      {"a field without a name", get + ": a\r\n\r\n", 400},
      {"a NUL", get + std::string("X: a\0b\r\n\r\n", 10), 400},
      {"a lone CR in a field", get + "X: a\rb\r\n\r\n", 400},
      {"a lone LF in a field", get + "X: a\nY: b\r\n\r\n", 400},
      {"lines ending in LF", "GET / HTTP/1.1\nHost: a\n\r\n\r\n", 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", get + host + "\r\n", 400},
      {"HTTP/2", "GET / HTTP/2.0\r\n" + host + "\r\n", 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\n" + host + "\r\n", 505},
      {"no version", "GET /\r\n" + host + "\r\n", 400},
      {"a space in the target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a control character in the target", "GET /a\x01 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a relative target", "GET a HTTP/1.1\r\n" + host + "\r\n", 400},
      {"another scheme", "GET ftp://a/ HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a URL without a host", "GET http:///a HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a URL with a user", "GET http://u@a/ HTTP/1.1\r\n" + host + "\r\n", 400},
      {"CONNECT's authority", "CONNECT a:80 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a star without OPTIONS", "GET * HTTP/1.1\r\n" + host + "\r\n", 400},
      {"an unknown expectation", post + "Content-Length: 1\r\nExpect: wonders\r\n\r\n", 417},
      {"a method with a bad character", "GE(T / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"nothing", "\r\n\r\n", 400},
      {"TLS", "\x16\x03\x01\x02\r\n\r\n", 400},
      {"half a head", get, 400},
  };
  for (const Refused& row : table) {
    RequestHead head;
    const auto fault = parse_head(row.bytes, &head);
    ASSERT_TRUE(fault.has_value()) << row.name;
    EXPECT_EQ(fault->status, row.status) << row.name << ": " << fault->why;
  }
}

RequestHead parsed(std::string_view bytes) {
  RequestHead head;
  const auto fault = parse_head(bytes, &head);
  EXPECT_FALSE(fault.has_value()) << bytes << fault->why;
  return head;
}

TEST(RequestHead, TheTargetIsKeptAsItCame) {
  const auto head = parsed("GET /a%2Fb/../c//?x=%20&y+z? HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/a%2Fb/../c//?x=%20&y+z?");
  EXPECT_EQ(head.path, "/a%2Fb/../c//");
  EXPECT_EQ(head.query, "x=%20&y+z?");
}

TEST(RequestHead, AnAbsoluteTargetReplacesTheHost) {
  const auto head = parsed("GET http://b:1/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(head.headers.find("host"), "b:1");
  EXPECT_EQ(head.path, "/x");
  EXPECT_EQ(head.query, "y");
  EXPECT_EQ(parsed("GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n").path, "/");
  EXPECT_EQ(parsed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").path, "/");
}

TEST(RequestHead, WhetherTheConnectionIsKept) {
  const std::string host = "\r\nHost: a\r\n";
  EXPECT_TRUE(parsed("GET / HTTP/1.1" + host + "\r\n").keep_alive);
  EXPECT_FALSE(parsed("GET / HTTP/1.1" + host + "Connection: Close\r\n\r\n").keep_alive);
  EXPECT_FALSE(parsed("GET / HTTP/1.1" + host + "Connection: x, close\r\n\r\n").keep_alive);
  EXPECT_FALSE(parsed("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(RequestHead, FieldsKeepOrderRepeatsAndBytes) {
  const auto head =
      parsed("GET / HTTP/1.1\r\nHost: a\r\nX-A:  1 \r\nx-a: \xc3\xa9\t2\r\nEmpty:\r\n\r\n");
  std::string all;
  for (const auto& [name, value] : head.headers) all += name + "=" + value + ";";
  EXPECT_EQ(all, "Host=a;X-A=1;x-a=\xc3\xa9\t2;Empty=;");
}

TEST(RequestHead, TooManyFieldsAre431) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 512; ++i) bytes += "a:b\r\n";
  RequestHead head;
  EXPECT_EQ(parse_head(bytes + "\r\n", &head)->status, 431);
}

TEST(RequestHead, TheEndIsFoundAcrossPieces) {
  const std::string_view bytes = "GET / HTTP/1.1\r\n\r\nrest";
  EXPECT_EQ(find_head_end(bytes, 0), 18u);
  for (size_t searched = 0; searched < 18; ++searched)
    EXPECT_EQ(find_head_end(bytes, searched), 18u);
  EXPECT_EQ(find_head_end(bytes.substr(0, 17), 0), std::string_view::npos);
}

}  // namespace
}  // namespace howdah::http
