#include "aws/validate.h"

#include <fmt/format.h>

#include <vector>

namespace howdah::aws {

using base::Json;
using base::JsonArray;
using base::JsonObject;

namespace {

// An input that breaks the rules ten thousand times needs no answer of a megabyte.
constexpr size_t kMostFaults = 100;
constexpr size_t kLongestValue = 1024;

// A step from the input to a member, kept on the stack; becomes text only when something is wrong.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;  // of a member or a map's key; empty for a list's element
  size_t position = 0;    // from 1

  std::string text() const {
    std::string out = parent ? parent->text() : "";
    if (position > 0) return out + fmt::format(".{}.member", position);
    if (name.empty()) return out;
    if (!out.empty()) out += '.';
    const size_t start = out.size();
    out += name;
    if (out[start] >= 'A' && out[start] <= 'Z')
      out[start] = static_cast<char>(out[start] - 'A' + 'a');
    return out;
  }
};

struct Faults {
  std::vector<std::string> texts;
  size_t count = 0;
};

void print_value(const Shape* shape, const Json& value, std::string& out);

void print_structure(const Shape& shape, const JsonObject& object, std::string& out) {
  out += std::string_view(shape.name);
  out += '(';
  bool first = true;
  for (const auto& [key, member] : object) {
    if (!first) out += ", ";
    first = false;
    const Shape* inner = nullptr;
    for (size_t i = 0; i < shape.member_count; ++i) {
      if (std::string_view(shape.members[i].name) == key) inner = shape.members[i].shape;
    }
    out += key;
    out += '=';
    print_value(inner, member, out);
  }
  out += ')';
}

// As Java prints it: [a, b], {k=v}, Tag(key=a, value=b).
void print_value(const Shape* shape, const Json& value, std::string& out) {
  if (out.size() > kLongestValue) return;
  if (shape && shape->sensitive) {
    out += "***";
  } else if (value.is_null()) {
    out += "null";
  } else if (const auto* text = value.if_string()) {
    out += base::view_of(*text);
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ", ";
      print_value(shape && shape->element ? shape->element->shape : nullptr, (*array)[i], out);
    }
    out += ']';
  } else if (const auto* object = value.if_object()) {
    if (shape && shape->type == Type::kStructure) return print_structure(*shape, *object, out);
    out += '{';
    bool first = true;
    for (const auto& [key, item] : *object) {
      if (!first) out += ", ";
      first = false;
      out += key;
      out += '=';
      print_value(shape && shape->value ? shape->value->shape : nullptr, item, out);
    }
    out += '}';
  } else {
    out += base::to_text(value);
  }
}

void add_fault(const Shape& shape, const Json& value, const Path& path, std::string_view constraint,
               Faults& faults) {
  if (++faults.count > kMostFaults) return;
  std::string shown;
  if (value.is_null()) {
    shown = " null";
  } else if (!shape.sensitive) {
    std::string text;
    print_value(&shape, value, text);
    shown = fmt::format(" '{}'", text);
  }
  faults.texts.push_back(fmt::format("Value{} at '{}' failed to satisfy constraint: {}", shown,
                                     path.text(), constraint));
}

size_t length_of(const Json& value, Type type) {
  if (const auto* array = value.if_array()) return array->size();
  if (const auto* object = value.if_object()) return object->size();
  const auto* text = value.if_string();
  if (!text) return 0;
  if (type == Type::kBlob) return text->size();
  size_t characters = 0;  // of UTF-8: every byte but those that continue one
  for (const char c : *text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return characters;
}

std::string enum_values(const Shape& shape) {
  std::string out = "Member must satisfy enum value set: [";
  for (size_t i = 0; i < shape.enum_count; ++i) {
    if (i > 0) out += ", ";
    out += std::string_view(shape.enums[i]);
  }
  return out + "]";
}

bool is_number(Type type) {
  return type == Type::kInteger || type == Type::kLong || type == Type::kFloat ||
         type == Type::kDouble;
}

void check_bounds(const Shape& shape, const Json& value, std::vector<std::string>& broken) {
  if (is_number(shape.type)) {
    const double number = value.is_int64()    ? static_cast<double>(value.get_int64())
                          : value.is_double() ? value.get_double()
                                              : 0;
    if (shape.has_max && number > static_cast<double>(shape.max)) {
      broken.push_back(fmt::format("Member must have value less than or equal to {}", shape.max));
    }
    if (shape.has_min && number < static_cast<double>(shape.min)) {
      broken.push_back(
          fmt::format("Member must have value greater than or equal to {}", shape.min));
    }
    return;
  }
  const auto length = static_cast<int64_t>(length_of(value, shape.type));
  if (shape.has_max && length > shape.max) {
    broken.push_back(fmt::format("Member must have length less than or equal to {}", shape.max));
  }
  if (shape.has_min && length < shape.min) {
    broken.push_back(fmt::format("Member must have length greater than or equal to {}", shape.min));
  }
}

// What a value breaks by itself, without what it holds.
void check_alone(const Shape& shape, const Json& value, std::vector<std::string>& broken) {
  if (value.is_null()) {
    broken.emplace_back("Member must not be null");
    return;
  }
  if (shape.has_min || shape.has_max) check_bounds(shape, value, broken);
  if (shape.type != Type::kString || !value.is_string()) return;
  const std::string_view text = base::view_of(value.get_string());
  if (shape.pattern && !matches(*shape.pattern, text)) {
    broken.push_back(fmt::format("Member must satisfy regular expression pattern: {}",
                                 std::string_view(shape.pattern->source)));
  }
  if (shape.enum_count > 0) {
    bool known = false;
    for (size_t i = 0; i < shape.enum_count && !known; ++i) known = shape.enums[i] == text;
    if (!known) broken.push_back(enum_values(shape));
  }
}

void check_structure(const Shape& shape, const JsonObject& object, const Path& path,
                     Faults& faults);
void check_inside(const Shape& shape, const Json& value, const Path& path, Faults& faults);

void check(const Shape& shape, const Json& value, const Path& path, Faults& faults) {
  std::vector<std::string> broken;
  check_alone(shape, value, broken);
  for (const std::string& constraint : broken) add_fault(shape, value, path, constraint, faults);
  if (!value.is_null()) check_inside(shape, value, path, faults);
}

bool holds_members(Type type) {
  return type == Type::kStructure || type == Type::kList || type == Type::kMap;
}

// Scalars in a list or map are told of at the list: "Member must satisfy constraint: [...]".
void check_items(const Shape& shape, const Json& container, const Path& path, Faults& faults) {
  const bool is_map = shape.type == Type::kMap;
  const Shape& inner = *(is_map ? shape.value : shape.element)->shape;
  std::vector<std::string> told;
  auto tell = [&](const Shape& of, const Json& value, std::string_view lead) {
    std::vector<std::string> broken;
    check_alone(of, value, broken);
    if (broken.empty()) return;
    std::string constraint =
        fmt::format("{} must satisfy constraint: [{}]", lead, fmt::join(broken, ", "));
    for (const std::string& earlier : told) {
      if (earlier == constraint) return;
    }
    add_fault(shape, container, path, constraint, faults);
    told.push_back(std::move(constraint));
  };
  size_t position = 0;
  auto visit = [&](std::string_view key, const Json& item) {
    ++position;
    if (item.is_null() || !holds_members(inner.type)) {
      tell(inner, item, is_map ? "Map value" : "Member");
      return;
    }
    const Path keyed{&path, key, 0};
    const Path at{is_map ? &keyed : &path, {}, position};
    check(inner, item, is_map ? keyed : at, faults);
  };
  if (const auto* array = container.if_array()) {
    for (const Json& item : *array) visit({}, item);
  } else if (const auto* object = container.if_object()) {
    for (const auto& [key, item] : *object) {
      tell(*shape.key->shape, Json(key), "Map keys");
      visit(key, item);
    }
  }
}

void check_inside(const Shape& shape, const Json& value, const Path& path, Faults& faults) {
  if (shape.type == Type::kStructure) {
    if (const auto* object = value.if_object()) check_structure(shape, *object, path, faults);
  } else if (shape.type == Type::kList || shape.type == Type::kMap) {
    check_items(shape, value, path, faults);
  }
}

void check_structure(const Shape& shape, const JsonObject& object, const Path& path,
                     Faults& faults) {
  static const Json null;
  for (size_t i = 0; i < shape.member_count; ++i) {
    const Member& member = shape.members[i];
    const Json* value = object.if_contains(std::string_view(member.name));
    const Path at{&path, member.name, 0};
    if (!value || value->is_null()) {
      if (member.required && !member.streaming) {
        add_fault(*member.shape, null, at, "Member must not be null", faults);
      }
      continue;
    }
    check(*member.shape, *value, at, faults);
  }
}

}  // namespace

base::Status validate(Protocol protocol, const Shape& input, const JsonObject& object) {
  Faults faults;
  check_structure(input, object, Path{}, faults);
  if (faults.count == 0) return {};
  return base::Error{base::Code::kInvalidArgument,
                     fmt::format("{} validation error{} detected: {}", faults.count,
                                 faults.count == 1 ? "" : "s", fmt::join(faults.texts, "; ")),
                     protocol == Protocol::kQuery ? "ValidationError" : "ValidationException",
                     {}};
}

}  // namespace howdah::aws
