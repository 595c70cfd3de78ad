-- The auditor's journal is listed by time, of a kind or an operator too: an
-- index in that order ends a search where the page is full, however long ago
-- the days are that were asked for.
-- +goose Up
DROP INDEX ix_journal_entries_kind;
DROP INDEX ix_journal_entries_actor;
CREATE INDEX ix_journal_entries_kind  ON journal_entries (kind, at, id);
CREATE INDEX ix_journal_entries_actor ON journal_entries (actor_kind, actor_id, at, id);

-- The same as certificates_issued.
DROP INDEX certificates_issued_at;
