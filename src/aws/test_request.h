#pragma once

// For tests: a request whose body is a text, given out in small pieces.
// Ownership: owns both; the request points at the reader, moving keeps that true.

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "http/message.h"

namespace howdah::aws {

class TextReader : public http::BodyReader {
 public:
  base::Result<size_t> read(std::span<char> into) override {
    const size_t count = std::min({into.size(), text.size() - at_, piece});
    std::memcpy(into.data(), text.data() + at_, count);
    at_ += count;
    return count;
  }
  std::optional<uint64_t> length() const override {
    return known_length ? std::optional<uint64_t>(text.size()) : std::nullopt;
  }

  std::string text;
  size_t piece = 7;
  bool known_length = true;

 private:
  size_t at_ = 0;
};

struct TestRequest {
  TestRequest(std::string method, std::string target, std::string body)
      : owned(std::make_unique<TextReader>()), reader(*owned) {
    request.method = std::move(method);
    request.target = target;
    const size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    reader.text = std::move(body);
    request.body = owned.get();
  }

  std::unique_ptr<TextReader> owned;
  TextReader& reader;
  http::Request request;
};

}  // namespace howdah::aws
