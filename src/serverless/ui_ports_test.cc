#include "serverless/ui_ports.h"

#include <gtest/gtest.h>

#include <set>

namespace howdah::serverless {
namespace {

TEST(UiPorts, AnAttemptAlwaysHasTheSameAndOthersHaveOthers) {
  std::set<uint16_t> seen;
  for (int run = 0; run < 50; ++run) {
    for (int attempt = 1; attempt <= 2; ++attempt) {
      const std::string id = "00abc" + std::to_string(run);
      const uint16_t ui = own_ui_port(id, attempt), history = history_port(id, attempt);
      EXPECT_EQ(ui, own_ui_port(id, attempt));
      EXPECT_GE(ui, 20000);
      EXPECT_LT(ui, 26000);
      EXPECT_GE(history, 26000);
      EXPECT_LT(history, 32000);
      seen.insert(ui);
    }
  }
  EXPECT_GT(seen.size(), 90u) << "of a hundred attempts few meet";
}

TEST(UiPorts, WhatTheSettingsSayWins) {
  const uint16_t own = own_ui_port("00a", 1);
  const struct {
    Properties properties;
    uint16_t port;
  } cases[] = {
      {{}, own},
      {{{"spark.ui.port", "4041"}}, 4041},
      {{{"spark.ui.port", " 4041 "}}, 4041},
      {{{"spark.ui.port", "0"}}, 0},
      {{{"spark.ui.port", "70000"}}, 0},
      {{{"spark.ui.port", "x"}}, 0},
      {{{"spark.ui.enabled", "FALSE"}}, 0},
      {{{"spark.ui.enabled", "true"}}, own},
  };
  for (const auto& one : cases) {
    SparkSettings settings;
    settings.properties = one.properties;
    EXPECT_EQ(ui_port(settings, "00a", 1), one.port);
  }
}

}  // namespace
}  // namespace howdah::serverless
