#pragma once

// At which port of the host's loopback, which all nodes of runs share, an attempt shows its Spark
// UI, and after its end the history server of it. Control sets them, gateways find them. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "serverless/spark_settings.h"

namespace howdah::serverless {

/// 20000 to 25999, below the ports that the kernel gives to clients; the same for the same attempt.
uint16_t own_ui_port(std::string_view run_id, int attempt);
/// What the settings say, else own_ui_port(). 0: it has none (spark.ui.enabled), or at a port that
/// only Spark knows (spark.ui.port=0).
uint16_t ui_port(const SparkSettings& settings, std::string_view run_id, int attempt);
/// 26000 to 31999.
uint16_t history_port(std::string_view run_id, int attempt);

}  // namespace howdah::serverless
