-- iam.db: who exists, what they may do, and the keys they hold. One account, 000000000000.
-- Names are unique without regard to case (AWS: "IAM and STS quotas"). Times: epoch milliseconds.
-- kind: 1 user, 2 role, 3 group, 4 policy, 5 instance profile (records.h).

CREATE TABLE entity (
  kind INTEGER NOT NULL,                -- 1, 2 or 3
  name TEXT NOT NULL COLLATE NOCASE,
  path TEXT NOT NULL,
  id TEXT NOT NULL,                     -- AIDA…, AROA…, AGPA…
  created INTEGER NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  trust TEXT NOT NULL DEFAULT '',       -- a role's trust policy
  max_session INTEGER NOT NULL DEFAULT 3600,
  boundary TEXT NOT NULL DEFAULT '',    -- the permissions boundary's ARN
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;

CREATE TABLE membership (
  user_name TEXT NOT NULL COLLATE NOCASE,
  group_name TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY (user_name, group_name)
) WITHOUT ROWID;

CREATE TABLE inline_policy (
  kind INTEGER NOT NULL,
  entity TEXT NOT NULL COLLATE NOCASE,
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (kind, entity, name)
) WITHOUT ROWID;

CREATE TABLE attachment (
  kind INTEGER NOT NULL,
  entity TEXT NOT NULL COLLATE NOCASE,
  arn TEXT NOT NULL,                    -- ours, or one of AWS's (which are not rows here)
  PRIMARY KEY (kind, entity, arn)
) WITHOUT ROWID;
CREATE INDEX attachment_arn ON attachment (arn);

CREATE TABLE policy (
  arn TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  id TEXT NOT NULL,                     -- ANPA…
  path TEXT NOT NULL,
  description TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  default_version INTEGER NOT NULL,
  last_version INTEGER NOT NULL         -- numbers are never used twice
) WITHOUT ROWID;

CREATE TABLE policy_version (
  arn TEXT NOT NULL,
  number INTEGER NOT NULL,
  document TEXT NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY (arn, number)
) WITHOUT ROWID;

CREATE TABLE instance_profile (
  name TEXT PRIMARY KEY COLLATE NOCASE,
  path TEXT NOT NULL,
  id TEXT NOT NULL,                     -- AIPA…
  created INTEGER NOT NULL,
  role TEXT COLLATE NOCASE              -- null: none
) WITHOUT ROWID;

CREATE TABLE tag (
  kind INTEGER NOT NULL,
  entity TEXT NOT NULL COLLATE NOCASE,  -- a name; a policy's ARN
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (kind, entity, key)
) WITHOUT ROWID;

CREATE TABLE access_key (
  id TEXT PRIMARY KEY,                  -- AKIA…
  user_name TEXT COLLATE NOCASE,        -- null: the account's root
  secret TEXT NOT NULL,
  active INTEGER NOT NULL,
  created INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX access_key_user ON access_key (user_name);

CREATE TABLE session (
  id TEXT PRIMARY KEY,                  -- ASIA…
  secret TEXT NOT NULL,
  token TEXT NOT NULL,
  issued INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  kind INTEGER NOT NULL,                -- 0 root, 1 user, 2 role
  entity TEXT NOT NULL COLLATE NOCASE,
  entity_id TEXT NOT NULL,              -- so that a namesake made later inherits nothing
  session_name TEXT NOT NULL,
  policies TEXT                         -- session policies, a JSON list of documents; null: none given
) WITHOUT ROWID;
CREATE INDEX session_expires ON session (expires);
