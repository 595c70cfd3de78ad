-- Evidence packs: which checkpoint was the first of a day, and so was mailed to
-- the auditors, is looked up for every day that a pack covers.
-- +goose Up
CREATE INDEX journal_checkpoints_at ON journal_checkpoints (at, size);
