-- On SQLite INSERT OR REPLACE took a row of an append-only table away, and the
-- triggers on DELETE heard nothing of it.
-- +goose Up
{{unreplaced "decisions" "application_id WHERE action IN ('approve','refuse')"}}
{{unreplaced "account_entries" "top_up_id" "application_id WHERE kind = 'charge'" "enrolment_id WHERE kind = 'reversal'" "corrects WHERE kind = 'correction'"}}
{{unreplaced "handovers" "enrolment_id"}}
{{unreplaced "journal_entries"}}
{{unreplaced "journal_subjects" "entry_id, position"}}
{{unreplaced "journal_leaves" "idx" "entry_id"}}
{{unreplaced "journal_hashes" "level, n"}}
{{unreplaced "journal_checkpoints" "size"}}
{{unreplaced "revocation_decisions" "report_id"}}
{{unreplaced "blocked_keys" "key_hash"}}
{{unreplaced "order_signatures" "application_id, role"}}
{{unreplaced "reminders" "certificate_id, days"}}
{{unreplaced "audit_samples" "quarter"}}
{{unreplaced "audit_sample_items" "sample_id, position" "sample_id, serial"}}
{{unreplaced "audit_findings" "sample_id, position WHERE corrects IS NULL" "corrects"}}
