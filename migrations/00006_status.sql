-- What relying parties are told: changes of status in OCSP and in the CRL, who
-- signs the answers, the lists that were signed.
-- +goose Up

-- One row for each change, written with it. Servers follow the ids to forget
-- answers that no longer hold. ocsp_at and ocsp_answer are the first OCSP
-- answer that told it, crl_number the first list that did: what an auditor asks
-- about when the world could know.
CREATE TABLE status_changes (
  id          {{pk}},
  serial      TEXT NOT NULL CHECK (serial <> ''),
  status      TEXT NOT NULL CHECK (status IN ('issued','suspended','revoked')),
  reason      INTEGER NOT NULL,
  at          {{ts}} NOT NULL,
  ocsp_at     {{ts}},
  ocsp_answer {{blob}},
  crl_number  BIGINT,
  CHECK ((ocsp_at IS NULL) = (ocsp_answer IS NULL))
);
CREATE INDEX status_changes_serial ON status_changes (serial, id);
CREATE INDEX status_changes_unanswered ON status_changes (id) WHERE ocsp_at IS NULL;
CREATE INDEX status_changes_unlisted ON status_changes (id) WHERE crl_number IS NULL;

-- What the CRL is made of.
CREATE INDEX certificates_off ON certificates (id) WHERE status <> 'issued';
CREATE INDEX intents_abandoned ON intents (serial) WHERE status = 'abandoned';

-- Delegations to sign OCSP answers, by key. The row is there before the CA is
-- asked; der comes with its answer.
CREATE TABLE ocsp_signers (
  serial     TEXT PRIMARY KEY,
  key_id     TEXT NOT NULL,
  key_hash   TEXT NOT NULL CHECK (length(key_hash) = 64),
  not_before {{ts}} NOT NULL,
  not_after  {{ts}} NOT NULL,
  der        {{blob}},
  created_at {{ts}} NOT NULL,
  CHECK (not_after > not_before)
);
CREATE INDEX ocsp_signers_key ON ocsp_signers (key_hash, not_after);

-- The highest number that was given to a list, and who is making one: a number
-- is reserved here before anything is signed with it. Gaps are fine.
CREATE TABLE crl_state (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  number       BIGINT NOT NULL CHECK (number >= 0),
  leased_until {{ts}}
);
INSERT INTO crl_state (id, number) VALUES (1, 0);

-- Lists that were published; der of the latest only.
CREATE TABLE crls (
  number      BIGINT PRIMARY KEY CHECK (number > 0),
  source      TEXT NOT NULL CHECK (source IN ('own','step-ca')),
  this_update {{ts}} NOT NULL,
  next_update {{ts}} NOT NULL,
  made_at     {{ts}} NOT NULL,
  entries     BIGINT NOT NULL CHECK (entries >= 0),
  size        BIGINT NOT NULL CHECK (size > 0),
  sha256      TEXT NOT NULL CHECK (length(sha256) = 64),
  der         {{blob}},
  CHECK (next_update > this_update)
);
