-- Revoking: reports and the signed decisions on them, many certificates at
-- once, keys that are never certified again, and what step-ca refused to hear.
-- Decisions on reports stand apart from those on applications, because they
-- may be the holder's own.
-- +goose Up
-- Since when the key is suspected (RFC 5280 §5.3.2, invalidityDate).
ALTER TABLE certificates ADD COLUMN invalid_since {{ts}};
-- What step-ca answered to a revocation that it will not take, and when it is
-- asked again; others do not wait for it.
ALTER TABLE certificates ADD COLUMN ca_refusal TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN ca_retry_at {{ts}};
ALTER TABLE intents ADD COLUMN revoke_refusal TEXT NOT NULL DEFAULT '';
ALTER TABLE intents ADD COLUMN revoke_retry_at {{ts}};

-- One more thing can be signed: revocation/1, the holder's own.
{{if pg}}
ALTER TABLE challenges DROP CONSTRAINT challenges_typ_check;
ALTER TABLE challenges ADD CONSTRAINT challenges_typ_check
  CHECK (typ IN ('token-login/1','decision/1','renewal-order/1','handover/1','revocation/1'));
{{else}}
CREATE TABLE challenges_wider (
  hash         {{blob}} PRIMARY KEY,
  session_hash {{blob}} NOT NULL,
  typ          TEXT NOT NULL CHECK (typ IN ('token-login/1','decision/1','renewal-order/1','handover/1','revocation/1')),
  expected     {{blob}} NOT NULL,
  created_at   {{ts}} NOT NULL,
  expires_at   {{ts}} NOT NULL
);
INSERT INTO challenges_wider (hash, session_hash, typ, expected, created_at, expires_at)
  SELECT hash, session_hash, typ, expected, created_at, expires_at FROM challenges;
DROP TABLE challenges;
ALTER TABLE challenges_wider RENAME TO challenges;
CREATE INDEX challenges_expiry ON challenges (expires_at);
{{end}}

-- Somebody said that a certificate must not be used any more. The clock runs
-- from reported_at to due_at (UB-28, A-13); escalated is the share of it that
-- people were told of last.
CREATE TABLE revocation_reports (
  id             {{pk}},
  number         {{text}} NOT NULL UNIQUE,
  certificate_id BIGINT NOT NULL REFERENCES certificates (id),
  status         TEXT NOT NULL CHECK (status IN ('received','revoked','rejected','lifted','over')),
  way            TEXT NOT NULL CHECK (way IN ('phone','person','cabinet','emergency','authority','reissue')),
  cause          TEXT NOT NULL CHECK (cause <> ''),
  rfc5280        INTEGER NOT NULL CHECK (rfc5280 IN (0,1,2,3,4,5,9)),
  reporter       TEXT NOT NULL,
  identified     {{json}} NOT NULL,
  note           TEXT NOT NULL DEFAULT '',
  invalid_since  {{ts}},
  reported_at    {{ts}} NOT NULL,
  due_at         {{ts}} NOT NULL,
  created_at     {{ts}} NOT NULL,
  created_by     BIGINT REFERENCES operators (id),
  application_id BIGINT REFERENCES applications (id),
  suspended_at   {{ts}},
  suspended_by   BIGINT REFERENCES operators (id),
  escalated      INTEGER NOT NULL DEFAULT 0 CHECK (escalated IN (0,50,75,100)),
  concluded_at   {{ts}},
  remark         TEXT NOT NULL DEFAULT '',
  version        BIGINT NOT NULL DEFAULT 1,
  CHECK ((status = 'received') = (concluded_at IS NULL)),
  CHECK (due_at > reported_at)
);
CREATE UNIQUE INDEX revocation_reports_open ON revocation_reports (certificate_id) WHERE status = 'received';
CREATE INDEX revocation_reports_due ON revocation_reports (due_at, id) WHERE status = 'received';
CREATE INDEX revocation_reports_certificate ON revocation_reports (certificate_id, id);
CREATE INDEX revocation_reports_application ON revocation_reports (application_id) WHERE application_id IS NOT NULL;

-- operator_id is empty where the holder signed.
CREATE TABLE revocation_decisions (
  id          {{pk}},
  report_id   BIGINT NOT NULL UNIQUE REFERENCES revocation_reports (id),
  action      TEXT NOT NULL CHECK (action IN ('revoke','reject','lift')),
  operator_id BIGINT REFERENCES operators (id),
  envelope    {{blob}} NOT NULL,
  signature   {{blob}} NOT NULL,
  serial      TEXT NOT NULL,
  created_at  {{ts}} NOT NULL
);
{{appendonly "revocation_decisions"}}

-- Keys that are never certified again, by SHA-256 of the SubjectPublicKeyInfo.
CREATE TABLE blocked_keys (
  key_hash   {{text}} PRIMARY KEY CHECK (length(key_hash) = 64),
  serial     TEXT NOT NULL DEFAULT '',
  note       TEXT NOT NULL DEFAULT '',
  blocked_by BIGINT REFERENCES operators (id),
  blocked_at {{ts}} NOT NULL
);
{{appendonly "blocked_keys"}}

-- Many certificates at once: what one approver has chosen and another has
-- signed. The list is fixed when it is proposed.
CREATE TABLE revocation_batches (
  id            {{pk}},
  number        {{text}} NOT NULL UNIQUE,
  chosen_by     TEXT NOT NULL CHECK (chosen_by IN ('organisation','token_model','key','ca_incident')),
  criteria      {{json}} NOT NULL,
  cause         TEXT NOT NULL CHECK (cause <> ''),
  rfc5280       INTEGER NOT NULL CHECK (rfc5280 IN (0,1,2,3,4,5,9)),
  invalid_since {{ts}},
  remark        TEXT NOT NULL CHECK (remark <> ''),
  status        TEXT NOT NULL CHECK (status IN ('proposed','running','done','rejected')),
  total         INTEGER NOT NULL CHECK (total > 0),
  list_sha256   TEXT NOT NULL CHECK (length(list_sha256) = 64),
  proposed_by   BIGINT NOT NULL REFERENCES operators (id),
  proposed_at   {{ts}} NOT NULL,
  decided_by    BIGINT REFERENCES operators (id),
  decided_at    {{ts}},
  envelope      {{blob}},
  signature     {{blob}},
  serial        TEXT NOT NULL DEFAULT '',
  finished_at   {{ts}},
  version       BIGINT NOT NULL DEFAULT 1,
  CHECK (decided_by IS NULL OR decided_by <> proposed_by OR status = 'rejected'),
  CHECK (status NOT IN ('running','done') OR signature IS NOT NULL)
);
CREATE INDEX revocation_batches_open ON revocation_batches (id) WHERE status IN ('proposed','running');

CREATE TABLE revocation_batch_items (
  batch_id       BIGINT NOT NULL REFERENCES revocation_batches (id),
  position       INTEGER NOT NULL,
  certificate_id BIGINT NOT NULL REFERENCES certificates (id),
  status         TEXT NOT NULL CHECK (status IN ('waiting','revoked','skipped')),
  why            TEXT NOT NULL DEFAULT '',
  done_at        {{ts}},
  PRIMARY KEY (batch_id, position),
  UNIQUE (batch_id, certificate_id)
);
CREATE INDEX revocation_batch_items_waiting ON revocation_batch_items (batch_id, position) WHERE status = 'waiting';
