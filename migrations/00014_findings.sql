-- The self-audit: samples of the certificates issued in a quarter and what
-- auditors found in them; and the requests of people for their own data
-- (domain.md §6.9).
-- +goose Up
-- One sample a quarter. root is that of the checkpoint that decided it: with it
-- anybody draws the same again (docs/self-audit.md).
CREATE TABLE audit_samples (
  id              {{pk}},
  quarter         {{text}} NOT NULL UNIQUE CHECK (length(quarter) = 6),   -- 2026Q3
  starts_at       {{ts}} NOT NULL,
  ends_at         {{ts}} NOT NULL,
  checkpoint_size BIGINT NOT NULL REFERENCES journal_checkpoints (size),
  root            {{blob}} NOT NULL CHECK (length(root) = 32),
  population      INTEGER NOT NULL CHECK (population >= 0),
  drawn_by        BIGINT NOT NULL REFERENCES operators (id),
  drawn_at        {{ts}} NOT NULL,
  CHECK (ends_at > starts_at)
);
{{appendonly "audit_samples"}}

-- position: 1, 2, 3 … in the order of the draw.
CREATE TABLE audit_sample_items (
  sample_id BIGINT NOT NULL REFERENCES audit_samples (id),
  position  INTEGER NOT NULL CHECK (position > 0),
  serial    TEXT NOT NULL CHECK (serial <> ''),
  PRIMARY KEY (sample_id, position),
  UNIQUE (sample_id, serial)
);
{{appendonly "audit_sample_items"}}

-- What an auditor found in one certificate's file. A correction is another row
-- that names the one it takes the place of.
CREATE TABLE audit_findings (
  id          {{pk}},
  sample_id   BIGINT NOT NULL,
  position    INTEGER NOT NULL,
  outcome     TEXT NOT NULL CHECK (outcome IN ('none','finding')),
  severity    TEXT NOT NULL CHECK (severity IN ('','minor','major','critical')),
  note        TEXT NOT NULL,
  corrects    BIGINT REFERENCES audit_findings (id),
  operator_id BIGINT NOT NULL REFERENCES operators (id),
  created_at  {{ts}} NOT NULL,
  FOREIGN KEY (sample_id, position) REFERENCES audit_sample_items (sample_id, position),
  CHECK ((outcome = 'finding') = (severity <> '')),
  CHECK (outcome = 'none' OR note <> '')
);
CREATE UNIQUE INDEX audit_findings_first ON audit_findings (sample_id, position) WHERE corrects IS NULL;
CREATE UNIQUE INDEX audit_findings_correction ON audit_findings (corrects) WHERE corrects IS NOT NULL;
CREATE INDEX audit_findings_item ON audit_findings (sample_id, position, id);
{{appendonly "audit_findings"}}

-- A person asks for what is kept about them; a week is what the law leaves.
-- asked_by is who came: the person, or who acts for them.
CREATE TABLE data_requests (
  id              {{pk}},
  number          {{text}} NOT NULL UNIQUE,
  personal_number TEXT NOT NULL CHECK ({{digits14 "personal_number"}}),
  asked_by        TEXT NOT NULL CHECK (asked_by <> ''),
  way             TEXT NOT NULL CHECK (way IN ('person','letter','representative')),
  identified      TEXT NOT NULL CHECK (identified <> ''),
  note            TEXT NOT NULL DEFAULT '',
  status          TEXT NOT NULL CHECK (status IN ('received','handed_over','refused')),
  received_at     {{ts}} NOT NULL,
  due_at          {{ts}} NOT NULL,
  created_by      BIGINT NOT NULL REFERENCES operators (id),
  created_at      {{ts}} NOT NULL,
  exported_sha256 TEXT NOT NULL DEFAULT '',
  exported_at     {{ts}},
  exported_by     BIGINT REFERENCES operators (id),
  concluded_at    {{ts}},
  concluded_by    BIGINT REFERENCES operators (id),
  remark          TEXT NOT NULL DEFAULT '',
  version         BIGINT NOT NULL DEFAULT 1,
  CHECK (due_at > received_at),
  CHECK ((status = 'received') = (concluded_at IS NULL)),
  CHECK ((concluded_at IS NULL) = (concluded_by IS NULL)),
  CHECK ((exported_sha256 = '') = (exported_at IS NULL)),
  CHECK (status <> 'handed_over' OR exported_at IS NOT NULL),
  CHECK (status = 'received' OR remark <> '')
);
CREATE UNIQUE INDEX data_requests_open ON data_requests (personal_number) WHERE status = 'received';
CREATE INDEX data_requests_due ON data_requests (due_at, id) WHERE status = 'received';
CREATE INDEX data_requests_person ON data_requests (personal_number, id);
