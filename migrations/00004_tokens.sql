-- Keys that holders have on tokens: the register of tokens, each key that was
-- to be made on one, and the codes for emergencies that stand on papers.
-- An enrolment that an approver starts again after its certificate was issued
-- (the token broke before it was handed over) gets a second certificate once
-- the first is revoked, so the index over enrolments counts the others only.
-- +goose Up
DROP INDEX certificates_enrolment;
CREATE UNIQUE INDEX certificates_enrolment ON certificates (enrolment_id) WHERE enrolment_id IS NOT NULL AND status <> 'revoked';
CREATE INDEX certificates_enrolments ON certificates (enrolment_id, id) WHERE enrolment_id IS NOT NULL;

-- serial is what the token's own software calls it; release is 0 where it could
-- not be told. Memory is in bytes, -1 where it is not told.
CREATE TABLE tokens (
  id            {{pk}},
  serial        TEXT NOT NULL UNIQUE CHECK (serial <> ''),
  label         TEXT NOT NULL,
  model         TEXT NOT NULL,
  hardware      TEXT NOT NULL,
  firmware      TEXT NOT NULL,
  release       TEXT NOT NULL,
  algorithms    {{json}} NOT NULL,
  free_memory   BIGINT NOT NULL,
  total_memory  BIGINT NOT NULL,
  first_seen_at {{ts}} NOT NULL,
  last_seen_at  {{ts}} NOT NULL
);

-- marker is the label that the key is made under; it is stored before the
-- token is told to make the key, so that a key nobody reported is found again.
CREATE TABLE token_keys (
  id              {{pk}},
  enrolment_id    BIGINT NOT NULL REFERENCES enrolments (id),
  token_id        BIGINT NOT NULL REFERENCES tokens (id),
  marker          {{text}} NOT NULL UNIQUE,
  algorithm       TEXT NOT NULL CHECK (algorithm IN ('RSA-2048','P-256')),
  key_id          TEXT NOT NULL DEFAULT '',
  public_key_hash TEXT NOT NULL DEFAULT '',
  certificate_id  BIGINT REFERENCES certificates (id),
  status          TEXT NOT NULL CHECK (status IN ('begun','made','written','proven','dropped','removed')),
  created_at      {{ts}} NOT NULL,
  made_at         {{ts}},
  written_at      {{ts}},
  proven_at       {{ts}},
  ended_at        {{ts}},
  CHECK (status NOT IN ('made','written','proven') OR (key_id <> '' AND public_key_hash <> '')),
  CHECK (status NOT IN ('written','proven') OR certificate_id IS NOT NULL),
  CHECK ((status IN ('dropped','removed')) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX token_keys_live ON token_keys (enrolment_id) WHERE status IN ('begun','made','written','proven');
CREATE UNIQUE INDEX token_keys_public_key ON token_keys (public_key_hash) WHERE public_key_hash <> '';
CREATE INDEX token_keys_token ON token_keys (token_id, id);

-- A code stands on a paper that its holder keeps: whoever has it may have the
-- certificate of the enrolment suspended. A new paper makes the last worthless.
CREATE TABLE emergency_codes (
  id            {{pk}},
  enrolment_id  BIGINT NOT NULL REFERENCES enrolments (id),
  hash_key_id   TEXT NOT NULL,
  code_hash     {{blob}} NOT NULL UNIQUE,
  issued_by     BIGINT REFERENCES operators (id),
  created_at    {{ts}} NOT NULL,
  superseded_at {{ts}}
);
CREATE UNIQUE INDEX emergency_codes_live ON emergency_codes (enrolment_id) WHERE superseded_at IS NULL;
