-- Keys kept for their holders on the server, what guards them against
-- guessing, and the challenges that logins and decisions sign. A holder is
-- named as "<personal number>@<INN>/<role>", operators as
-- "<personal number>@operator".
-- +goose Up
CREATE TABLE ecloud_keys (
  id              {{pk}},
  key_id          TEXT NOT NULL UNIQUE,
  holder          TEXT NOT NULL,
  enrolment_id    BIGINT UNIQUE REFERENCES enrolments (id),
  operator_id     BIGINT REFERENCES operators (id),
  certificate_id  BIGINT UNIQUE REFERENCES certificates (id),
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
  CHECK ((enrolment_id IS NULL) <> (operator_id IS NULL))
);
CREATE INDEX ecloud_keys_holder ON ecloud_keys (holder) WHERE destroyed_at IS NULL;

CREATE TABLE ecloud_activations (
  id                 {{pk}},
  enrolment_id       BIGINT REFERENCES enrolments (id),
  operator_id        BIGINT REFERENCES operators (id),
  hash_key_id        TEXT NOT NULL,
  paper_hash         {{blob}} NOT NULL UNIQUE,
  mail_hash          {{blob}},
  email              TEXT NOT NULL,
  requested_by       BIGINT NOT NULL REFERENCES operators (id),
  email_confirmed_by BIGINT REFERENCES operators (id),
  email_confirmed_at {{ts}},
  wrong_tries        INTEGER NOT NULL DEFAULT 0,
  created_at         {{ts}} NOT NULL,
  expires_at         {{ts}} NOT NULL,
  used_at            {{ts}},
  cancelled_at       {{ts}},
  CHECK ((enrolment_id IS NULL) <> (operator_id IS NULL)),
  CHECK (email_confirmed_by IS NULL OR email_confirmed_by <> requested_by)
);
CREATE UNIQUE INDEX ecloud_activations_live_enrolment ON ecloud_activations (enrolment_id) WHERE used_at IS NULL AND cancelled_at IS NULL;
CREATE UNIQUE INDEX ecloud_activations_live_operator  ON ecloud_activations (operator_id) WHERE used_at IS NULL AND cancelled_at IS NULL;

CREATE TABLE ecloud_unlocks (
  id            {{pk}},
  ecloud_key_id BIGINT NOT NULL REFERENCES ecloud_keys (id),
  hash_key_id   TEXT NOT NULL,
  code_hash     {{blob}} NOT NULL UNIQUE,
  created_at    {{ts}} NOT NULL,
  expires_at    {{ts}} NOT NULL,
  used_at       {{ts}},
  superseded_at {{ts}}
);
CREATE UNIQUE INDEX ecloud_unlocks_live ON ecloud_unlocks (ecloud_key_id) WHERE used_at IS NULL AND superseded_at IS NULL;

-- Browsers known to a holder, each with a throttle of its own. Named by the
-- holder, not the key, so that a renewal keeps them.
CREATE TABLE ecloud_browsers (
  id           {{pk}},
  holder       TEXT NOT NULL,
  token_hash   {{blob}} NOT NULL UNIQUE,
  wrong        INTEGER NOT NULL DEFAULT 0,
  locked_at    {{ts}},
  version      BIGINT NOT NULL DEFAULT 1,
  created_at   {{ts}} NOT NULL,
  last_used_at {{ts}} NOT NULL,
  expires_at   {{ts}} NOT NULL,
  revoked_at   {{ts}}
);
CREATE INDEX ecloud_browsers_holder ON ecloud_browsers (holder);

-- One row per subject, a keyed hash, also for holders that do not exist.
CREATE TABLE ecloud_throttles (
  subject      {{blob}} PRIMARY KEY,
  scope        TEXT NOT NULL CHECK (scope IN ('strangers','source')),
  wrong        INTEGER NOT NULL DEFAULT 0,
  not_before   {{ts}},
  window_start {{ts}},
  window_tries INTEGER NOT NULL DEFAULT 0,
  last_try_at  {{ts}} NOT NULL,
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
