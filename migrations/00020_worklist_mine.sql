-- The worklist of one clerk in one state: without this index its last pages read
-- every application of theirs whose clock does not run.
-- +goose Up
CREATE INDEX applications_queue_mine_status ON applications (assignee, status, queue_at, id) WHERE is_open;
