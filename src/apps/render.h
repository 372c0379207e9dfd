#pragma once

// Configuration files from settings that users wrote: Hadoop's XML, Java properties as Spark reads
// them, shell assignments. No value can break out of its place: what a user wrote is data in every
// one of them. Pure functions.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace howdah::apps {

using Settings =
    std::vector<std::pair<std::string, std::string>>;  // in their order; a later one wins

/// The value of `key`, or nullptr.
const std::string* find(const Settings& settings, std::string_view key);
/// Replaces the value where the key is, else appends.
void set(Settings& settings, std::string_view key, std::string_view value);
void unset(Settings& settings, std::string_view key);
/// Every setting of `over` set into `base`.
void merge(Settings& base, const Settings& over);

/// & < > " ' escaped; what XML 1.0 cannot hold at all (most control characters) becomes U+FFFD.
std::string xml_escape(std::string_view text);
/// Hadoop's <configuration> with a <property> each; `comment` says who wrote it.
std::string to_hadoop_xml(const Settings& settings, std::string_view comment);
/// java.util.Properties' text format: "key value" lines (Spark's own manner), escaped.
std::string to_properties(const Settings& settings, std::string_view comment);
/// The same with "key=value" lines, for log4j and what reads like it.
std::string to_equals(const Settings& settings, std::string_view comment);
/// 'it'\''s': one word of a POSIX shell.
std::string shell_quote(std::string_view text);
/// True for [A-Za-z_][A-Za-z0-9_]*: what a shell can export.
bool is_variable_name(std::string_view name);

}  // namespace howdah::apps
