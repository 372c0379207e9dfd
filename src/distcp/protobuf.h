#pragma once

// The few rules of Protocol Buffers' encoding that HDFS's messages need (Protocol Buffers
// Documentation, "Encoding"). Pure. Failure: kInvalidArgument for bytes that are no message.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace howdah::distcp {

/// A message as it is written, field after field.
class Message {
 public:
  Message& number(int field, uint64_t value);
  Message& signed_number(int field, int64_t value);  // sint32, sint64
  Message& fixed32(int field, uint32_t value);
  Message& fixed64(int field, uint64_t value);
  Message& text(int field, std::string_view value);  // strings, bytes, messages
  Message& message(int field, const Message& value) { return text(field, value.bytes_); }
  const std::string& bytes() const { return bytes_; }
  std::string delimited() const;  // its length before it

 private:
  std::string bytes_;
};

/// A message as it was read. Views into the text that was parsed.
class Fields {
 public:
  static base::Result<Fields> parse(std::string_view bytes);
  uint64_t number(int field, uint64_t otherwise = 0) const;
  int64_t signed_number(int field, int64_t otherwise = 0) const;
  std::string_view text(int field) const;  // empty when absent
  std::vector<std::string_view> texts(int field) const;
  std::vector<uint64_t> numbers(int field) const;  // repeated, packed or not
  bool has(int field) const;

 private:
  struct Field {
    int number;
    uint64_t value;
    std::string_view bytes;
    bool is_bytes;
  };
  std::vector<Field> fields_;
};

void append_varint(std::string& out, uint64_t value);
/// Takes one from the front of `bytes`; nullopt when they end within it.
std::optional<uint64_t> take_varint(std::string_view& bytes);
/// Takes a length and so many bytes; nullopt when they are not there.
std::optional<std::string_view> take_delimited(std::string_view& bytes);

}  // namespace howdah::distcp
