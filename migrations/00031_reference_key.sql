-- The reference of a payment is the same in capitals or not, and with Cyrillic letters for the Latin ones that look
-- alike: the program writes that spelling beside it. References from before stand for themselves.
-- +goose Up
ALTER TABLE top_ups ADD COLUMN reference_key TEXT NOT NULL DEFAULT '';
UPDATE top_ups SET reference_key = reference;
CREATE UNIQUE INDEX top_ups_one_key ON top_ups (reference_key) WHERE status IN ('pending','confirmed') AND reference_key <> '';
