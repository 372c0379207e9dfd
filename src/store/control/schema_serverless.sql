-- serverless.db, version 1. `wanted` is written by services, `status` by control.
-- `version` counts every change of the application and of its runs: a commit compares it with what its
-- decision read. `token` and `asked` are the client token of the call that made the row and its input,
-- by which a repeated call is told from another one with the same token.
CREATE TABLE applications (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  id TEXT NOT NULL,
  created INTEGER NOT NULL,   -- epoch milliseconds
  state TEXT NOT NULL,        -- a copy out of status, for lists and filters
  wanted TEXT NOT NULL,
  status TEXT NOT NULL,
  token TEXT,
  asked TEXT NOT NULL,
  runs INTEGER NOT NULL DEFAULT 0,  -- the sequence of the latest
  version INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (account, region, id)
) WITHOUT ROWID;
CREATE INDEX applications_by_creation ON applications (account, region, created DESC, id);
CREATE UNIQUE INDEX applications_by_token ON applications (account, region, token)
  WHERE token IS NOT NULL;
CREATE INDEX applications_unfinished ON applications (account, region, id)
  WHERE state != 'TERMINATED';

CREATE TABLE runs (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  application TEXT NOT NULL,
  sequence INTEGER NOT NULL,  -- 1, 2, 3 … in the order of submission
  id TEXT NOT NULL,
  created INTEGER NOT NULL,
  ended INTEGER,              -- a copy out of status, for expiry
  state TEXT NOT NULL,
  mode TEXT NOT NULL,
  wanted TEXT NOT NULL,
  status TEXT NOT NULL,
  token TEXT,
  PRIMARY KEY (account, region, application, sequence)
) WITHOUT ROWID;
CREATE UNIQUE INDEX runs_by_id ON runs (account, region, application, id);
CREATE UNIQUE INDEX runs_by_token ON runs (account, region, application, token)
  WHERE token IS NOT NULL;
CREATE INDEX runs_unfinished ON runs (account, region, application, sequence)
  WHERE state NOT IN ('SUCCESS', 'FAILED', 'CANCELLED');
CREATE INDEX runs_by_end ON runs (ended) WHERE ended IS NOT NULL;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  application TEXT NOT NULL,
  at INTEGER NOT NULL,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  message TEXT NOT NULL
);
CREATE INDEX events_by_application ON events (account, region, application, id);
CREATE INDEX events_by_age ON events (at);
