-- Telling holders in time that their year ends.
-- +goose Up
-- When to look at a certificate next, by the rules' clock; from the farthest
-- that a pack may begin to remind (registry.ReminderHorizon) to its end. A
-- certificate without a row has nothing left to be reminded of.
CREATE TABLE reminder_plan (
  certificate_id BIGINT NOT NULL PRIMARY KEY REFERENCES certificates (id),
  due_at         {{ts}} NOT NULL
);
CREATE INDEX reminder_plan_due ON reminder_plan (due_at, certificate_id);
INSERT INTO reminder_plan (certificate_id, due_at)
  SELECT id, issued_at FROM certificates WHERE profile = 'holder' AND status <> 'revoked';

-- The days of the pack that the plan was made by, and the last certificate
-- that was looked at anew since they changed; NULL: all of them.
CREATE TABLE reminder_days (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  days    TEXT NOT NULL,
  through BIGINT
);

-- What was said: days is the pack's, letter whether an address was known.
CREATE TABLE reminders (
  certificate_id BIGINT NOT NULL REFERENCES certificates (id),
  days           INTEGER NOT NULL CHECK (days > 0),
  letter         BOOLEAN NOT NULL,
  at             {{ts}} NOT NULL,
  PRIMARY KEY (certificate_id, days)
);
{{appendonly "reminders"}}

CREATE INDEX certificates_ending ON certificates (not_after, id) WHERE profile = 'holder';
