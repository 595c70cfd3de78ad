-- The tamper-evident journal: entries, their places in the Merkle tree, the
-- tree, and signed checkpoints. Package internal/journal says what is hashed.
-- +goose Up
-- What happened. The columns (with journal_subjects) are exactly what is hashed: nothing shown to an
-- auditor stands beside the hashed form. details and commitments are TEXT (never JSONB: white space is hashed).
CREATE TABLE journal_entries (
  id          {{pk}},
  at          {{ts}} NOT NULL,                      -- UTC, microseconds
  kind        TEXT NOT NULL CHECK (kind <> ''),  -- "application.approved"
  actor_kind  TEXT NOT NULL CHECK (actor_kind IN ('operator','client','applicant','system','console','anonymous')),
  actor_id    TEXT NOT NULL,                        -- row id in decimal, or ''
  details     TEXT NOT NULL,                        -- compact JSON object, no personal data
  commitments TEXT NOT NULL                         -- {"name":"<base64 HMAC>"}, names sorted
);
CREATE INDEX ix_journal_entries_at    ON journal_entries (at, id);
CREATE INDEX ix_journal_entries_kind  ON journal_entries (kind, id);
CREATE INDEX ix_journal_entries_actor ON journal_entries (actor_kind, actor_id, id);
{{appendonly "journal_entries"}}

-- What it is about, part of the hashed form, in order.
CREATE TABLE journal_subjects (
  entry_id   BIGINT NOT NULL REFERENCES journal_entries (id),
  position   INTEGER NOT NULL CHECK (position >= 0),
  kind       TEXT NOT NULL,                          -- "application", "certificate", "person" …
  subject_id TEXT NOT NULL,                          -- row id in decimal, or a serial
  PRIMARY KEY (entry_id, position)
);
CREATE INDEX ix_journal_subjects ON journal_subjects (kind, subject_id, entry_id);
{{appendonly "journal_subjects"}}

-- Salts and values of the commitments, kept apart: deleting a row makes the value unknowable, the log stays
-- whole. NOT append-only (the application role may INSERT and DELETE, not UPDATE).
CREATE TABLE journal_reveals (
  entry_id BIGINT NOT NULL REFERENCES journal_entries (id),
  name     TEXT NOT NULL,
  salt     {{blob}} NOT NULL CHECK (length(salt) = 32),
  value    TEXT NOT NULL,
  PRIMARY KEY (entry_id, name)
);

-- The place of an entry in the tree; only the sequencer writes. idx: 0, 1, 2 …
CREATE TABLE journal_leaves (
  idx      BIGINT NOT NULL PRIMARY KEY CHECK (idx >= 0),      -- given by the sequencer, never by the database
  entry_id BIGINT NOT NULL UNIQUE REFERENCES journal_entries (id)
);
{{appendonly "journal_leaves"}}

-- The tree: complete subtrees by level and number (tlog.SplitStoredHashIndex); level 0 is the leaf hash.
CREATE TABLE journal_hashes (
  level INTEGER NOT NULL CHECK (level >= 0 AND level < 63),
  n     BIGINT NOT NULL CHECK (n >= 0),
  hash  {{blob}} NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, n)
);
{{appendonly "journal_hashes"}}

CREATE TABLE journal_checkpoints (
  size BIGINT NOT NULL PRIMARY KEY CHECK (size > 0),          -- leaves covered
  root {{blob}} NOT NULL CHECK (length(root) = 32),
  at   {{ts}} NOT NULL,
  note TEXT NOT NULL                                 -- signed note, C2SP tlog-checkpoint
);
{{appendonly "journal_checkpoints"}}
