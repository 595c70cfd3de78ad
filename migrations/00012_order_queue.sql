-- The seven-day queue of remote orders (DT-20, A-09), and those of them that
-- wait for the client's money (DT-22, A-11).
-- +goose Up
-- An order's place while it waits for the authority; NULL for everything else.
-- Rank 0: the money that it waited for has come; 1: its turn comes; 2: it waits
-- for money. order_at is the earlier of the instant promised and the end of the
-- certificate that ends first.
ALTER TABLE applications ADD COLUMN order_rank INTEGER CHECK (order_rank IN (0, 1, 2));
ALTER TABLE applications ADD COLUMN order_at {{ts}};
CREATE INDEX applications_orders        ON applications (order_rank, order_at, id) WHERE order_rank IS NOT NULL;
CREATE INDEX applications_orders_mine   ON applications (assignee, order_rank, order_at, id) WHERE order_rank IS NOT NULL;
CREATE INDEX applications_orders_nobody ON applications (order_rank, order_at, id) WHERE order_rank IS NOT NULL AND assignee IS NULL;
CREATE INDEX applications_orders_due    ON applications (due_at, id) WHERE order_rank IN (0, 1);

-- An order that cannot be accepted for want of money: what was missing when the
-- client was told, and when it lapses. look_at: money has come since.
CREATE TABLE order_holds (
  application_id  BIGINT NOT NULL PRIMARY KEY REFERENCES orders (application_id),
  organisation_id BIGINT NOT NULL REFERENCES organisations (id),
  missing         BIGINT NOT NULL CHECK (missing > 0),
  held_at         {{ts}} NOT NULL,
  lapse_at        {{ts}} NOT NULL,
  warn_at         {{ts}},
  look_at         {{ts}}
);
CREATE INDEX order_holds_organisation ON order_holds (organisation_id);
CREATE INDEX order_holds_lapse        ON order_holds (lapse_at, application_id);
CREATE INDEX order_holds_warn         ON order_holds (warn_at, application_id) WHERE warn_at IS NOT NULL;
CREATE INDEX order_holds_look         ON order_holds (look_at, application_id) WHERE look_at IS NOT NULL;
