#include "base/clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace howdah::base {
namespace {

TEST(SystemClock, AWaitEndsWhenItIsStopped) {
  SystemClock clock;
  std::stop_source stop;
  bool waited = true;
  std::thread waiter([&] { waited = clock.wait(Millis::max(), stop.get_token()); });
  stop.request_stop();
  waiter.join();
  EXPECT_FALSE(waited);
}

TEST(SystemClock, AWaitEndsWhenItsTimeHasCome) {
  SystemClock clock;
  const Millis before = clock.steady();
  EXPECT_TRUE(clock.wait(Millis(5), {}));
  EXPECT_GE(clock.steady() - before, Millis(5));
  EXPECT_TRUE(clock.wait(Millis(0), {}));
  EXPECT_TRUE(clock.wait(Millis(-1), {}));
}

TEST(FakeClock, AWaitEndsWhenTheTestAdvancesFarEnough) {
  FakeClock clock;
  std::atomic<bool> woken = false;
  std::thread waiter([&] {
    EXPECT_TRUE(clock.wait(Millis(1000), {}));
    woken = true;
  });
  while (!woken) clock.advance(Millis(999));  // whenever the waiter begins
  waiter.join();
  EXPECT_TRUE(clock.wait(Millis(0), {}));
}

TEST(FakeClock, AWaitEndsWhenItIsStopped) {
  FakeClock clock;
  std::stop_source stop;
  bool waited = true;
  std::thread waiter([&] { waited = clock.wait(Millis::max(), stop.get_token()); });
  stop.request_stop();
  waiter.join();
  EXPECT_FALSE(waited);
}

}  // namespace
}  // namespace howdah::base
