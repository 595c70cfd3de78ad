-- Until when a suspension held, so that what was suspended at an instant is found
-- without reading all that ever was: those that began within a month before it,
-- and the few that held longer or still hold. What an auditor asks about.
-- +goose Up
ALTER TABLE status_changes ADD COLUMN held_until {{ts}};
ALTER TABLE status_changes ADD COLUMN held_long BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE status_changes SET held_long = TRUE, held_until = (SELECT n.at FROM status_changes n WHERE n.serial = status_changes.serial AND n.id > status_changes.id ORDER BY n.id LIMIT 1)
  WHERE status = 'suspended';
CREATE INDEX status_changes_held      ON status_changes (at, held_until) WHERE status = 'suspended';
CREATE INDEX status_changes_held_long ON status_changes (at) WHERE status = 'suspended' AND (held_long OR held_until IS NULL);
