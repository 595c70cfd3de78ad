-- What held longer than two days, not a month, is looked for among the few: those
-- that ended so far are taken for such.
-- +goose Up
UPDATE status_changes SET held_long = TRUE WHERE status = 'suspended' AND held_until IS NOT NULL;
