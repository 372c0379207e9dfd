#include "apps/render.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <pugixml.hpp>

namespace howdah::apps {
namespace {

// As java.util.Properties.load reads one logical line; written from its documentation.
std::pair<std::string, std::string> read_property(std::string_view line) {
  std::string key, value;
  size_t i = 0;
  const auto character = [&](std::string& into) {
    if (line[i] != '\\') {
      into += line[i++];
      return;
    }
    const char escaped = line[++i];
    ++i;
    switch (escaped) {
      case 'n':
        into += '\n';
        break;
      case 'r':
        into += '\r';
        break;
      case 't':
        into += '\t';
        break;
      case 'f':
        into += '\f';
        break;
      case 'u':
        into += static_cast<char>(std::stoi(std::string(line.substr(i, 4)), nullptr, 16));
        i += 4;
        break;
      default:
        into += escaped;
    }
  };
  const auto is_space = [&] {
    return i < line.size() && (line[i] == ' ' || line[i] == '\t' || line[i] == '\f');
  };
  while (i < line.size() && !is_space() && line[i] != '=' && line[i] != ':') character(key);
  while (is_space()) ++i;
  if (i < line.size() && (line[i] == '=' || line[i] == ':')) ++i;
  while (is_space()) ++i;
  while (i < line.size()) character(value);
  return {key, value};
}

TEST(Settings, ALaterValueWins) {
  Settings settings = {{"a", "1"}, {"b", "2"}};
  merge(settings, {{"a", "3"}, {"c", "4"}});
  EXPECT_EQ(settings, (Settings{{"a", "3"}, {"b", "2"}, {"c", "4"}}));
  EXPECT_EQ(*find(settings, "a"), "3");
  EXPECT_EQ(find(settings, "x"), nullptr);
}

TEST(HadoopXml, IsWhatHadoopReads) {
  EXPECT_EQ(to_hadoop_xml({{"fs.s3a.endpoint", "http://x/?a=1&b=<2>"}}, "by -- hand"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- by - - hand -->\n<configuration>\n  "
            "<property>\n"
            "    <name>fs.s3a.endpoint</name>\n    <value>http://x/?a=1&amp;b=&lt;2&gt;</value>\n  "
            "</property>\n"
            "</configuration>\n");
}

RC_GTEST_PROP(HadoopXml, NoValueBreaksOut,
              (const std::string& key, const std::string& value, const std::string& note)) {
  // Bytes that are no UTF-8 cannot come in: values were JSON. ASCII covers all that has a meaning
  // in XML.
  const auto ascii = [](std::string text) {
    for (char& c : text) c = static_cast<char>(c & 0x7f);
    return text;
  };
  pugi::xml_document document;
  const std::string text = to_hadoop_xml({{ascii(key), ascii(value)}, {"next", "1"}}, ascii(note));
  RC_ASSERT(document.load_string(text.c_str(), pugi::parse_full | pugi::parse_ws_pcdata));
  const pugi::xml_node root = document.child("configuration");
  RC_ASSERT(std::distance(root.children("property").begin(), root.children("property").end()) == 2);
  std::string expected;
  for (char c : ascii(value)) {
    const bool impossible = c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r';
    expected += impossible ? "\xEF\xBF\xBD" : std::string(1, c);
  }
  RC_ASSERT(root.child("property").child_value("value") == expected);
}

RC_GTEST_PROP(Properties, ComeBackAsTheyWere, (const std::string& key, const std::string& value)) {
  RC_PRE(!key.empty());
  const std::string text = to_properties({{key, value}}, "by\nhand");
  const size_t first = text.find('\n');
  RC_ASSERT(text[0] == '#');
  RC_ASSERT(text.find('\n', first + 1) == text.size() - 1);  // one comment, one property
  const auto [key_back, value_back] =
      read_property(std::string_view(text).substr(first + 1, text.size() - first - 2));
  RC_ASSERT(key_back == key);
  RC_ASSERT(value_back == value);
}

TEST(Properties, LookAsSparkUsersKnowThem) {
  EXPECT_EQ(
      to_properties(
          {{"spark.master", "local[*]"}, {"spark.driver.extraJavaOptions", "-Da=b -Dc=d:e"}}, "x"),
      "# x\nspark.master local[*]\nspark.driver.extraJavaOptions -Da=b -Dc=d:e\n");
}

TEST(Shell, QuotesOneWord) {
  EXPECT_EQ(shell_quote("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_TRUE(is_variable_name("_A1"));
  EXPECT_FALSE(is_variable_name("1A"));
  EXPECT_FALSE(is_variable_name("A-B"));
  EXPECT_FALSE(is_variable_name(""));
}

}  // namespace
}  // namespace howdah::apps
