#pragma once

// CloudWatch's errors by name. Pure.

#include <string>

#include "base/error.h"

namespace howdah::services::cloudwatch {

inline base::Error invalid_value(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "InvalidParameterValueException", {}};
}
inline base::Error invalid_combination(std::string message) {
  return {
      base::Code::kInvalidArgument, std::move(message), "InvalidParameterCombinationException", {}};
}
inline base::Error missing(std::string message) {
  return {
      base::Code::kInvalidArgument, std::move(message), "MissingRequiredParameterException", {}};
}
/// What GetMetricData answers to a query that makes no sense.
inline base::Error validation(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "ValidationError", {}};
}

}  // namespace howdah::services::cloudwatch
