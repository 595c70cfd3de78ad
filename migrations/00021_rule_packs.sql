-- The rule packs of the authority: the first one, and each that two
-- administrators put in its place. The one accepted last is in force.
-- +goose Up
CREATE TABLE rule_packs (
  id          {{pk}},
  name        TEXT NOT NULL CHECK (name <> ''),
  hash        TEXT NOT NULL CHECK (length(hash) = 64),
  source      TEXT NOT NULL CHECK (source <> ''),
  status      TEXT NOT NULL CHECK (status IN ('proposed','accepted','rejected')),
  proposed_by BIGINT REFERENCES operators (id), -- NULL: the first, or at the console
  proposed_at {{ts}} NOT NULL,
  decided_by  BIGINT REFERENCES operators (id),
  decided_at  {{ts}},
  CHECK ((status = 'proposed') = (decided_at IS NULL)),
  CHECK (status <> 'accepted' OR proposed_by IS NULL OR decided_by IS NOT NULL AND decided_by <> proposed_by)
);
CREATE UNIQUE INDEX rule_packs_one_proposed ON rule_packs (status) WHERE status = 'proposed';
CREATE INDEX rule_packs_in_force ON rule_packs (decided_at, id) WHERE status = 'accepted';
