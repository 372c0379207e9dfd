#pragma once

// What Amazon's service models state, as constant tables: services, operations, shapes, members and
// their constraints. The tables are written by tools/shapegen.py; one codec, one validator and one
// router read them, whatever the service. Plain data, initialised at compile time, never freed.
// Threads: constant, but for the compiled form of a pattern, which is set once, atomically.

#include <atomic>
#include <cstdint>
#include <string_view>

namespace howdah::aws {

/// A string literal. Not a string_view: thousands of these must cost the compiler nothing.
struct Text {
  const char* data;
  uint32_t size;
  constexpr operator std::string_view() const {
    return {data, size};
  }  // NOLINT: implicit by design
  constexpr bool empty() const { return size == 0; }
};

enum class Type : uint8_t {
  kString,
  kInteger,  // 32 bits
  kLong,     // 64 bits
  kFloat,
  kDouble,
  kBoolean,
  kTimestamp,
  kBlob,
  kStructure,
  kList,
  kMap,
};

/// Where a member of an input or output travels. Only REST protocols leave the body.
enum class Location : uint8_t { kBody, kUri, kQuery, kHeader, kHeaders, kStatus };

enum class TimeFormat : uint8_t { kDefault, kEpoch, kIso8601, kRfc822 };

enum class Protocol : uint8_t { kJson10, kJson11, kQuery, kRestXml, kRestJson };

/// A regular expression in PCRE2's syntax; `compiled` is filled at its first use (validate.cc).
struct Pattern {
  Text source;  // as the model writes it: for messages
  Text pcre;
  mutable std::atomic<void*> compiled;
};

struct Shape;

struct Member {
  Text name;  // the key inside the server
  Text wire;  // the name on the wire: XML element or attribute, query key, header or header prefix
  const Shape* shape;
  Location location = Location::kBody;
  bool required = false;
  bool flattened = false;  // lists and maps without a wrapping element
  bool xml_attribute = false;
  bool streaming = false;  // the payload is not held in memory
  TimeFormat time_format = TimeFormat::kDefault;
};

struct Shape {
  Text name;
  Type type = Type::kString;
  TimeFormat time_format = TimeFormat::kDefault;
  bool flattened = false;
  bool sensitive = false;  // its value never appears in a log or a message
  bool is_union = false;
  bool has_min = false;
  bool has_max = false;
  int16_t payload = -1;  // index of the member that is the body (REST)
  uint16_t member_count = 0;
  uint16_t enum_count = 0;
  const Member* members = nullptr;
  const Member* element = nullptr;  // of a list: wire is its element's name ("member")
  const Member* key = nullptr;      // of a map
  const Member* value = nullptr;
  int64_t min = 0;  // of a number its value, of text, lists and maps its length
  int64_t max = 0;
  const Text* enums = nullptr;
  const Pattern* pattern = nullptr;
  Text xml_prefix{"", 0};  // a namespace of its own, e.g. "xsi"
  Text xml_namespace{"", 0};
};

struct Parameter {
  Text name;
  Text value;
};

/// What must be present for a REST request to mean this operation.
struct Selector {
  Text name;
  bool header = false;  // else a query parameter
};

struct Operation {
  Text name;
  uint16_t index = 0;  // in its service's table
  Text method;
  Text uri;                       // without its query
  uint16_t status = 200;          // of success
  const Shape* input = nullptr;   // null: takes nothing
  const Shape* output = nullptr;  // null: answers nothing
  Text result_wrapper;            // Query: <ListRolesResult>
  Text input_root;                // REST-XML: the body's root element when it is no payload member
  Text output_root;               // the same of the answer
  bool unwrapped = false;    // REST-XML: the answer's only member is the root element's own text
  Text action;               // for policies: "elasticmapreduce:RunJobFlow"
  bool unsigned_ok = false;  // the model asks for no signature
  bool deprecated = false;
  const Parameter* query = nullptr;  // fixed query parameters: list-type=2
  uint8_t query_count = 0;
  const Selector* selectors = nullptr;
  uint8_t selector_count = 0;
};

/// A modelled error: what it is called on the wire, and its HTTP status.
struct ErrorShape {
  Text shape;
  Text code;
  uint16_t status = 400;
};

struct Service {
  Text name;          // botocore's folder: "emr"
  Text signing_name;  // "elasticmapreduce"
  Protocol protocol = Protocol::kJson11;  // of several: the one that botocore chooses
  bool also_query = false;                // older SDKs speak Query to it (awsQueryCompatible)
  Text target_prefix;  // "ElasticMapReduce"
  Text api_version;
  Text xml_namespace;
  const Operation* operations = nullptr;  // sorted by name
  uint16_t operation_count = 0;
  const ErrorShape* errors = nullptr;
  uint16_t error_count = 0;
};

/// nullptr when the service has no operation of that name.
const Operation* find_operation(const Service& service, std::string_view name);

}  // namespace howdah::aws
