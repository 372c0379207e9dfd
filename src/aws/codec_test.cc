#include "aws/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "aws/iam/types.h"
#include "aws/json_codec.h"
#include "aws/query_codec.h"
#include "aws/s3/types.h"
#include "aws/s3_rules.h"
#include "aws/test_request.h"
#include "aws/xml_codec.h"
#include "base/text.h"

namespace howdah::aws {
namespace {

using base::JsonObject;

std::string query_read(iam::Op op, std::string_view form) {
  auto input = read_query(*iam::operation(op).input, *parse_form(form, true));
  return input.ok() ? base::to_text(*input) : "error " + input.error().reason;
}

TEST(QueryCodec, ListsInAnyOrderWithAnyGapsAndUnknownNamesIgnored) {
  EXPECT_EQ(query_read(iam::Op::kTagRole,
                       "Action=TagRole&RoleName=R&Tags.member.7.Key=b&Tags.member.2.Key=a&"
                       "Tags.member.2.Value=1+2&Tags.member.7.Value=&Nope=1&Tags.member.x.Key=z"),
            R"({"RoleName":"R","Tags":[{"Key":"a","Value":"1 2"},{"Key":"b","Value":""}]})");
  EXPECT_EQ(query_read(iam::Op::kUntagRole, "RoleName=R&TagKeys="),
            R"({"RoleName":"R","TagKeys":[]})");
  EXPECT_EQ(query_read(iam::Op::kListRoles, "MaxItems=10"), R"({"MaxItems":10})");
  EXPECT_EQ(query_read(iam::Op::kListRoles, "MaxItems=ten"), "error MalformedInput");
  EXPECT_EQ(query_read(iam::Op::kListRoles, "Marker.x=1"), "error MalformedInput");
}

TEST(QueryCodec, NamesNestedWithoutEndAreRefused) {
  std::string name = "Tags";
  for (int i = 0; i < 10000; ++i) name += ".1";
  EXPECT_EQ(query_read(iam::Op::kTagRole, name + "=x"), "error MalformedInput");
}

std::string xml_read(std::string_view text) {
  const Shape& remove = *s3::operation(s3::Op::kDeleteObjects).input;
  auto input = read_xml(*remove.members[remove.payload].shape, "Delete", text);
  return input.ok() ? base::to_text(*input) : "error " + input.error().reason;
}

TEST(XmlCodec, ReadsWithAndWithoutNamespaceAndKeepsBlanksInKeys) {
  EXPECT_EQ(xml_read("<Delete><Object><Key> </Key></Object><Object><Key>a&lt;b&#13;</Key></Object>"
                     "<Quiet>true</Quiet></Delete>"),
            R"({"Objects":[{"Key":" "},{"Key":"a<b\r"}],"Quiet":true})");
  EXPECT_EQ(
      xml_read(
          "<?xml version=\"1.0\"?><x:Delete xmlns:x=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
          "<x:Object><x:Key>k</x:Key></x:Object></x:Delete>"),
      R"({"Objects":[{"Key":"k"}]})");
}

TEST(XmlCodec, WhatIsNotWellFormedIsMalformedXml) {
  for (const char* text : {"", "x", "<Delete>", "<Other/>", "<Delete><Quiet>maybe</Quiet></Delete>",
                           "<!DOCTYPE a [<!ENTITY b \"c\">]><Delet/>"}) {
    EXPECT_EQ(xml_read(text), "error MalformedXML") << text;
  }
}

TEST(XmlCodec, EscapesWhatXmlCannotHold) {
  std::string out;
  write_xml_text("a<b>&\"c\r\n\x01é", out);
  EXPECT_EQ(out, "a&lt;b&gt;&amp;&quot;c&#13;\n&#x1;é");
}

base::Result<JsonObject> s3_input(TestRequest& made, std::string body = {}) {
  const Route found = TRY(route(made.request, body));
  return decode(found, made.request, body);
}

std::string s3_reason(std::string method, std::string target, std::string body = {},
                      std::vector<std::pair<std::string, std::string>> headers = {}) {
  TestRequest made(std::move(method), std::move(target), "");
  for (const auto& [name, value] : headers) made.request.headers.add(name, value);
  auto input = s3_input(made, std::move(body));
  return input.ok() ? "ok" : input.error().reason;
}

TEST(RestCodec, S3RefusesBadArgumentsByItsOwnCodes) {
  EXPECT_EQ(s3_reason("GET", "/b?list-type=2&max-keys=5"), "ok");
  EXPECT_EQ(s3_reason("GET", "/b?list-type=2&max-keys=x"), "InvalidArgument");
  EXPECT_EQ(s3_reason("GET", "/b?list-type=2&max-keys=99999999999"), "InvalidArgument");
  EXPECT_EQ(s3_reason("GET", "/b?encoding-type=json"), "InvalidArgument");
  EXPECT_EQ(s3_reason("PUT", "/b/k", "", {{"x-amz-storage-class", "NOPE"}}), "InvalidStorageClass");
  EXPECT_EQ(s3_reason("PUT", "/b/k", "", {{"x-amz-storage-class", "STANDARD"}}), "ok");
  EXPECT_EQ(s3_reason("PUT", "/b/k", "", {{"x-amz-copy-source", "nokey"}}), "InvalidArgument");
  EXPECT_EQ(s3_reason("PUT", "/b/k?partNumber=x&uploadId=u"), "InvalidArgument");
  EXPECT_EQ(s3_reason("POST", "/b?delete", ""), "MissingRequestBodyError");
  EXPECT_EQ(s3_reason("POST", "/b?delete", "<Delete/>"), "MalformedXML");
  EXPECT_EQ(s3_reason("POST", "/b?delete", "<Delete><Object/></Delete>"), "MalformedXML");
  EXPECT_EQ(s3_reason("PUT", "/b?versioning",
                      "<VersioningConfiguration><Status>On</Status>"
                      "</VersioningConfiguration>"),
            "MalformedXML");
  EXPECT_EQ(s3_reason("GET", "/b/k?attributes"), "InvalidRequest");
  EXPECT_EQ(s3_reason("PUT", "/b", ""), "ok");
}

TEST(RestCodec, UserMetadataIsLowerCaseAndJoined) {
  TestRequest made("PUT", "/b/k", "");
  made.request.headers.add("X-Amz-Meta-Owner", "me");
  made.request.headers.add("x-amz-meta-owner", "you");
  auto input = s3_input(made);
  ASSERT_TRUE(input.ok());
  const s3::PutObjectInput view(*input);
  EXPECT_EQ(view.metadata(), (Pairs{{"owner", "me,you"}}));
}

TEST(RestCodec, NoStoredTextSplitsAnAnswersHead) {
  Route found;
  found.face = {Protocol::kRestXml, &s3::kService};
  found.operation = &s3::operation(s3::Op::kHeadObject);
  s3::HeadObjectOutput output;
  output.set_content_type("a\r\nSet-Cookie: x").set_metadata(Pairs{{"k", "v\nw"}});
  const auto response = encode(found, std::move(output).into_answer(), "i");
  EXPECT_EQ(response.headers.value_or("Content-Type", ""), "a  Set-Cookie: x");
  EXPECT_EQ(response.headers.value_or("x-amz-meta-k", ""), "v w");
}

TEST(RestCodec, AStreamingAnswerKeepsItsBodyAndStatus) {
  Route found;
  found.face = {Protocol::kRestXml, &s3::kService};
  found.operation = &s3::operation(s3::Op::kGetObject);
  s3::GetObjectOutput output;
  output.set_body(std::string("bytes"))
      .set_content_range("bytes 0-4/9")
      .set_last_modified(1577836800000);
  output.set_http_status(206);
  const auto response = encode(found, std::move(output).into_answer(), "i");
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(std::get<std::string>(response.body), "bytes");
  EXPECT_EQ(response.headers.value_or("Last-Modified", ""), "Wed, 01 Jan 2020 00:00:00 GMT");
}

RC_GTEST_PROP(QueryCodec, WhatAClientEncodesIsWhatWeRead, (std::vector<std::string> keys)) {
  std::string form = "RoleName=R";
  for (size_t i = 0; i < keys.size(); ++i) {
    form += "&TagKeys.member." + std::to_string(i + 1) + "=" + base::percent_encode(keys[i]);
  }
  auto input = read_query(*iam::operation(iam::Op::kUntagRole).input, *parse_form(form, true));
  RC_ASSERT(input.ok());
  RC_ASSERT(iam::UntagRoleInput(*input).tag_keys() == keys);
}

RC_GTEST_PROP(JsonCodec, AnyTextSurvivesTheJsonWriter, (std::string text)) {
  const auto utf8 = base::to_hex(text) + "\"\\/\n\x01é";
  std::string out;
  write_json_text(utf8, out);
  const auto back = base::parse_json(out);
  RC_ASSERT(back.ok());
  RC_ASSERT(base::view_of(back->get_string()) == utf8);
}

RC_GTEST_PROP(XmlCodec, WhatWeWriteWeRead, ()) {
  const auto key =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab <>&\"'/\t\r\n;#")));
  const Shape& remove = *s3::operation(s3::Op::kDeleteObjects).input;
  const Shape& shape = *remove.members[remove.payload].shape;
  const JsonObject object{{"Objects", base::JsonArray{JsonObject{{"Key", key}}}}, {"Quiet", false}};
  std::string out = "<Delete>";
  write_xml(shape, object, {}, out);
  auto back = read_xml(shape, "Delete", out + "</Delete>");
  RC_ASSERT(back.ok());
  RC_ASSERT(*back == object);
}

}  // namespace
}  // namespace howdah::aws
