#pragma once

// The Spark standalone cluster of one run, asked over HTTP: its master says which workers are idle,
// its driver how many executors it wants. Everything about it is the run's own: the node, the
// ports of the loopback, the secret. Ownership: borrows the nodes. Threads: concurrent calls
// allowed; one of its own asks, so that nobody waits for a socket. Failure: who does not answer in
// time says nothing.
// Source: Spark 3.5, "Monitoring" (metrics/json, ExecutorAllocationManager) and the master's /json.

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "control/serverless/world.h"
#include "nodes/provider.h"

namespace howdah::control {

std::unique_ptr<StandaloneClusters> make_standalone_clusters(nodes::Provider& nodes,
                                                             const base::Clock& clock);

/// The address of a worker on the loopback, which names it in all that Spark says: 127.1.0.1 …;
/// numbers from 1 to 62,500. And back; 0: it is none.
std::string worker_address(int number);
int worker_number(std::string_view address);

/// What a master's log says once it listens: "spark://…", and the port of its pages. Pure.
struct MasterPlace {
  std::string address;
  uint16_t pages = 0;
};
MasterPlace master_place(std::string_view log);
/// What a master's /json says. Pure.
struct MasterAnswer {
  std::set<int> idle;       // workers that have joined and run no executor
  std::string application;  // the one that runs under it, "app-…"; empty: none
};
MasterAnswer master_answer(std::string_view answer);
/// Of the driver's /metrics/json: what dynamic allocation aims at; nullopt without it, or when it
/// is another application's. Pure.
std::optional<int64_t> executors_wanted(std::string_view answer, std::string_view application);

}  // namespace howdah::control
