#pragma once

// For tests: engines of nothing, to be set as plain values. Threads: none.

#include "control/serverless/world.h"

namespace howdah::control {

class FakeSparkEngines final : public SparkEngines {
 public:
  InstallationSeen look(const std::string&) override {
    return {installed ? InstallationSeen::State::kInstalled : InstallationSeen::State::kMissing,
            ""};
  }
  base::Status install(const std::string&) override {
    installed = true;
    return base::ok();
  }
  base::Result<RunSetup> setup(const serverless::Application&, const serverless::JobRun& run,
                               const serverless::SparkSettings&) override {
    RunSetup out;
    out.properties_path = "/mnt/var/lib/howdah/spark.properties";
    out.process.argv = {"spark-submit", run.wanted.spark->entry_point};
    return out;
  }
  base::Result<RunSetup> master_setup(const serverless::Application&,
                                      const serverless::JobRun& run) override {
    return daemon(serverless::master_process_of(run, 1));
  }
  base::Result<RunSetup> worker_setup(const serverless::Application&, const serverless::JobRun& run,
                                      const serverless::SparkSettings&, int number) override {
    return daemon(serverless::worker_process_of(run, 1, number));
  }
  base::Result<RunSetup> warm_setup(const WarmKey&) override {
    RunSetup out;
    out.process.id = "warm";
    out.process.argv = {"howdah-warm-driver"};
    return out;
  }
  base::Result<RunSetup> history_setup(const std::string&, const std::filesystem::path&,
                                       uint16_t) override {
    return base::unavailable("there is none in a simulation");
  }
  bool installed = false;

 private:
  static RunSetup daemon(const std::string& id) {
    RunSetup out;
    out.properties_path = "/mnt/var/lib/howdah/daemons.conf";
    out.process.id = id;
    out.process.argv = {"spark-class", "long"};
    return out;
  }
};

}  // namespace howdah::control
