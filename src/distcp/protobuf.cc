#include "distcp/protobuf.h"

namespace howdah::distcp {
namespace {

enum Wire { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void append_tag(std::string& out, int field, Wire wire) {
  append_varint(out, (static_cast<uint64_t>(field) << 3) | wire);
}

void append_little(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

std::optional<uint64_t> take_little(std::string_view& bytes, size_t count) {
  if (bytes.size() < count) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  bytes.remove_prefix(count);
  return value;
}

}  // namespace

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

std::optional<uint64_t> take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> take_delimited(std::string_view& bytes) {
  std::string_view rest = bytes;
  const auto size = take_varint(rest);
  if (!size || *size > rest.size()) return std::nullopt;
  bytes = rest.substr(*size);
  return rest.substr(0, *size);
}

Message& Message::number(int field, uint64_t value) {
  append_tag(bytes_, field, kVarint);
  append_varint(bytes_, value);
  return *this;
}

Message& Message::signed_number(int field, int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  return number(field, (bits << 1) ^ (value < 0 ? ~uint64_t{0} : 0));
}

Message& Message::fixed32(int field, uint32_t value) {
  append_tag(bytes_, field, kFixed32);
  append_little(bytes_, value, 4);
  return *this;
}

Message& Message::fixed64(int field, uint64_t value) {
  append_tag(bytes_, field, kFixed64);
  append_little(bytes_, value, 8);
  return *this;
}

Message& Message::text(int field, std::string_view value) {
  append_tag(bytes_, field, kBytes);
  append_varint(bytes_, value.size());
  bytes_ += value;
  return *this;
}

std::string Message::delimited() const {
  std::string out;
  append_varint(out, bytes_.size());
  return out += bytes_;
}

base::Result<Fields> Fields::parse(std::string_view bytes) {
  Fields out;
  const auto broken = base::invalid_argument("not a protobuf message");
  while (!bytes.empty()) {
    const auto tag = take_varint(bytes);
    if (!tag || *tag >> 3 == 0 || *tag >> 3 > 0x1fffffff) return broken;
    Field field{static_cast<int>(*tag >> 3), 0, {}, false};
    std::optional<uint64_t> value;
    switch (*tag & 7) {
      case kVarint:
        value = take_varint(bytes);
        break;
      case kFixed64:
        value = take_little(bytes, 8);
        break;
      case kFixed32:
        value = take_little(bytes, 4);
        break;
      case kBytes:
        if (const auto taken = take_delimited(bytes)) {
          field.bytes = *taken;
          field.is_bytes = true;
          value = 0;
        }
        break;
      default:
        break;
    }
    if (!value) return broken;
    field.value = *value;
    out.fields_.push_back(field);
  }
  return out;
}

uint64_t Fields::number(int field, uint64_t otherwise) const {
  for (const Field& each : fields_) {
    if (each.number == field && !each.is_bytes) otherwise = each.value;  // the last one counts
  }
  return otherwise;
}

int64_t Fields::signed_number(int field, int64_t otherwise) const {
  if (!has(field)) return otherwise;
  const uint64_t value = number(field);
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

std::string_view Fields::text(int field) const {
  std::string_view out;
  for (const Field& each : fields_) {
    if (each.number == field && each.is_bytes) out = each.bytes;
  }
  return out;
}

std::vector<std::string_view> Fields::texts(int field) const {
  std::vector<std::string_view> out;
  for (const Field& each : fields_) {
    if (each.number == field && each.is_bytes) out.push_back(each.bytes);
  }
  return out;
}

std::vector<uint64_t> Fields::numbers(int field) const {
  std::vector<uint64_t> out;
  for (const Field& each : fields_) {
    if (each.number != field) continue;
    if (!each.is_bytes) out.push_back(each.value);
    std::string_view packed = each.bytes;
    while (!packed.empty()) {
      const auto value = take_varint(packed);
      if (!value) break;
      out.push_back(*value);
    }
  }
  return out;
}

bool Fields::has(int field) const {
  for (const Field& each : fields_) {
    if (each.number == field) return true;
  }
  return false;
}

}  // namespace howdah::distcp
