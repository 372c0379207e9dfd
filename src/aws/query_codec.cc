#include "aws/query_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "aws/xml_codec.h"
#include "base/text.h"

namespace howdah::aws {

using base::Json;
using base::JsonArray;
using base::JsonObject;

namespace {

constexpr int kDeepest = 32;          // dots in a name
constexpr size_t kMostItems = 10000;  // of one list

// The parameters as a tree over the parts of their names.
struct Node {
  std::string_view part;
  const std::string* value = nullptr;
  std::vector<Node> children;

  Node& child(std::string_view name) {
    for (Node& node : children) {
      if (node.part == name) return node;
    }
    return children.emplace_back(Node{name, nullptr, {}});
  }
  const Node* find(std::string_view name) const {
    for (const Node& node : children) {
      if (node.part == name) return &node;
    }
    return nullptr;
  }
};

base::Error malformed(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "MalformedInput", {}};
}

base::Result<Node> tree_of(const Form& form) {
  Node root;
  for (const auto& [name, value] : form) {
    Node* at = &root;
    std::string_view rest = name;
    for (int depth = 0;; ++depth) {
      if (depth > kDeepest) return malformed("Parameter names are nested too deeply.");
      const size_t dot = rest.find('.');
      at = &at->child(rest.substr(0, dot));
      if (at->children.size() > kMostItems) return malformed("Too many parameters.");
      if (dot == std::string_view::npos) break;
      rest.remove_prefix(dot + 1);
    }
    if (!at->value) at->value = &value;
  }
  return root;
}

// The children named 1, 2, 3 … in that order, whatever numbers are left out.
std::vector<std::pair<size_t, const Node*>> numbered(const Node& node) {
  std::vector<std::pair<size_t, const Node*>> items;
  for (const Node& child : node.children) {
    size_t number = 0;
    const char* end = child.part.data() + child.part.size();
    const auto [stop, error] = std::from_chars(child.part.data(), end, number);
    if (error == std::errc{} && stop == end) items.emplace_back(number, &child);
  }
  std::sort(items.begin(), items.end());
  return items;
}

base::Result<Json> read_value(const Member& member, bool flattened, const Node& node);

base::Result<JsonObject> read_structure(const Shape& shape, const Node& node) {
  JsonObject object;
  for (size_t i = 0; i < shape.member_count; ++i) {
    const Member& member = shape.members[i];
    if (const Node* child = node.find(member.wire)) {
      object[std::string_view(member.name)] = TRY(read_value(member, member.flattened, *child));
    }
  }
  return object;
}

base::Result<Json> read_list(const Shape& shape, bool flattened, const Node& node) {
  JsonArray array;
  const Node* holder = flattened ? &node : node.find(shape.element->wire);
  if (holder) {
    for (const auto& [number, item] : numbered(*holder)) {
      array.push_back(TRY(read_value(*shape.element, false, *item)));
    }
  }
  return Json(std::move(array));
}

base::Result<Json> read_map(const Shape& shape, bool flattened, const Node& node) {
  JsonObject object;
  const Node* holder = flattened ? &node : node.find("entry");
  if (holder) {
    for (const auto& [number, item] : numbered(*holder)) {
      const Node* key = item->find(shape.key->wire);
      const Node* value = item->find(shape.value->wire);
      if (!key || !key->value || !value) return malformed("A map's entry needs a key and a value.");
      object[*key->value] = TRY(read_value(*shape.value, false, *value));
    }
  }
  return Json(std::move(object));
}

base::Result<Json> read_value(const Member& member, bool flattened, const Node& node) {
  const Shape& shape = *member.shape;
  switch (shape.type) {
    case Type::kStructure: {
      JsonObject object = TRY(read_structure(shape, node));
      return Json(std::move(object));
    }
    case Type::kList:
      return read_list(shape, flattened, node);
    case Type::kMap:
      return read_map(shape, flattened, node);
    default:
      break;
  }
  if (!node.value) return malformed("Unexpected complex element termination");
  auto scalar = read_scalar(member, TimeFormat::kIso8601, *node.value);
  if (!scalar) return malformed(fmt::format("'{}' is not a valid value.", *node.value));
  return std::move(*scalar);
}

}  // namespace

base::Result<JsonObject> read_query(const Shape& shape, const Form& form) {
  const Node root = TRY(tree_of(form));
  return read_structure(shape, root);
}

}  // namespace howdah::aws
