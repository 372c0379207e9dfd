#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/fd.h"

namespace howdah::base {
namespace {

TEST(Result, HoldsWhatOnlyMoves) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(3);
  ASSERT_TRUE(made.ok());
  const std::unique_ptr<int> taken = std::move(made).value();
  EXPECT_EQ(*taken, 3);
}

TEST(Result, ConvertsWhatConverts) {
  const Result<std::string> text = "abc";
  EXPECT_EQ(*text, "abc");
  EXPECT_EQ(text->size(), 3u);
  const Result<bool> no = false;
  EXPECT_TRUE(no.ok());
  EXPECT_EQ(Result<std::string>(not_found("x")).value_or("other"), "other");
}

TEST(Result, TryEndsTheFunctionAtTheFirstError) {
  int reached = 0;
  const auto run = [&](Status first) -> Result<int> {
    TRY(std::move(first));
    ++reached;
    return 1;
  };
  EXPECT_TRUE(run(ok()).ok());
  const auto failed = run(Error{Code::kAborted, "lost", "Conflict", {{"Key", "k"}}});
  EXPECT_EQ(reached, 1);
  EXPECT_EQ(failed.error().code, Code::kAborted);
  EXPECT_EQ(failed.error().reason, "Conflict");
  EXPECT_EQ(failed.error().details.at(0).second, "k");
}

TEST(ResultDeathTest, ReadingTheValueOfAFailureAborts) {
  const Result<int> failed = internal("x");
  EXPECT_DEATH((void)*failed, "CHECK failed");
  EXPECT_DEATH((void)ok().error(), "CHECK failed");
}

TEST(Error, SystemErrorsHaveCodes) {
  EXPECT_EQ(from_errno("open x", ENOENT).code, Code::kNotFound);
  EXPECT_EQ(from_errno("open x", ENOENT).message, "open x: No such file or directory");
  EXPECT_EQ(from_errno("x", EACCES).code, Code::kPermissionDenied);
  EXPECT_EQ(from_errno("x", EEXIST).code, Code::kAlreadyExists);
  EXPECT_EQ(from_errno("x", ENOSPC).code, Code::kResourceExhausted);
  EXPECT_EQ(from_errno("x", EIO).code, Code::kInternal);
}

TEST(Fd, ClosesItsDescriptorOnceAndAtTheEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Fd reader(ends[0]);
  {
    Fd writer(ends[1]);
    Fd moved(std::move(writer));
    EXPECT_FALSE(writer.valid());  // NOLINT: that is what is tested
    EXPECT_EQ(moved.get(), ends[1]);
  }
  char byte;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 0);  // no writer is left
  const int given = reader.release();
  EXPECT_FALSE(reader.valid());
  EXPECT_EQ(::close(given), 0);
}

}  // namespace
}  // namespace howdah::base
