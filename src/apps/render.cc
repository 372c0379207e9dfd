#include "apps/render.h"

#include <fmt/format.h>

#include <algorithm>

namespace howdah::apps {
namespace {

// XML 1.0, production Char: below U+0020 only tab, line feed and carriage return exist.
std::string xml_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') {
      out += "\xEF\xBF\xBD";
    } else {
      out += c;
    }
  }
  return out;
}

// java.util.Properties.load(Reader): a key ends at the first unescaped = : or white space.
std::string escape_property(std::string_view text, bool is_key) {
  std::string out;
  bool leading = true;
  for (char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\f':
        out += "\\f";
        break;
      case ' ':
        out += (is_key || leading) ? "\\ " : " ";
        break;
      case '=':
      case ':':
        out += (is_key || leading) ? std::string("\\") + c : std::string(1, c);
        break;
      case '#':
      case '!':
        out += (is_key && leading) ? std::string("\\") + c : std::string(1, c);
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
    leading = false;
  }
  return out;
}

std::string property_lines(const Settings& settings, std::string_view comment, char separator) {
  std::string out = "# ";
  for (char c : comment) out += c == '\n' || c == '\r' ? ' ' : c;
  out += '\n';
  for (const auto& [key, value] : settings) {
    if (key.empty()) continue;
    // Spark trims values, and an empty one still needs its separator.
    out += fmt::format("{}{}{}\n", escape_property(key, true), separator,
                       escape_property(value, false));
  }
  return out;
}

}  // namespace

const std::string* find(const Settings& settings, std::string_view key) {
  const std::string* found = nullptr;
  for (const auto& [name, value] : settings) {
    if (name == key) found = &value;
  }
  return found;
}

void set(Settings& settings, std::string_view key, std::string_view value) {
  for (auto& [name, old] : settings) {
    if (name == key) {
      old = value;
      return;
    }
  }
  settings.emplace_back(key, value);
}

void unset(Settings& settings, std::string_view key) {
  std::erase_if(settings, [&](const auto& setting) { return setting.first == key; });
}

void merge(Settings& base, const Settings& over) {
  for (const auto& [key, value] : over) set(base, key, value);
}

std::string xml_escape(std::string_view text) {
  std::string out;
  for (char c : xml_characters(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      case '\r':
        out += "&#13;";
        break;  // a parser would make it a line feed
      default:
        out += c;
    }
  }
  return out;
}

std::string to_hadoop_xml(const Settings& settings, std::string_view comment) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  std::string remark = xml_escape(comment);
  for (size_t at; (at = remark.find("--")) != std::string::npos;) remark.replace(at, 2, "- -");
  out += fmt::format("<!-- {} -->\n<configuration>\n", remark);
  for (const auto& [key, value] : settings) {
    out += fmt::format("  <property>\n    <name>{}</name>\n    <value>{}</value>\n  </property>\n",
                       xml_escape(key), xml_escape(value));
  }
  return out + "</configuration>\n";
}

std::string to_properties(const Settings& settings, std::string_view comment) {
  return property_lines(settings, comment, ' ');
}

std::string to_equals(const Settings& settings, std::string_view comment) {
  return property_lines(settings, comment, '=');
}

std::string shell_quote(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c != '\0') {
      out += c;
    }
  }
  return out + "'";
}

bool is_variable_name(std::string_view name) {
  const auto is_first = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_first(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_first(c) || (c >= '0' && c <= '9');
  });
}

}  // namespace howdah::apps
