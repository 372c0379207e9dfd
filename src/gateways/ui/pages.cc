#include "gateways/ui/pages.h"

#include <fmt/format.h>

#include "gateways/ui/link.h"
#include "gateways/ui/page_script.h"

namespace howdah::gateways {
namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

http::Response whole(int status, std::string_view title, const std::string& body) {
  http::Response out;
  out.status = status;
  out.headers.set("Content-Type", "text/html; charset=utf-8");
  out.headers.set("Cache-Control", "no-store");
  out.headers.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  out.body = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title>\n"
      "<style>body{{font:16px/1.5 sans-serif;margin:3em auto;max-width:46em;padding:0 1em}}"
      "td{{padding:.2em 1.5em .2em 0}}code{{background:#eee;padding:.1em .3em}}</style></head>\n"
      "<body><h1>{0}</h1>\n{1}\n</body></html>\n",
      escape(title), body);
  return out;
}

}  // namespace

http::Response ui_page(int status, std::string_view title, std::string_view text) {
  return whole(status, title, "<p>" + escape(text) + "</p>");
}

http::Response ui_redirect(int status, const std::string& to) {
  http::Response out;
  out.status = status;
  out.headers.set("Location", to);
  out.headers.set("Cache-Control", "no-store");
  out.headers.set("Referrer-Policy", "no-referrer");
  out.body = std::string();
  return out;
}

http::Response ui_script() {
  http::Response out;
  out.headers.set("Content-Type", "text/javascript; charset=utf-8");
  out.headers.set("Cache-Control", "private, max-age=300");
  out.body = std::string(kPageScript);
  return out;
}

http::Response run_denied() {
  return whole(401, "A link is needed",
               "<p>The dashboard of a job run opens with a link that lasts an hour. Ask for one in "
               "a terminal:</p>\n<p><code>aws emr-serverless get-dashboard-for-job-run "
               "--application-id … --job-run-id …</code></p>");
}

http::Response run_page(int status, const RunPage& page) {
  std::string rows;
  for (const auto& [name, text] : page.facts)
    rows += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escape(name), escape(text));
  for (const std::string& log : page.logs)
    rows += fmt::format("<tr><td>log</td><td><a href=\"{0}/logs/{1}\">{1}</a></td></tr>\n",
                        escape(page.prefix), escape(log));
  http::Response out = whole(
      status, page.title, fmt::format("<p>{}</p>\n<table>\n{}</table>", escape(page.note), rows));
  if (page.refresh > 0) out.headers.set("Refresh", std::to_string(page.refresh));
  return out;
}

http::Response ui_denied(std::string_view cluster) {
  return whole(401, "A link is needed",
               fmt::format("<p>The web interfaces of a cluster open with a link that lasts an "
                           "hour. Ask for one in a terminal:</p>\n<p><code>howdah ui {}</code></p>",
                           escape(cluster)));
}

http::Response ui_list(const store::ClusterRow& row, const std::vector<Interface>& all) {
  std::string rows;
  for (const Interface& one : all) {
    const std::string to =
        fmt::format("{}{}/{}/{}{}", kUiPath, row.key.id, one.node, one.port, one.path);
    rows += fmt::format("<tr><td><a href=\"{}\">{}</a></td><td>{}</td><td>{}</td></tr>\n",
                        escape(to), escape(one.title), escape(one.node), one.port);
  }
  if (rows.empty()) rows = "<tr><td>None runs yet.</td></tr>\n";
  return whole(200, fmt::format("{} ({})", row.wanted.name, row.key.id),
               fmt::format("<table>\n{}</table>", rows));
}

}  // namespace howdah::gateways
