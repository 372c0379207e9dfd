#include "apps/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace howdah::apps {
namespace {

constexpr uint64_t kGiB = 1024;
// Spark's share beside the heap, as spark.*.memoryOverheadFactor says; at least this many MiB.
constexpr double kWithOverhead = 1.1875;
constexpr uint64_t kLeastOverheadMib = 384;

std::string number(auto value) { return fmt::format("{}", value); }

// "/mnt/hdfs", "/mnt1/hdfs", …: a folder on each of the node's volumes.
std::string folders(const NodeFacts& facts, std::string_view name, std::string_view separator) {
  std::string out;
  const size_t count = std::max<size_t>(1, facts.volumes_gib.size());
  for (size_t i = 0; i < count; ++i) {
    out += fmt::format("{}/mnt{}/{}", i == 0 ? "" : separator, i == 0 ? "" : number(i), name);
  }
  return out;
}

}  // namespace

uint64_t yarn_memory_mib(uint64_t memory_mib) {
  return memory_mib - std::min(memory_mib / 4, 8 * kGiB);
}

ExecutorSize executor_size(uint64_t memory_mib, int vcpu, bool maximize) {
  constexpr int kCores = 4;
  constexpr double kWithoutMaster = 11.0 / 12.0;
  ExecutorSize out;
  out.cores = maximize ? std::max(1, vcpu) : std::clamp(vcpu, 1, kCores);
  out.per_node = std::max(1, vcpu / out.cores);
  const double share = static_cast<double>(yarn_memory_mib(memory_mib)) / out.per_node;
  out.memory_mib = static_cast<uint64_t>(std::ceil(share * kWithoutMaster / kWithOverhead));
  return out;
}

ExecutorSize only_executor_size(uint64_t memory_mib, int vcpu) {
  constexpr uint64_t kLeastHeapMib = 512;
  constexpr uint64_t kStepMib = 32;  // yarn.scheduler.minimum-allocation-mb
  ExecutorSize out = executor_size(memory_mib, vcpu, false);
  if (out.per_node > 1) return out;  // the driver takes the place of one of them
  const auto overhead = static_cast<uint64_t>(kDriverMemoryMib * (kWithOverhead - 1));
  const uint64_t driver = kDriverMemoryMib + std::max(kLeastOverheadMib, overhead);
  const uint64_t yarn = yarn_memory_mib(memory_mib) / kStepMib * kStepMib;
  const uint64_t left = yarn > driver ? yarn - driver : 0;
  const uint64_t heap = std::min(static_cast<uint64_t>(static_cast<double>(left) / kWithOverhead),
                                 left - std::min(left, kLeastOverheadMib));
  if (heap >= kLeastHeapMib) out.memory_mib = std::min(out.memory_mib, heap);
  return out;
}

int hdfs_replication(int core_nodes) { return core_nodes < 4 ? 1 : core_nodes < 10 ? 2 : 3; }

std::map<std::string, std::string> facts_of(const NodeFacts& facts, const Installed& installed,
                                            const std::string& java_home, bool maximize) {
  const uint64_t core_memory = facts.core_memory_mib ? facts.core_memory_mib : facts.memory_mib;
  const int core_vcpu = facts.core_vcpu ? facts.core_vcpu : facts.vcpu;
  const int workers = std::max(1, facts.core_count + facts.task_count);
  const uint64_t yarn = yarn_memory_mib(core_memory);
  const uint64_t map = yarn / static_cast<uint64_t>(std::max(2, core_vcpu));
  // The heap is four fifths, rounded up, as in AWS's table: 3072 -> 2458.
  const auto heap = [](uint64_t container) { return (container * 8 + 9) / 10; };
  const ExecutorSize executor = workers == 1 && !maximize
                                    ? only_executor_size(core_memory, core_vcpu)
                                    : executor_size(core_memory, core_vcpu, maximize);
  // A driver may run on the primary or on any other node: the smaller one counts.
  const uint64_t driver =
      maximize ? executor_size(std::min(core_memory, facts.memory_mib), core_vcpu, true).memory_mib
               : kDriverMemoryMib;
  return {
      {"endpoint", facts.endpoint},
      {"region", facts.region},
      {"cluster_id", facts.cluster_id},
      {"release_label", facts.release_label},
      {"hostname", facts.hostname},
      {"primary", facts.primary_hostname.empty() ? facts.hostname : facts.primary_hostname},
      {"local_ip", facts.local_ip},
      {"java_home", java_home},
      {"driver_memory_mib", number(driver_memory_mib(facts, maximize))},
      {"vcpu", number(facts.vcpu)},
      {"replication", number(hdfs_replication(facts.core_count))},
      {"yarn_memory_mib", number(yarn_memory_mib(facts.memory_mib))},
      {"yarn_largest_mib", number(std::max(yarn, yarn_memory_mib(facts.memory_mib)))},
      {"map_memory_mib", number(map)},
      {"map_heap_mib", number(heap(map))},
      {"reduce_memory_mib", number(2 * map)},
      {"reduce_heap_mib", number(heap(2 * map))},
      {"reduces", number(std::max(1, 2 * workers - 1))},
      {"spark_executor_memory_mib", number(executor.memory_mib)},
      {"spark_executor_cores", number(executor.cores)},
      {"spark_driver_memory_mib", number(driver)},
      {"spark_instances", number(workers * executor.per_node)},
      {"spark_parallelism", number(2 * workers * core_vcpu)},
      {"hdfs_dirs", folders(facts, "hdfs", ",")},
      {"hdfs_folders", folders(facts, "hdfs", " ")},
      {"yarn_dirs", folders(facts, "yarn", ",")},
      {"yarn_folders", folders(facts, "yarn", " ")},
      {"aux_services",
       installed.find("spark-shuffle") ? "mapreduce_shuffle,spark_shuffle" : "mapreduce_shuffle"},
  };
}

}  // namespace howdah::apps
