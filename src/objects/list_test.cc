#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "objects/names.h"
#include "objects/test_store.h"

namespace howdah::objects {
namespace {

using ListTest = StoreTest;

// S3's rule in its plainest form: every key in order, rolled up where the delimiter follows the
// prefix.
std::vector<std::string> model(const std::set<std::string>& keys, const ListRequest& request) {
  std::vector<std::string> items;
  for (const std::string& key : keys) {
    if (!key.starts_with(request.prefix) || key <= request.after) continue;
    std::string item = key;
    const size_t at = request.delimiter.empty()
                          ? std::string::npos
                          : key.find(request.delimiter, request.prefix.size());
    if (at != std::string::npos) item = key.substr(0, at + request.delimiter.size());
    if (item == request.after) continue;  // a prefix that a page before this one ended with
    if (items.empty() || items.back() != item) items.push_back(item);
  }
  return items;
}

// All items, page by page.
std::vector<std::string> listed(S3Store& store, ListRequest request) {
  std::vector<std::string> items;
  for (;;) {
    const auto page = store.list(request);
    RC_ASSERT(page.ok());
    std::vector<std::string> here;
    for (const auto& object : page->objects) here.push_back(object.key);
    here.insert(here.end(), page->common_prefixes.begin(), page->common_prefixes.end());
    std::sort(here.begin(), here.end());
    RC_ASSERT(here.size() <= request.max_keys);
    items.insert(items.end(), here.begin(), here.end());
    if (!page->truncated) return items;
    RC_ASSERT(here.size() == request.max_keys);
    RC_ASSERT(page->next == items.back());
    request.after = page->next;
  }
}

TEST_F(ListTest, AgreesWithThePlainRuleOnEveryPageSize) {
  const auto piece = rc::gen::elementOf(std::vector<std::string>{
      "a", "b", "/", "//", "é", "\x7f", "\xF0\x9F\x90\x98", "-", "aa", "a/"});
  const auto word = rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                                 [](const std::vector<std::string>& pieces) {
                                   std::string text;
                                   for (size_t i = 0; i < std::min<size_t>(pieces.size(), 5); ++i) {
                                     text += pieces[i];
                                   }
                                   return text;
                                 });
  std::set<std::string> keys;
  const bool held = rc::check([&] {
    // few changes a round: the store is the same over all rounds
    const auto added = *rc::gen::container<std::vector<std::string>>(word);
    for (const std::string& key : added) {
      if (key.empty()) continue;
      if (keys.size() < 40) {
        RC_ASSERT(put(key, "x").ok());
        keys.insert(key);
      } else {
        RC_ASSERT(store_->remove("bucket", *keys.begin()).ok());
        keys.erase(keys.begin());
      }
    }
    ListRequest request;
    request.bucket = "bucket";
    request.prefix = *rc::gen::oneOf(rc::gen::just(std::string()), word);
    request.delimiter =
        *rc::gen::elementOf(std::vector<std::string>{"", "/", "a", "//", "\xF0\x9F\x90\x98"});
    request.after = *rc::gen::oneOf(rc::gen::just(std::string()), word);
    request.max_keys = *rc::gen::elementOf(std::vector<size_t>{1, 2, 3, 7, 1000});
    // a start within a common prefix tells that prefix once more, as on S3
    RC_ASSERT(listed(*store_, request) == model(keys, request));
  });
  EXPECT_TRUE(held);
}

TEST_F(ListTest, PassesOverAPrefixOfManyKeys) {
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(put("many/" + std::to_string(i), "x").ok());
  ASSERT_TRUE(put("z", "x").ok());
  ListRequest request{"bucket", "", "/", "", 1000};
  const auto page = store_->list(request);
  EXPECT_THAT(page->common_prefixes, testing::ElementsAre("many/"));
  EXPECT_EQ(page->objects.size(), 1u);
  request.prefix = "many/";
  EXPECT_EQ(store_->list(request)->objects.size(), 300u);
}

TEST_F(ListTest, NoKeysAreAskedForNoneAreTold) {
  ASSERT_TRUE(put("a", "x").ok());
  const auto page = store_->list({"bucket", "", "", "", 0});
  EXPECT_TRUE(page->objects.empty());
  EXPECT_FALSE(page->truncated);
  EXPECT_EQ(store_->list({"nobucket", "", "", "", 1}).error().reason, "NoSuchBucket");
}

TEST(AfterPrefix, IsTheNextByteString) {
  EXPECT_EQ(after_prefix("a"), "b");
  EXPECT_EQ(after_prefix("a\xff"), "b");
  EXPECT_EQ(after_prefix("\xff\xff"), "");
  EXPECT_EQ(after_prefix(""), "");
}

}  // namespace
}  // namespace howdah::objects
