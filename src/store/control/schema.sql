-- control.db, version 1. `request` and `wanted` are written by services, `status` by control.
-- `version` counts every change of the row: a commit compares it with what its decision read.
CREATE TABLE clusters (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  id TEXT NOT NULL,
  created INTEGER NOT NULL,   -- epoch milliseconds
  state TEXT NOT NULL,        -- a copy out of status, for lists and filters
  request TEXT NOT NULL,      -- RunJobFlow's input as it was received
  wanted TEXT NOT NULL,
  status TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (account, region, id)
) WITHOUT ROWID;
CREATE INDEX clusters_by_creation ON clusters (account, region, created DESC, id);
CREATE INDEX clusters_unfinished ON clusters (account, region, id)
  WHERE state NOT IN ('TERMINATED', 'TERMINATED_WITH_ERRORS');

CREATE TABLE steps (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  cluster TEXT NOT NULL,
  sequence INTEGER NOT NULL,  -- 1, 2, 3 … in the order of submission
  id TEXT NOT NULL,
  state TEXT NOT NULL,
  config TEXT NOT NULL,       -- StepConfig as it was received
  wanted TEXT NOT NULL,
  status TEXT NOT NULL,
  PRIMARY KEY (account, region, cluster, sequence)
) WITHOUT ROWID;
CREATE UNIQUE INDEX steps_by_id ON steps (account, region, cluster, id);
CREATE INDEX steps_unfinished ON steps (account, region, cluster, sequence)
  WHERE state IN ('PENDING', 'RUNNING', 'CANCEL_PENDING');

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  cluster TEXT NOT NULL,
  at INTEGER NOT NULL,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  message TEXT NOT NULL
);
CREATE INDEX events_by_cluster ON events (account, region, cluster, id);
CREATE INDEX events_by_age ON events (at);

-- The answers given to mutations, by what an SDK repeats when it retries.
CREATE TABLE retries (
  principal TEXT NOT NULL,
  operation TEXT NOT NULL,
  invocation TEXT NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (principal, operation, invocation, body)
) WITHOUT ROWID;
CREATE INDEX retries_by_age ON retries (at);
