// The WebHDFS side against a small NameNode and DataNode in one HTTP server. Its RPC port is
// closed, so that everything goes over WebHDFS.

#include "distcp/hdfs_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "base/json.h"
#include "base/text.h"
#include "distcp/copy.h"
#include "distcp/eager_clock.h"
#include "http/server.h"

namespace howdah::distcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

http::Response json(int status, const std::string& text) {
  http::Response out{status, {}, text};
  out.headers.set("Content-Type", "application/json");
  return out;
}

http::Response exception(int status, const std::string& name, const std::string& message) {
  return json(
      status,
      base::to_text(base::JsonObject{
          {"RemoteException", base::JsonObject{{"exception", name}, {"message", message}}}}));
}

// Enough of WebHDFS: files in a map, folders implied by their paths.
class TinyHdfs {
 public:
  TinyHdfs() {
    server_ = std::move(http::Server::start({}, [this](http::Request& request) {
                return on(request);
              })).value();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(server_->port()); }

  std::mutex mutex;
  std::map<std::string, std::string> files;
  std::vector<std::string> seen;        // "PUT CREATE /path"
  std::map<std::string, int> failures;  // op -> how often it shall fail
  bool cut_reads = false;               // the first OPEN ends early

 private:
  static std::string parameter(const http::Request& request, std::string_view name) {
    for (std::string_view part : base::split(request.query, '&')) {
      const size_t equals = part.find('=');
      if (part.substr(0, equals) == name) return *base::percent_decode(part.substr(equals + 1));
    }
    return {};
  }

  http::Response on(http::Request& request) {
    const std::string path = *base::percent_decode(request.path.substr(11));  // /webhdfs/v1
    const std::string op = parameter(request, "op");
    const bool data_node = request.query.find("namenoderpcaddress") != std::string::npos;
    std::string body;
    if (data_node && op == "CREATE") {
      auto read = http::read_all(*request.body, 1 << 26);
      if (!read.ok()) return {500, {}, ""};
      body = *read;
    }
    std::lock_guard lock(mutex);
    seen.push_back(request.method + " " + op + " " + path + (data_node ? " at the DataNode" : ""));
    if (failures[op]-- > 0) return exception(403, "RetriableException", "not now");
    if ((op == "CREATE" || op == "OPEN") && !data_node) return redirect(request, path, op);
    if (op == "CREATE") {
      files[path] = body;
      return {201, {}, ""};
    }
    if (op == "OPEN") return open(request, path);
    return metadata(request, path, op);
  }

  http::Response redirect(const http::Request& request, const std::string& path,
                          const std::string& op) {
    if (op == "OPEN" && !files.contains(path)) {
      return exception(404, "FileNotFoundException", "File does not exist: " + path);
    }
    http::Response out{307, {}, ""};
    out.headers.set("Location", "http://" + address() + request.path + "?" + request.query +
                                    "&namenoderpcaddress=nn:8020");
    return out;
  }

  http::Response open(const http::Request& request, const std::string& path) {
    std::string text = files[path];
    const std::string offset = parameter(request, "offset"), length = parameter(request, "length");
    if (!offset.empty()) text = text.substr(std::stoul(offset));
    if (!length.empty()) text = text.substr(0, std::stoul(length));
    if (std::exchange(cut_reads, false)) text.resize(text.size() / 2);
    return {200, {}, text};
  }

  http::Response metadata(const http::Request& request, const std::string& path,
                          const std::string& op) {
    if (op == "GETFILESTATUS") return status(path);
    if (op == "LISTSTATUS_BATCH") return listing(path, parameter(request, "startAfter"));
    if (op == "RENAME") {
      const std::string to = parameter(request, "destination");
      if (!files.contains(path)) return exception(404, "FileNotFoundException", path);
      files[to] = std::exchange(files[path], "");
      files.erase(path);
      return json(200, "{\"boolean\":true}");
    }
    if (op == "CONCAT") {
      const std::string sources = parameter(request, "sources");
      for (std::string_view source : base::split(sources, ',')) {
        files[path] += files[std::string(source)];
        files.erase(std::string(source));
      }
      return {200, {}, ""};
    }
    if (op == "DELETE") {
      return json(200, files.erase(path) > 0 ? "{\"boolean\":true}" : "{\"boolean\":false}");
    }
    return exception(400, "UnsupportedOperationException", op);
  }

  http::Response status(const std::string& path) {
    if (const auto file = files.find(path); file != files.end()) {
      return json(200, base::to_text(base::JsonObject{
                           {"FileStatus",
                            base::JsonObject{{"type", "FILE"}, {"length", file->second.size()}}}}));
    }
    const std::string folder = path == "/" ? "/" : path + "/";
    const auto below = files.lower_bound(folder);
    if (below == files.end() || !below->first.starts_with(folder)) {
      return exception(404, "FileNotFoundException", "File does not exist: " + path);
    }
    return json(200, "{\"FileStatus\":{\"type\":\"DIRECTORY\",\"length\":0}}");
  }

  // Two entries a page, so that every listing has several.
  http::Response listing(const std::string& path, const std::string& after) {
    const std::string folder = path == "/" ? "/" : path + "/";
    std::map<std::string, base::JsonObject> entries;
    for (const auto& [name, text] : files) {
      if (!name.starts_with(folder)) continue;
      const std::string rest = name.substr(folder.size());
      const size_t slash = rest.find('/');
      const std::string child = rest.substr(0, slash);
      const bool is_file = slash == std::string::npos;
      entries[child] = {{"pathSuffix", child},
                        {"type", is_file ? "FILE" : "DIRECTORY"},
                        {"length", is_file ? text.size() : 0}};
    }
    base::JsonArray page;
    size_t remaining = 0;
    for (const auto& [name, entry] : entries) {
      if (!after.empty() && name <= after) continue;
      if (page.size() < 2) {
        page.emplace_back(entry);
      } else {
        ++remaining;
      }
    }
    return json(
        200, base::to_text(base::JsonObject{
                 {"DirectoryListing",
                  base::JsonObject{
                      {"partialListing",
                       base::JsonObject{{"FileStatuses", base::JsonObject{{"FileStatus", page}}}}},
                      {"remainingEntries", remaining}}}}));
  }

  std::unique_ptr<http::Server> server_;
};

class HdfsStoreTest : public testing::Test {
 protected:
  HdfsStoreTest() {
    HdfsOptions options;
    options.rpc_address = "127.0.0.1:1";  // nobody
    options.web_address = hdfs_.address();
    options.user = "hadoop";
    options.block_size = 1000;
    store_ = std::make_unique<HdfsStore>(options, ids_, retry_);
  }

  static Location at(const std::string& path) { return {Scheme::kHdfs, "hdfs", "nn:8020", path}; }

  base::Status write(const std::string& path, const std::string& text, bool append = false) {
    NewFile file;
    file.location = at(path);
    file.size = text.size();
    file.append = append;
    if (append) file.appended_to = hdfs_.files[path].size();
    auto writer = TRY(store_->create(file));
    const auto pieces = writer->pieces();
    for (size_t i = pieces.size(); i-- > 0;) {  // in any order
      const auto bytes =
          source_of(std::string_view(text).substr(pieces[i].offset, *pieces[i].length));
      TRY(writer->write(i, *bytes));
    }
    return writer->finish();
  }

  TinyHdfs hdfs_;
  EagerClock clock_;
  base::SeededIds ids_{7};
  Retry retry_{clock_, ids_, {}};
  std::unique_ptr<HdfsStore> store_;
};

TEST_F(HdfsStoreTest, WritesUnderAnotherNameAndRenames) {
  const auto written = write("/out/a b", "text");
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(hdfs_.files["/out/a b"], "text");
  EXPECT_EQ(hdfs_.files.size(), 1u);
  EXPECT_THAT(hdfs_.seen.at(0), HasSubstr("PUT CREATE /out/.s3-dist-cp-"));
  EXPECT_THAT(hdfs_.seen.at(1), HasSubstr("at the DataNode"));
  EXPECT_THAT(hdfs_.seen.at(2), HasSubstr("PUT RENAME"));
}

TEST_F(HdfsStoreTest, JoinsThePiecesOfALargeFile) {
  std::string text;
  for (int i = 0; text.size() < 40'500; ++i) text += std::to_string(i);
  const auto written = write("/big", text);
  ASSERT_TRUE(written.ok()) << written.error().message;
  EXPECT_EQ(hdfs_.files["/big"], text);
  EXPECT_EQ(hdfs_.files.size(), 1u);
}

TEST_F(HdfsStoreTest, WritesAnEmptyFile) {
  ASSERT_TRUE(write("/empty", "").ok());
  EXPECT_TRUE(hdfs_.files.contains("/empty"));
}

TEST_F(HdfsStoreTest, AppendsByJoining) {
  hdfs_.files["/log"] = "old ";
  ASSERT_TRUE(write("/log", "new", true).ok());
  EXPECT_EQ(hdfs_.files["/log"], "old new");
  ASSERT_TRUE(write("/log", "", true).ok());
  EXPECT_EQ(hdfs_.files["/log"], "old new");
  EXPECT_EQ(hdfs_.files.size(), 1u);
  hdfs_.files["/nothing"] = "";
  ASSERT_TRUE(write("/nothing", "first", true).ok());
  EXPECT_EQ(hdfs_.files["/nothing"], "first");
}

TEST_F(HdfsStoreTest, ListsFoldersPageByPage) {
  for (const char* name : {"/a/1", "/a/2", "/a/3", "/a/b/4", "/a/b/c/5", "/other"}) {
    hdfs_.files[name] = "x";
  }
  const auto found = store_->list(at("/a"));
  ASSERT_TRUE(found.ok()) << found.error().message;
  std::vector<std::string> paths;
  for (const Input& each : *found) paths.push_back(each.location.path);
  std::sort(paths.begin(), paths.end());
  EXPECT_THAT(paths, ElementsAre("/a/1", "/a/2", "/a/3", "/a/b/4", "/a/b/c/5"));
  EXPECT_EQ(store_->list(at("/a/1"))->size(), 1u);
  EXPECT_EQ(store_->list(at("/no")).error().code, base::Code::kNotFound);
  EXPECT_EQ(store_->list_prefix(at("/a/b"))->size(), 2u);
  EXPECT_EQ(store_->list_prefix(at("/oth"))->size(), 1u);
}

TEST_F(HdfsStoreTest, ReadsARange) {
  hdfs_.files["/f"] = "0123456789";
  const Input file = *store_->look(at("/f"));
  EXPECT_EQ(*read_source(**store_->open(file, 0, 10), 100), "0123456789");
  EXPECT_EQ(*read_source(**store_->open(file, 3, 4), 100), "3456");
  EXPECT_EQ(store_->look(at("/")).error().code, base::Code::kInvalidArgument);
}

TEST_F(HdfsStoreTest, TriesAgainWhatTheNameNodeSaysIsTransient) {
  hdfs_.files["/f"] = "x";
  hdfs_.failures["GETFILESTATUS"] = 3;
  EXPECT_TRUE(store_->look(at("/f")).ok());
  hdfs_.failures["GETFILESTATUS"] = 1000;
  const auto given_up = store_->look(at("/f"));
  ASSERT_FALSE(given_up.ok());
  EXPECT_THAT(given_up.error().message, HasSubstr("hdfs://nn:8020/f"));
  EXPECT_THAT(given_up.error().message, HasSubstr("not now"));
}

TEST_F(HdfsStoreTest, RemovesAndDoesNotMindWhatIsGone) {
  hdfs_.files["/f"] = "x";
  ASSERT_TRUE(store_->remove({at("/f"), at("/gone")}).ok());
  EXPECT_THAT(hdfs_.files, IsEmpty());
}

TEST_F(HdfsStoreTest, CopiesManyFilesThoughReadsBreakOffAndWritesFail) {
  for (int i = 0; i < 40; ++i) {
    hdfs_.files["/in/" + std::to_string(i)] = std::string(static_cast<size_t>(100 * i), 'a');
  }
  hdfs_.cut_reads = true;
  hdfs_.failures["CREATE"] = 5;
  hdfs_.failures["RENAME"] = 3;
  std::vector<Output> outputs;
  const auto found = store_->list(at("/in"));
  for (const Input& input : *found) {
    Output output;
    output.relative = std::string(file_name(input.location.path));
    output.inputs.push_back(input);
    output.size = input.size;
    outputs.push_back(output);
  }
  const StoreOf store_of = [&](const Location&) -> base::Result<Store*> { return store_.get(); };
  Progress progress;
  const CopyOptions options{at("/out"), Codec::kKeep, 4};
  const auto copied = copy_all(outputs, options, store_of, retry_, {}, progress);
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  EXPECT_EQ(progress.files_done, 40u);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(hdfs_.files["/out/" + std::to_string(i)], hdfs_.files["/in/" + std::to_string(i)]);
  }
  EXPECT_EQ(hdfs_.files.size(), 80u);  // nothing temporary is left
}

TEST_F(HdfsStoreTest, LeavesNothingTemporaryWhenACopyFails) {
  hdfs_.files["/in/a"] = std::string(5000, 'a');
  Output output;
  output.relative = "a";
  output.inputs.push_back(*store_->look(at("/in/a")));
  output.size = 5000;
  hdfs_.failures["CONCAT"] = 1000;
  const StoreOf store_of = [&](const Location&) -> base::Result<Store*> { return store_.get(); };
  Progress progress;
  const CopyOptions options{at("/out"), Codec::kKeep, 2};
  const auto copied = copy_all({output}, options, store_of, retry_, {}, progress);
  ASSERT_FALSE(copied.ok());
  EXPECT_THAT(copied.error().message, HasSubstr("copying to hdfs://nn:8020/out/a"));
  EXPECT_EQ(progress.files_done, 0u);
  EXPECT_EQ(hdfs_.files.size(), 1u);
}

}  // namespace
}  // namespace howdah::distcp
