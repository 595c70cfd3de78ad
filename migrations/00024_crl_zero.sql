-- step-ca numbers its lists from 0: the first one of a new installation counts.
-- +goose Up
{{if pg}}
ALTER TABLE crls DROP CONSTRAINT crls_number_check;
ALTER TABLE crls ADD CONSTRAINT crls_number_check CHECK (number >= 0);
{{else}}
ALTER TABLE crls RENAME TO crls_before;
CREATE TABLE crls (
  number      BIGINT PRIMARY KEY CHECK (number >= 0),
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
INSERT INTO crls (number, source, this_update, next_update, made_at, entries, size, sha256, der)
  SELECT number, source, this_update, next_update, made_at, entries, size, sha256, der FROM crls_before;
DROP TABLE crls_before;
{{end}}
