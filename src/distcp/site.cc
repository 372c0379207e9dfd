#include "distcp/site.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <pugixml.hpp>

#include "base/text.h"
#include "os/file.h"

namespace howdah::distcp {
namespace {

constexpr std::string_view kWebPort = "9870";

std::string value_or(const Properties& properties, const std::string& name,
                     std::string_view otherwise) {
  const auto found = properties.find(name);
  return found == properties.end() || found->second.empty() ? std::string(otherwise)
                                                            : found->second;
}

std::string own_name() {
  const passwd* entry = ::getpwuid(::geteuid());  // before any thread is started
  return entry != nullptr ? entry->pw_name : "hadoop";
}

// A host alone means https, as for the AWS SDKs.
std::string as_endpoint(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  if (text.find("://") == std::string::npos) text = "https://" + text;
  return text;
}

bool is_of_amazon(std::string_view endpoint) {
  return endpoint.find(".amazonaws.com") != std::string_view::npos;
}

// Inside a cluster the endpoint of AWS_ENDPOINT_URL stands for AWS: scripts that name a regional
// endpoint of Amazon's mean that one.
std::string choose_endpoint(std::string_view asked, const Environment& environment,
                            const Properties& hadoop, std::string_view region) {
  std::optional<std::string> given = environment("AWS_ENDPOINT_URL_S3");
  if (!given) given = environment("AWS_ENDPOINT_URL");
  if (!given) {
    const std::string configured = value_or(hadoop, "fs.s3a.endpoint", "");
    if (!configured.empty()) given = configured;
  }
  if (!asked.empty() && (!given || !is_of_amazon(asked))) return as_endpoint(std::string(asked));
  if (given) return as_endpoint(*given);
  return fmt::format("https://s3.{}.amazonaws.com", region);
}

}  // namespace

base::Result<Properties> parse_configuration(std::string_view xml) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size());
  if (!parsed) {
    return base::invalid_argument(
        fmt::format("{} at byte {}", parsed.description(), parsed.offset));
  }
  const pugi::xml_node root = document.child("configuration");
  if (!root) return base::invalid_argument("there is no <configuration>");
  Properties out;
  for (const pugi::xml_node property : root.children("property")) {
    const std::string name(base::trim(property.child_value("name")));
    if (!name.empty()) out[name] = base::trim(property.child_value("value"));
  }
  return out;
}

std::string Site::web_address(std::string_view authority) const {
  const std::string_view host = authority.substr(0, authority.rfind(':'));
  const bool is_default = default_fs == fmt::format("hdfs://{}", authority);
  if (is_default) {
    std::string configured = value_or(hadoop, "dfs.namenode.http-address", "");
    const size_t colon = configured.rfind(':');
    if (configured.starts_with("0.0.0.0:")) {
      configured = fmt::format("{}:{}", host, configured.substr(colon + 1));
    }
    if (colon != std::string::npos) return configured;
  }
  return fmt::format("{}:{}", host, kWebPort);
}

base::Result<Site> load_site(const std::filesystem::path& folder, const Environment& environment,
                             std::string_view endpoint) {
  Site site;
  for (const char* file : {"core-site.xml", "hdfs-site.xml"}) {
    const std::filesystem::path path = folder / file;
    auto text = os::read_file(path);
    if (!text.ok() && text.error().code == base::Code::kNotFound) continue;
    if (!text.ok()) return std::move(text).error();
    auto parsed = parse_configuration(*text);
    if (!parsed.ok()) {
      return base::invalid_argument(fmt::format("{}: {}", path.string(), parsed.error().message));
    }
    for (auto& [name, value] : *parsed) site.hadoop[name] = std::move(value);
  }
  site.default_fs = value_or(site.hadoop, "fs.defaultFS", site.default_fs);
  if (site.default_fs.starts_with("hdfs://")) {
    while (site.default_fs.ends_with('/')) site.default_fs.pop_back();
    if (site.default_fs.rfind(':') < 6) site.default_fs += ":8020";
  }
  site.user = environment("HADOOP_USER_NAME").value_or(own_name());
  site.region =
      environment("AWS_REGION").value_or(environment("AWS_DEFAULT_REGION").value_or(site.region));
  site.s3_endpoint = choose_endpoint(endpoint, environment, site.hadoop, site.region);
  return site;
}

}  // namespace howdah::distcp
