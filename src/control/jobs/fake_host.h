#pragma once

// For tests: a host that has what the test says. Threads: none.

#include "control/jobs/host.h"

namespace howdah::control {

struct FakeHost final : public Host {
  uint64_t total_memory() override { return total; }
  uint64_t available_memory() override { return free; }
  double idle_cpus() override { return idle; }
  uint64_t declared_memory(const std::string&) override { return declared; }

  uint64_t total = uint64_t{16} << 30, free = uint64_t{8} << 30, declared = uint64_t{16} << 30;
  double idle = 4;
};

}  // namespace howdah::control
