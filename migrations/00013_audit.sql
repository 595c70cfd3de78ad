-- What auditors search certificates by, and the searches that they keep.
-- +goose Up
-- One row for each thing that a certificate is found by: "name:<word>" (folded),
-- "office:", "channel:", "storage:", "by:<operator>", "way:" and "cause:" of a
-- report, "rfc:<CRLReason>", "was:<status>". Rows are only ever added, so that
-- what was true once is found later. They lie in the order of issue, so that a
-- page of the newest reads no others.
CREATE TABLE certificate_marks (
  mark           {{text}} NOT NULL,
  issued_at      {{ts}} NOT NULL,
  certificate_id BIGINT NOT NULL,
  PRIMARY KEY (mark, issued_at, certificate_id)
){{if pg}}{{else}} WITHOUT ROWID{{end}};

-- Certificates from before, up to this id, have none yet; background work adds
-- them, the newest first. Empty: all have theirs.
CREATE TABLE certificate_marks_left (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  through BIGINT NOT NULL
);
INSERT INTO certificate_marks_left (id, through) SELECT 1, MAX(id) FROM certificates HAVING MAX(id) IS NOT NULL;

-- When the world could first know of a change: the first OCSP answer or the
-- first list, whichever came first.
ALTER TABLE status_changes ADD COLUMN public_at {{ts}};
UPDATE status_changes SET public_at = ocsp_at;
UPDATE status_changes SET public_at = (SELECT l.made_at FROM crls l WHERE l.number = crl_number)
  WHERE crl_number IS NOT NULL AND (ocsp_at IS NULL OR ocsp_at > (SELECT l.made_at FROM crls l WHERE l.number = crl_number));

-- Every order that a search may be read in.
CREATE INDEX certificates_issued  ON certificates (issued_at, id);
DROP INDEX certificates_ending;
CREATE INDEX certificates_ends    ON certificates (not_after, id);
CREATE INDEX certificates_revoked ON certificates (status_at, id) WHERE status = 'revoked';
CREATE INDEX revocation_reports_reported ON revocation_reports (reported_at, id);
CREATE INDEX revocation_reports_decided  ON revocation_reports (concluded_at, id) WHERE concluded_at IS NOT NULL;
CREATE INDEX status_changes_public       ON status_changes (public_at, id) WHERE public_at IS NOT NULL AND status <> 'issued';

-- query is the address's, as the page wrote it.
CREATE TABLE audit_searches (
  id          {{pk}},
  operator_id BIGINT NOT NULL REFERENCES operators (id),
  name        TEXT NOT NULL CHECK (name <> ''),
  query       TEXT NOT NULL,
  created_at  {{ts}} NOT NULL,
  UNIQUE (operator_id, name)
);
