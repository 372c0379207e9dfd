#pragma once

// Configuration classifications of EMR: which exist, which act here, and what a request's list of
// them says once it is flattened. Source: AWS "Configure applications" (emr-6.5.0 table and later
// additions). Pure functions.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apps/render.h"
#include "base/json.h"
#include "base/result.h"

namespace howdah::apps {

/// What a list of configurations says, by classification. Later entries win, as on EMR.
struct Configurations {
  std::map<std::string, Settings> properties;  // "spark-defaults" -> {...}
  std::map<std::string, Settings> exports;  // "spark-env" -> the properties of its nested "export"

  const Settings& of(std::string_view classification) const;          // empty when absent
  const Settings& exports_of(std::string_view classification) const;  // empty when absent
};

/// `configurations` is the API's member: [{Classification, Properties, Configurations:[...]}].
/// Refuses, with reason ValidationException: an unknown classification (listing the known), one
/// without a name, a nested one other than "export" in an *-env, an exported name that no shell can
/// export.
base::Status check_configurations(const base::JsonArray& configurations);

/// What was accepted and does nothing here, a sentence each: for events, `howdah status` and the
/// docs.
std::vector<std::string> configurations_without_effect(const base::JsonArray& configurations);

/// Of a list that check_configurations accepted; what it would refuse is left out.
Configurations flatten(const base::JsonArray& configurations);

/// All known names, sorted.
std::vector<std::string> known_classifications();
/// Those that become a file of some application here.
bool acts_here(std::string_view classification);

}  // namespace howdah::apps
