// The process dies at any moment: what was acknowledged is there, whole; what was not is there
// whole or not at all; and no file is left over.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "objects/test_store.h"

namespace howdah::objects {
namespace {

std::string body_of(int number) {
  const size_t size = number % 3 == 0 ? 100 : number % 3 == 1 ? 150'000 : 1'500'000;
  std::string body = std::to_string(number) + ":";
  body.resize(size, static_cast<char>('a' + number % 26));
  return body;
}

std::unique_ptr<S3Store> open_in(const Folder& folder, base::Clock& clock, base::Ids& ids) {
  return std::move(S3Store::open({folder.path(), &clock, &ids, false})).value();
}

// Puts, replaces, copies and uploads until it is killed; writes each acknowledged number to `out`.
[[noreturn]] void work(const Folder& folder, int out, int first) {
  base::SystemClock clock;
  base::RandomIds ids;
  auto store = open_in(folder, clock, ids);
  for (int number = first;; ++number) {
    const std::string key = "k" + std::to_string(number % 40);
    PutRequest request;
    request.info.bucket = "bucket";
    request.info.key = key;
    request.info.user_metadata = {{"number", std::to_string(number)}};
    const std::string body = body_of(number);
    TextSource source(body);
    if (number % 4 == 3) {
      const auto upload = store->create_upload({request, std::nullopt, false});
      Expected expected;
      expected.size = body.size();
      const auto part = store->put_part({"bucket", key, upload->id, 1}, source, expected);
      CompleteRequest complete{"bucket", key, upload->id, {{1, part->etag, {}}}, {}, {}, {}};
      if (!store->complete(complete).ok()) ::_exit(1);
    } else if (!store->put(request, source, {}).ok()) {
      ::_exit(1);
    }
    if (::write(out, &number, sizeof(number)) != sizeof(number)) ::_exit(1);
  }
}

// Runs a worker, kills it after `acknowledged` writes, answers the last number acknowledged a key.
void run_and_kill(const Folder& folder, int& next, int acknowledged,
                  std::map<std::string, int>& last) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(pipe_ends[0]);
    work(folder, pipe_ends[1], next);
  }
  ::close(pipe_ends[1]);
  int number = 0;
  for (int i = 0; ::read(pipe_ends[0], &number, sizeof(number)) == sizeof(number); ++i) {
    last["k" + std::to_string(number % 40)] = number;
    next = number + 1;
    if (i == acknowledged) ::kill(child, SIGKILL);
  }
  ::close(pipe_ends[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the worker failed by itself";
  ++next;  // what was under way may be there or not
}

TEST(Crash, NothingAcknowledgedIsLostAndNothingIsLeftOver) {
  Folder folder;
  {
    base::SystemClock clock;
    base::RandomIds ids;
    ASSERT_TRUE(open_in(folder, clock, ids)->create_bucket("bucket", "us-east-1").ok());
  }
  std::map<std::string, int> last;
  int next = 0;
  for (int round = 0; round < 8; ++round) {
    const int before = next;
    ASSERT_NO_FATAL_FAILURE(run_and_kill(folder, next, 7 + 5 * round, last));
    ASSERT_GT(next, before);
    base::SystemClock clock;
    base::RandomIds ids;
    auto store = open_in(folder, clock, ids);
    ASSERT_TRUE(store->sweep().ok());
    size_t large = 0;
    for (auto& [key, number] : last) {
      const auto seen = store->get_text("bucket", key, 1 << 30);
      ASSERT_TRUE(seen.ok()) << key << ": " << seen.error().message;
      const int stored = std::stoi(*seen);
      EXPECT_TRUE(stored == number || stored == next - 1) << key;
      EXPECT_TRUE(*seen == body_of(stored)) << key << " is not whole";
      number = stored;  // what was under way had happened: from now on it is what is there
    }
    // every file is named by an object or by a part of an upload that was cut off
    const auto listing = store->list({"bucket", "", "", "", 1000});
    for (const auto& object : listing->objects) {
      large += object.size > kInlineLimit;
    }
    const auto uploads = store->list_uploads({"bucket", "", "", "", 1000}, "");
    for (const auto& upload : uploads->uploads) {
      ASSERT_TRUE(store->abort({"bucket", upload.key, upload.id, 0}).ok());
    }
    EXPECT_EQ(folder.files(), large);
  }
}

}  // namespace
}  // namespace howdah::objects
