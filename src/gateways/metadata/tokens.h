#pragma once

// IMDSv2 session tokens: an end and a signature, so that nothing of them is kept. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace howdah::gateways {

inline constexpr int64_t kShortestTokenSeconds = 1;
inline constexpr int64_t kLongestTokenSeconds = 21600;  // six hours: EC2's limit

/// For one instance until `until`; `random` makes each different.
std::string make_metadata_token(std::string_view secret, std::string_view instance_id,
                                base::Time until, std::string_view random);

/// When the token ends; nullopt for one that is over, of another instance, or not ours.
std::optional<base::Time> check_metadata_token(std::string_view secret,
                                               std::string_view instance_id, std::string_view token,
                                               base::Time now);

/// The value of X-aws-ec2-metadata-token-ttl-seconds; nullopt unless it is a number in the limits.
std::optional<int64_t> token_seconds(std::string_view header);

}  // namespace howdah::gateways
