#pragma once

// For simulations: a crash at the Nth of the calls that change the world. Threads: one.

namespace howdah::control {

/// Thrown by a test's own doubles, through code that holds nothing half done.
struct Crash {};

/// Crashes at the Nth point of a run, once.
struct CrashPoint {
  int at = 0;  // 0: never
  int passed = 0;
  void pass() {
    if (++passed == at) throw Crash();
  }
};

}  // namespace howdah::control
