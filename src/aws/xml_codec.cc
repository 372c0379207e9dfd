#include "aws/xml_codec.h"

#include <fmt/format.h>

#include <charconv>
#include <pugixml.hpp>

#include "base/text.h"

namespace howdah::aws {

using base::Json;
using base::JsonArray;
using base::JsonObject;

namespace {

constexpr int kDeepest = 64;

base::Error malformed() {
  return {
      base::Code::kInvalidArgument,
      "The XML you provided was not well-formed or did not validate against our published schema",
      "MalformedXML",
      {}};
}

std::string_view local_name(std::string_view name) {
  const size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

struct Reader {
  base::Result<Json> value(const Member& member, pugi::xml_node node, int depth) {
    const Shape& shape = *member.shape;
    if (depth > kDeepest) return malformed();
    if (shape.type == Type::kStructure) {
      JsonObject object = TRY(structure(shape, node, depth + 1));
      return Json(std::move(object));
    }
    if (shape.type == Type::kList) {
      JsonArray array;
      for (pugi::xml_node child : node.children()) {
        if (child.type() != pugi::node_element) continue;
        if (local_name(child.name()) != std::string_view(shape.element->wire)) continue;
        array.push_back(TRY(value(*shape.element, child, depth + 1)));
      }
      return Json(std::move(array));
    }
    if (shape.type == Type::kMap) return map(shape, node, depth);
    auto scalar = read_scalar(member, TimeFormat::kIso8601, node.text().get());
    if (!scalar) return malformed();
    return std::move(*scalar);
  }

  base::Result<Json> map(const Shape& shape, pugi::xml_node node, int depth) {
    JsonObject object;
    for (pugi::xml_node entry : node.children()) {
      if (entry.type() == pugi::node_element) TRY(map_entry(shape, entry, depth, object));
    }
    return Json(std::move(object));
  }

  base::Status map_entry(const Shape& shape, pugi::xml_node entry, int depth, JsonObject& object) {
    const pugi::xml_node key = entry.child(shape.key->wire.data);
    const pugi::xml_node item = entry.child(shape.value->wire.data);
    if (!key || !item) return malformed();
    object[key.text().get()] = TRY(value(*shape.value, item, depth + 1));
    return {};
  }

  base::Result<JsonObject> structure(const Shape& shape, pugi::xml_node node, int depth) {
    JsonObject object;
    for (size_t i = 0; i < shape.member_count; ++i) {
      const Member& member = shape.members[i];
      if (!member.xml_attribute) continue;
      for (pugi::xml_attribute attribute : node.attributes()) {
        if (local_name(attribute.name()) == local_name(member.wire)) {
          object[std::string_view(member.name)] = attribute.value();
        }
      }
    }
    for (pugi::xml_node child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      const std::string_view name = local_name(child.name());
      for (size_t i = 0; i < shape.member_count; ++i) {
        const Member& member = shape.members[i];
        if (member.location != Location::kBody || member.xml_attribute ||
            name != std::string_view(member.wire)) {
          continue;
        }
        TRY(add(member, child, depth, object));
        break;
      }
    }
    return object;
  }

  base::Status add(const Member& member, pugi::xml_node child, int depth, JsonObject& object) {
    const std::string_view key = member.name;
    if (!member.flattened) {
      object[key] = TRY(value(member, child, depth));
      return {};
    }
    if (member.shape->type == Type::kList) {
      Json& list = object[key];
      if (!list.is_array()) list = JsonArray();
      list.get_array().push_back(TRY(value(*member.shape->element, child, depth + 1)));
      return {};
    }
    Json& map = object[key];
    if (!map.is_object()) map = JsonObject();
    return map_entry(*member.shape, child, depth, map.get_object());
  }
};

void open_tag(std::string_view name, const Shape& shape, const Json& value, std::string& out) {
  out.append("<").append(name);
  if (!shape.xml_namespace.empty()) {
    out.append(" xmlns");
    if (!shape.xml_prefix.empty()) out.append(":").append(std::string_view(shape.xml_prefix));
    out.append("=\"").append(std::string_view(shape.xml_namespace)).append("\"");
  }
  if (const auto* object = value.if_object(); object && shape.type == Type::kStructure) {
    for (size_t i = 0; i < shape.member_count; ++i) {
      const Member& member = shape.members[i];
      if (!member.xml_attribute) continue;
      if (const Json* text = base::find(*object, member.name); text && text->is_string()) {
        out.append(" ").append(std::string_view(member.wire)).append("=\"");
        write_xml_text(base::view_of(text->get_string()), out);
        out.append("\"");
      }
    }
  }
  out.append(">");
}

void write_element(std::string_view name, const Member& member, const Json& value, XmlStyle style,
                   std::string& out);

void write_map(const Shape& shape, std::string_view entry, const JsonObject& object, XmlStyle style,
               std::string& out) {
  for (const auto& [key, item] : object) {
    out.append("<").append(entry).append(">");
    write_element(shape.key->wire, *shape.key, Json(key), style, out);
    write_element(shape.value->wire, *shape.value, item, style, out);
    out.append("</").append(entry).append(">");
  }
}

void write_content(const Member& member, const Json& value, XmlStyle style, std::string& out) {
  const Shape& shape = *member.shape;
  if (const auto* object = value.if_object()) {
    if (shape.type == Type::kStructure) {
      write_xml(shape, *object, style, out);
    } else if (shape.type == Type::kMap) {
      write_map(shape, "entry", *object, style, out);
    }
  } else if (const auto* array = value.if_array()) {
    if (shape.type != Type::kList) return;
    for (const Json& item : *array) {
      write_element(shape.element->wire, *shape.element, item, style, out);
    }
  } else if (shape.type == Type::kTimestamp && value.is_int64() && !style.millis) {
    std::string text = write_scalar(member, TimeFormat::kIso8601, value);
    if (text.size() > 5 && text[text.size() - 5] == '.') text.replace(text.size() - 5, 5, "Z");
    out += text;
  } else if (value.is_string() && shape.type == Type::kString) {
    write_xml_text(base::view_of(value.get_string()), out);
  } else {
    write_xml_text(write_scalar(member, TimeFormat::kIso8601, value), out);
  }
}

void write_element(std::string_view name, const Member& member, const Json& value, XmlStyle style,
                   std::string& out) {
  open_tag(name, *member.shape, value, out);
  write_content(member, value, style, out);
  out.append("</").append(name).append(">");
}

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T number{};
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Json> read_time(TimeFormat format, std::string_view text) {
  std::optional<base::Time> time;
  if (format == TimeFormat::kRfc822) time = base::parse_rfc822(text);
  if (!time) time = base::parse_iso8601(text);
  if (!time && format != TimeFormat::kRfc822) time = base::parse_rfc822(text);
  if (!time) {
    const auto seconds = parse_number<double>(text);
    if (!seconds || !(std::abs(*seconds) < 253402300800.0)) return std::nullopt;
    return Json(static_cast<int64_t>(*seconds * 1000));
  }
  return Json(base::to_millis(*time));
}

TimeFormat format_of(const Member& member, TimeFormat otherwise) {
  if (member.time_format != TimeFormat::kDefault) return member.time_format;
  return member.shape->time_format != TimeFormat::kDefault ? member.shape->time_format : otherwise;
}

}  // namespace

std::optional<Json> read_scalar(const Member& member, TimeFormat otherwise, std::string_view text) {
  const std::string_view trimmed = base::trim(text);
  switch (member.shape->type) {
    case Type::kString:
      return Json(text);
    case Type::kInteger:
      if (auto number = parse_number<int32_t>(trimmed)) return Json(static_cast<int64_t>(*number));
      return std::nullopt;
    case Type::kLong:
      if (auto number = parse_number<int64_t>(trimmed)) return Json(*number);
      return std::nullopt;
    case Type::kFloat:
    case Type::kDouble:
      if (auto number = parse_number<double>(trimmed)) return Json(*number);
      return std::nullopt;
    case Type::kBoolean:
      if (base::equals_ignore_case(trimmed, "true")) return Json(true);
      if (base::equals_ignore_case(trimmed, "false")) return Json(false);
      return std::nullopt;
    case Type::kTimestamp:
      return read_time(format_of(member, otherwise), trimmed);
    case Type::kBlob:
      if (auto bytes = base::from_base64(trimmed)) return Json(std::string_view(*bytes));
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::string write_scalar(const Member& member, TimeFormat otherwise, const Json& value) {
  if (const auto* text = value.if_string()) {
    if (member.shape->type == Type::kBlob) return base::to_base64(base::view_of(*text));
    return std::string(base::view_of(*text));
  }
  if (const bool* truth = value.if_bool()) return *truth ? "true" : "false";
  if (const int64_t* number = value.if_int64()) {
    if (member.shape->type != Type::kTimestamp) return fmt::to_string(*number);
    const base::Time time = base::from_millis(*number);
    switch (format_of(member, otherwise)) {
      case TimeFormat::kRfc822:
        return base::to_rfc822(time);
      case TimeFormat::kEpoch:
        return fmt::to_string(*number / 1000);
      default:
        return base::to_iso8601(time);
    }
  }
  if (const double* number = value.if_double()) return fmt::to_string(*number);
  if (const uint64_t* number = value.if_uint64()) return fmt::to_string(*number);
  return {};
}

base::Result<JsonObject> read_xml(const Shape& shape, std::string_view root,
                                  std::string_view text) {
  pugi::xml_document document;
  constexpr unsigned kOptions = pugi::parse_default | pugi::parse_ws_pcdata_single;
  if (!document.load_buffer(text.data(), text.size(), kOptions, pugi::encoding_utf8))
    return malformed();
  const pugi::xml_node element = document.document_element();
  if (!element || (!root.empty() && local_name(element.name()) != root)) return malformed();
  return Reader{}.structure(shape, element, 0);
}

void write_xml(const Shape& shape, const JsonObject& object, XmlStyle style, std::string& out) {
  for (size_t i = 0; i < shape.member_count; ++i) {
    const Member& member = shape.members[i];
    if (member.location != Location::kBody || member.xml_attribute) continue;
    const Json* value = base::find(object, member.name);
    if (!value) continue;
    if (!member.flattened) {
      write_element(member.wire, member, *value, style, out);
    } else if (const auto* array = value->if_array()) {
      for (const Json& item : *array) {
        write_element(member.wire, *member.shape->element, item, style, out);
      }
    } else if (const auto* map = value->if_object()) {
      write_map(*member.shape, member.wire, *map, style, out);
    }
  }
}

void write_xml_text(std::string_view text, std::string& out) {
  size_t from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    std::string_view with;
    switch (c) {
      case '&':
        with = "&amp;";
        break;
      case '<':
        with = "&lt;";
        break;
      case '>':
        with = "&gt;";
        break;
      case '"':
        with = "&quot;";
        break;
      case '\r':
        with = "&#13;";
        break;
      case '\n':
      case '\t':
        continue;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) continue;
    }
    out.append(text, from, i - from);
    from = i + 1;
    if (with.empty()) {
      out += fmt::format("&#x{:x};", static_cast<unsigned char>(c));
    } else {
      out += with;
    }
  }
  out.append(text, from, text.size() - from);
}

}  // namespace howdah::aws
