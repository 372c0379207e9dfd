#pragma once

// The legal moves, and the only functions that make them. Each move leaves an event that says why.
// Source: EMR Serverless API reference (ApplicationState, JobRunState) and the User Guide,
// "Interacting with an application" and "Job run states". Pure. CHECK fails on an illegal move:
// that is a bug of plan().

#include <string>
#include <vector>

#include "serverless/serverless.h"

namespace howdah::serverless {

/// What happened, for the events table.
struct Event {
  base::Time at;
  std::string subject;  // the application's or the run's id
  std::string kind;     // "application", "job-run", "warning"
  std::string state;    // the new state's wire name; may be empty
  std::string message;
};

bool is_legal(ApplicationState from, ApplicationState to);
bool is_legal(RunState from, RunState to);

/// Sets state, details and times of the application, or of the run and its current attempt. A run's
/// way back to PENDING ends its current attempt as FAILED for `details` and begins the next one.
void advance(Application& application, ApplicationState to, std::string details, base::Time now,
             std::vector<Event>& events);
void advance(JobRun& run, RunState to, std::string details, base::Time now,
             std::vector<Event>& events);

}  // namespace howdah::serverless
