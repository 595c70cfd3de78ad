-- Keys kept for their holders on the server, what guards them against
-- guessing, and the challenges that logins and decisions sign. A holder is
-- named as "<personal number>@<INN>/<role>", operators as
-- "<personal number>@operator".
-- +goose Up
-- inn and role are what people name at login; both are empty for operators.
-- email is where unlock codes go: the address that was confirmed at activation.
CREATE TABLE ecloud_keys (
  id              {{pk}},
  key_id          TEXT NOT NULL UNIQUE,
  holder          TEXT NOT NULL,
  inn             TEXT NOT NULL,
  role            TEXT NOT NULL CHECK (role IN ('','HEAD','ACCOUNTANT','HEAD_AS_ACCOUNTANT')),
  enrolment_id    BIGINT NOT NULL UNIQUE REFERENCES enrolments (id),
  certificate_id  BIGINT UNIQUE REFERENCES certificates (id),
  email           TEXT NOT NULL,
  language        TEXT NOT NULL CHECK (language IN ('ky','ru','en')),
  version         BIGINT NOT NULL CHECK (version >= 1),
  algorithm       TEXT NOT NULL CHECK (algorithm IN ('P-256','RSA-2048')),
  public_key      {{blob}} NOT NULL UNIQUE,
  server_key_id   TEXT NOT NULL,
  kdf_salt        {{blob}} NOT NULL,
  kdf_time        INTEGER NOT NULL CHECK (kdf_time > 0),
  kdf_memory_kib  INTEGER NOT NULL CHECK (kdf_memory_kib > 0),
  kdf_threads     INTEGER NOT NULL CHECK (kdf_threads > 0),
  sealed          {{blob}},
  created_at      {{ts}} NOT NULL,
  pin_changed_at  {{ts}} NOT NULL,
  destroyed_at    {{ts}},
  CHECK ((destroyed_at IS NULL) = (sealed IS NOT NULL)),
  CHECK ((inn = '') = (role = ''))
);
CREATE INDEX ecloud_keys_holder ON ecloud_keys (holder) WHERE destroyed_at IS NULL;
CREATE INDEX ecloud_keys_name   ON ecloud_keys (inn, role) WHERE destroyed_at IS NULL;

-- Two halves of a code: one on paper, one mailed to an address that another
-- operator confirmed. requested_by is empty where the console began it.
CREATE TABLE ecloud_activations (
  id                 {{pk}},
  enrolment_id       BIGINT NOT NULL REFERENCES enrolments (id),
  paper_key_id       TEXT NOT NULL,
  paper_hash         {{blob}} NOT NULL UNIQUE,
  mail_key_id        TEXT NOT NULL DEFAULT '',
  mail_hash          {{blob}},
  email              TEXT NOT NULL,
  requested_by       BIGINT REFERENCES operators (id),
  email_confirmed_by BIGINT REFERENCES operators (id),
  email_confirmed_at {{ts}},
  wrong_tries        INTEGER NOT NULL DEFAULT 0,
  created_at         {{ts}} NOT NULL,
  expires_at         {{ts}} NOT NULL,
  used_at            {{ts}},
  cancelled_at       {{ts}},
  CHECK (email_confirmed_by IS NULL OR requested_by IS NULL OR email_confirmed_by <> requested_by),
  CHECK (mail_hash IS NULL OR email_confirmed_at IS NOT NULL)
);
CREATE UNIQUE INDEX ecloud_activations_live ON ecloud_activations (enrolment_id) WHERE used_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX ecloud_activations_unconfirmed ON ecloud_activations (id) WHERE email_confirmed_at IS NULL AND cancelled_at IS NULL;

-- The code is made when its letter is sent, so that it stands nowhere; issued_by
-- is the operator who gave it out in the office.
CREATE TABLE ecloud_unlocks (
  id            {{pk}},
  ecloud_key_id BIGINT NOT NULL REFERENCES ecloud_keys (id),
  hash_key_id   TEXT NOT NULL DEFAULT '',
  code_hash     {{blob}} UNIQUE,
  issued_by     BIGINT REFERENCES operators (id),
  created_at    {{ts}} NOT NULL,
  expires_at    {{ts}} NOT NULL,
  used_at       {{ts}},
  superseded_at {{ts}}
);
CREATE UNIQUE INDEX ecloud_unlocks_live ON ecloud_unlocks (ecloud_key_id) WHERE used_at IS NULL AND superseded_at IS NULL;

-- Browsers known to a holder, each with a throttle of its own. Named by the
-- holder, not the key, so that a renewal keeps them. One browser may be known
-- to several holders.
CREATE TABLE ecloud_browsers (
  id           {{pk}},
  holder       TEXT NOT NULL,
  token_hash   {{blob}} NOT NULL,
  wrong        INTEGER NOT NULL DEFAULT 0,
  locked_at    {{ts}},
  version      BIGINT NOT NULL DEFAULT 1,
  created_at   {{ts}} NOT NULL,
  last_used_at {{ts}} NOT NULL,
  expires_at   {{ts}} NOT NULL,
  UNIQUE (holder, token_hash)
);

-- One row per subject, a keyed hash, also for holders that do not exist.
CREATE TABLE ecloud_throttles (
  subject      {{blob}} PRIMARY KEY,
  scope        TEXT NOT NULL CHECK (scope IN ('strangers','source')),
  wrong        INTEGER NOT NULL DEFAULT 0,
  not_before   {{ts}},
  window_start {{ts}},
  window_tries INTEGER NOT NULL DEFAULT 0,
  last_try_at  {{ts}},
  version      BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX ecloud_throttles_idle ON ecloud_throttles (last_try_at);

CREATE TABLE challenges (
  hash         {{blob}} PRIMARY KEY,
  session_hash {{blob}} NOT NULL,
  typ          TEXT NOT NULL CHECK (typ IN ('token-login/1','decision/1','renewal-order/1','handover/1')),
  expected     {{blob}} NOT NULL,
  created_at   {{ts}} NOT NULL,
  expires_at   {{ts}} NOT NULL
);
CREATE INDEX challenges_expiry ON challenges (expires_at);

-- handover/1: the holder's proof of possession, signed with the new key.
CREATE TABLE handovers (
  id             {{pk}},
  enrolment_id   BIGINT NOT NULL UNIQUE REFERENCES enrolments (id),
  certificate_id BIGINT NOT NULL REFERENCES certificates (id),
  envelope       {{blob}} NOT NULL,
  signature      {{blob}} NOT NULL,
  created_at     {{ts}} NOT NULL
);
{{appendonly "handovers"}}

-- Failed logins, counted per source (a keyed hash) and minute; the journal
-- gets the counts.
CREATE TABLE login_failures (
  source {{blob}} NOT NULL,
  reason TEXT NOT NULL,
  minute {{ts}} NOT NULL,
  n      INTEGER NOT NULL CHECK (n > 0),
  PRIMARY KEY (source, reason, minute)
);
