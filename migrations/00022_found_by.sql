-- A certificate's life names the lists that it was revoked with, and the latest
-- blocked keys are shown first.
-- +goose Up
CREATE INDEX revocation_batch_items_certificate ON revocation_batch_items (certificate_id, batch_id);
CREATE INDEX blocked_keys_at ON blocked_keys (blocked_at, key_hash);
