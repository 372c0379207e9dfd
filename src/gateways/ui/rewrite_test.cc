#include "gateways/ui/rewrite.h"

#include <gtest/gtest.h>

namespace howdah::gateways {
namespace {

const char* const kBase = "/_howdah/ui/j-1/primary/8088";

Rewriting rewriting() {
  Rewriting out;
  out.base = kBase;
  out.script = "<SCRIPT>";
  out.locate = [](std::string_view host, uint16_t port) -> std::optional<std::string> {
    const bool primary = host == "ip-10-64-0-10.ec2.internal" || host == "10.64.0.10";
    const bool core = host == "ip-10-64-0-11.ec2.internal" || host == "ip-10-64-0-11";
    if (port != 8088 && port != 8042 && port != 20888 && port != 9864) return std::nullopt;
    if (primary && port == 8088) return kBase;
    if (primary) return "/_howdah/ui/j-1/i-0a/" + std::to_string(port);
    if (core) return "/_howdah/ui/j-1/i-0b/" + std::to_string(port);
    return std::nullopt;
  };
  return out;
}

std::string rewritten(Content content, std::string_view text, size_t piece = 1 << 20) {
  Rewriting how = rewriting();
  if (content == Content::kPage && text.find("<SCRIPT") == text.npos) how.script.clear();
  Rewriter rewriter(content, how);
  std::string out;
  for (size_t at = 0; at < text.size(); at += piece)
    out += rewriter.feed(text.substr(at, piece), false);
  return out + rewriter.feed({}, true);
}

struct Snippet {
  const char* from;
  const char* to;
};

/// "@" stands for the page's base.
std::string expanded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '@') {
      out += kBase;
    } else {
      out += c;
    }
  }
  return out;
}

// As the pages of Hadoop 3.3-3.4 and Spark 3.1-3.5 have them.
constexpr Snippet kPages[] = {
    // ResourceManager: its frame
    {R"(<link rel="stylesheet" href="/static/jquery/themes-1.9.1/base/jquery-ui.css">)",
     R"(<link rel="stylesheet" href="@/static/jquery/themes-1.9.1/base/jquery-ui.css">)"},
    {R"(<script type="text/javascript" src="/static/jt/jquery.jstree.js">)",
     R"(<script type="text/javascript" src="@/static/jt/jquery.jstree.js">)"},
    {R"(<a href="/cluster/nodes">Nodes</a>)", R"(<a href="@/cluster/nodes">Nodes</a>)"},
    {R"(<img src="/static/hadoop-st.png">)", R"(<img src="@/static/hadoop-st.png">)"},
    // its tables are arrays in a script
    {R"(var appsTableData=[["<a href='/cluster/app/application_1'>application_1</a>","hadoop",)"
     R"("<a href='http://ip-10-64-0-10.ec2.internal:20888/proxy/application_1/'>Master</a>"]])",
     R"(var appsTableData=[["<a href='@/cluster/app/application_1'>application_1</a>","hadoop",)"
     R"("<a href='/_howdah/ui/j-1/i-0a/20888/proxy/application_1/'>Master</a>"]])"},
    {R"(<a href="//ip-10-64-0-11.ec2.internal:8042">ip-10-64-0-11.ec2.internal:8042</a>)",
     R"(<a href="/_howdah/ui/j-1/i-0b/8042">ip-10-64-0-11.ec2.internal:8042</a>)"},
    {R"("<a href=\"http://ip-10-64-0-11.ec2.internal:8042/node/containerlogs/c_1/x\">Logs</a>")",
     R"("<a href=\"/_howdah/ui/j-1/i-0b/8042/node/containerlogs/c_1/x\">Logs</a>")"},
    {R"(setTimeout(function(){ location.href = '/cluster/app/application_1'; }, 1000);)",
     R"(setTimeout(function(){ location.href = '@/cluster/app/application_1'; }, 1000);)"},
    {R"(<form action="/cluster/apps" method='get'>)",
     R"(<form action="@/cluster/apps" method='get'>)"},
    {R"(<meta http-equiv="refresh" content="1; url=/cluster">)",
     R"(<meta http-equiv="refresh" content="1; url=@/cluster">)"},
    // NameNode
    {R"(<meta http-equiv="REFRESH" content="0;url=dfshealth.html" />)",
     R"(<meta http-equiv="REFRESH" content="0;url=dfshealth.html" />)"},
    {R"(<link rel="stylesheet" href="/static/bootstrap-3.4.1/css/bootstrap.min.css" />)",
     R"(<link rel="stylesheet" href="@/static/bootstrap-3.4.1/css/bootstrap.min.css" />)"},
    {R"(<li><a href="#tab-overview">Overview</a></li>)",
     R"(<li><a href="#tab-overview">Overview</a></li>)"},
    {R"(<a href='{dnWebAddress}'>{dnWebAddress}</a>)",
     R"(<a href='{dnWebAddress}'>{dnWebAddress}</a>)"},
    // Spark: without a prefix (behind YARN's proxy), and with it (X-Forwarded-Context)
    {R"(<a href="/proxy/application_1/jobs/" class="navbar-brand">)",
     R"(<a href="@/proxy/application_1/jobs/" class="navbar-brand">)"},
    {R"(<a href="/_howdah/ui/j-1/primary/4040/jobs/">Jobs</a>)",
     R"(<a href="/_howdah/ui/j-1/primary/4040/jobs/">Jobs</a>)"},
    {R"(<script>setUIRoot('/_howdah/ui/j-1/primary/18080')</script>)",
     R"(<script>setUIRoot('/_howdah/ui/j-1/primary/18080')</script>)"},
    {"<script>setUIRoot('/proxy/application_1')</script>",
     "<script>setUIRoot('@/proxy/application_1')</script>"},
    {"<script>setUIRoot('')</script>", "<script>setUIRoot('')</script>"},
    {"location.replace(\"/x\"), text.replace('/', '-')",
     "location.replace(\"@/x\"), text.replace('/', '-')"},
    // other ways to write it
    {"<A HREF = \"/x\">", "<A HREF = \"@/x\">"},
    {"<a href=\n'/x'>", "<a href=\n'@/x'>"},
    {"<a href='HTTP://IP-10-64-0-10.EC2.INTERNAL:8088/cluster'>", "<a href='@/cluster'>"},
    {"<div style=\"background: url(/static/a.png)\">",
     "<div style=\"background: url(@/static/a.png)\">"},
    {"<button formaction='/kill'>", "<button formaction='@/kill'>"},
    // what is not ours stays
    {"<a href=\"http://hadoop.apache.org/docs\">", "<a href=\"http://hadoop.apache.org/docs\">"},
    {"<a href=\"//cdn.example.com/x.js\">", "<a href=\"//cdn.example.com/x.js\">"},
    {"<a href=\"http://ip-10-64-0-10.ec2.internal:22/\">",
     "<a href=\"http://ip-10-64-0-10.ec2.internal:22/\">"},
    {"<a href=\"http://ip-10-64-0-10.ec2.internal.evil.example:8088/\">",
     "<a href=\"http://ip-10-64-0-10.ec2.internal.evil.example:8088/\">"},
    {"seen at http://ip-10-64-0-10.ec2.internal:8088/cluster",
     "seen at http://ip-10-64-0-10.ec2.internal:8088/cluster"},
    {"if (href == '/x' || a.src === \"/y\")", "if (href == '/x' || a.src === \"/y\")"},
    {"<p title='/x'>", "<p title='/x'>"},
    {"var half = w/2, x='/y';", "var half = w/2, x='/y';"},
    {"", ""}};

TEST(Rewrite, LeadsTheLinksOfRealPagesThroughTheProxy) {
  for (const Snippet& one : kPages)
    EXPECT_EQ(rewritten(Content::kPage, one.from), expanded(one.to)) << one.from;
}

TEST(Rewrite, MakesNoDifferenceHowAPageIsCutIntoPieces) {
  std::string page, expected;
  for (int round = 0; round < 5; ++round) {
    for (const Snippet& one : kPages) {
      page += one.from + std::string("\n");
      expected += expanded(one.to) + "\n";
    }
  }
  for (const size_t piece : {1, 2, 3, 7, 64, 511, 512, 513, 4096})
    EXPECT_EQ(rewritten(Content::kPage, page, piece), expected) << piece;
}

TEST(Rewrite, TwiceIsAsOnce) {
  for (const Snippet& one : kPages) {
    const std::string once = expanded(one.to);
    EXPECT_EQ(rewritten(Content::kPage, once), once);
  }
}

TEST(Rewrite, PutsItsScriptBeforeTheFirstElementOfADocumentOnly) {
  const Snippet cases[] = {
      {"<!DOCTYPE html><html><head><title>x</title>",
       "<!DOCTYPE html><html><head><SCRIPT><title>x</title>"},
      // Hadoop's own pages have no head
      {"<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\">\n<html>\n  <meta charset=a>\n  "
       "<title>",
       "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\">\n<html>\n  <SCRIPT><meta charset=a>\n "
       " "
       "<title>"},
      {"<!-- a licence, <b>bold</b> --><!doctype html>\n<html lang=en>\n<body>",
       "<!-- a licence, <b>bold</b> --><!doctype html>\n<html lang=en>\n<SCRIPT><body>"},
      {"<html><header>", "<html><SCRIPT><header>"},
      // what Spark's pages fetch as templates
      {"<!-- a licence -->\n<script id=\"t\" type=\"text/html\"><h4>x</h4></script>",
       "<!-- a licence -->\n<script id=\"t\" type=\"text/html\"><h4>x</h4></script>"},
      {"no page at all", "no page at all"}};
  for (const Snippet& one : cases) {
    for (const size_t piece : {1, 1000}) {
      Rewriter rewriter(Content::kPage, rewriting());
      std::string out;
      const std::string_view from = one.from;
      for (size_t at = 0; at < from.size(); at += piece)
        out += rewriter.feed(from.substr(at, piece), false);
      EXPECT_EQ(out + rewriter.feed({}, true), one.to);
    }
  }
}

TEST(Rewrite, TouchesOnlyAbsoluteUrlsOfNodesInJson) {
  EXPECT_EQ(rewritten(Content::kData,
                      R"({"Location":"http://ip-10-64-0-11:9864/webhdfs/v1/x?op=OPEN","p":"/x",)"
                      R"("url":"/a","href='/b'":"see http://ip-10-64-0-11:9864/"})"),
            R"({"Location":"/_howdah/ui/j-1/i-0b/9864/webhdfs/v1/x?op=OPEN","p":"/x",)"
            R"("url":"/a","href='/b'":"see http://ip-10-64-0-11:9864/"})");
}

TEST(Rewrite, RewritesScriptsAndStyleSheetsButNotOtherFiles) {
  EXPECT_EQ(rewritten(Content::kCode, "var url = '/webhdfs/v1' + path;"),
            "var url = '/_howdah/ui/j-1/primary/8088/webhdfs/v1' + path;");
  EXPECT_EQ(rewritten(Content::kCode, "a{background:url('/static/b.png')}"),
            "a{background:url('/_howdah/ui/j-1/primary/8088/static/b.png')}");
  EXPECT_EQ(rewritten(Content::kOther, "<a href='/x'>"), "<a href='/x'>");
}

TEST(Rewrite, IsNotFooledByAUserNameThatLooksLikeANode) {
  const char* page = "<a href=\"http://ip-10-64-0-10.ec2.internal:8088@evil.example/\">";
  EXPECT_EQ(rewritten(Content::kPage, page), page);
}

TEST(Rewrite, KnowsWhatIsAPageByItsType) {
  EXPECT_EQ(content_of("text/html; charset=utf-8"), Content::kPage);
  EXPECT_EQ(content_of("Text/HTML"), Content::kPage);
  EXPECT_EQ(content_of("application/javascript;charset=utf-8"), Content::kCode);
  EXPECT_EQ(content_of("text/css"), Content::kCode);
  EXPECT_EQ(content_of("application/json"), Content::kData);
  EXPECT_EQ(content_of("text/plain"), Content::kOther);
  EXPECT_EQ(content_of("application/octet-stream"), Content::kOther);
  EXPECT_EQ(content_of(""), Content::kOther);
}

TEST(Rewrite, LeadsRedirectsThroughTheProxy) {
  const Snippet cases[] = {
      {"/cluster", "/_howdah/ui/j-1/primary/8088/cluster"},
      {"http://ip-10-64-0-10.ec2.internal:8088/cluster", "/_howdah/ui/j-1/primary/8088/cluster"},
      {"http://ip-10-64-0-10.ec2.internal:20888/proxy/a/", "/_howdah/ui/j-1/i-0a/20888/proxy/a/"},
      {"//ip-10-64-0-11:8042/node", "/_howdah/ui/j-1/i-0b/8042/node"},
      {"/_howdah/ui/j-1/primary/4040/jobs/", "/_howdah/ui/j-1/primary/4040/jobs/"},
      {"jobs/", "jobs/"},
      {"https://example.com/x", "https://example.com/x"},
      {"//example.com/x", "//example.com/x"},
      {"", ""}};
  for (const Snippet& one : cases) EXPECT_EQ(rewrite_location(one.from, rewriting()), one.to);
}

TEST(Rewrite, ConfinesTheCookiesOfANodeToItsPath) {
  EXPECT_EQ(rewrite_cookie("a=b", "/p"), "a=b; Path=/p/");
  EXPECT_EQ(rewrite_cookie("a=b; Path=/; Domain=localhost; HttpOnly", "/p"),
            "a=b; HttpOnly; Path=/p/");
  EXPECT_EQ(rewrite_cookie("howdah-ui=stolen; Path=/", "/p"), "");
}

}  // namespace
}  // namespace howdah::gateways
