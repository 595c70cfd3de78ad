-- A payment's reference is taken while the payment stands: one that was rejected, or undone by a counter-entry,
-- may be entered again as it should have been.
-- +goose Up
{{if pg}}
ALTER TABLE top_ups DROP CONSTRAINT top_ups_reference_key;
ALTER TABLE top_ups DROP CONSTRAINT top_ups_status_check;
ALTER TABLE top_ups ADD CONSTRAINT top_ups_status_check CHECK (status IN ('pending','confirmed','rejected','corrected'));
{{else}}
DROP INDEX top_ups_pending;
ALTER TABLE top_ups RENAME TO top_ups_before;
CREATE TABLE top_ups (
  id              {{pk}},
  organisation_id BIGINT NOT NULL REFERENCES organisations (id),
  amount          BIGINT NOT NULL CHECK (amount > 0),
  reference       TEXT NOT NULL CHECK (reference <> ''),
  paid_on         TEXT NOT NULL,
  way             TEXT NOT NULL CHECK (way IN ('bank','cash','terminal')),
  status          TEXT NOT NULL CHECK (status IN ('pending','confirmed','rejected','corrected')),
  created_by      BIGINT NOT NULL REFERENCES operators (id),
  created_at      {{ts}} NOT NULL,
  decided_by      BIGINT REFERENCES operators (id),
  decided_at      {{ts}},
  CHECK (decided_by <> created_by)
);
INSERT INTO top_ups (id, organisation_id, amount, reference, paid_on, way, status, created_by, created_at, decided_by, decided_at)
  SELECT id, organisation_id, amount, reference, paid_on, way, status, created_by, created_at, decided_by, decided_at FROM top_ups_before;
DROP TABLE top_ups_before;
CREATE INDEX top_ups_pending ON top_ups (id) WHERE status = 'pending';
{{end}}
UPDATE top_ups SET status = 'corrected' WHERE status = 'confirmed' AND reference IN (
  SELECT e.reference FROM account_entries e JOIN account_entries c ON c.corrects = e.id WHERE e.kind = 'top_up' AND c.kind = 'correction');
CREATE UNIQUE INDEX top_ups_one_reference ON top_ups (reference) WHERE status IN ('pending','confirmed');

-- What credited the account, once; entries from before have none.
ALTER TABLE account_entries ADD COLUMN top_up_id BIGINT REFERENCES top_ups (id);
DROP INDEX account_entries_one_top_up;
CREATE UNIQUE INDEX account_entries_one_top_up ON account_entries (top_up_id) WHERE top_up_id IS NOT NULL;

-- What an approver has to look at.
CREATE INDEX enrolments_failed ON enrolments (updated_at, id) WHERE status = 'failed';
