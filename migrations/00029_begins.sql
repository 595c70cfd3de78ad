-- Certificates are searched by when their term begins too: a renewal made ahead
-- is issued before it. What was suspended lies in status_changes_held already.
-- +goose Up
CREATE INDEX certificates_begins ON certificates (not_before, id);
