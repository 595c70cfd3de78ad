-- Remote renewal orders (DT-18): what was ordered, whose certificates it
-- renews, and the signatures as evidence. An order is an application whose
-- channel is remote; while a signature is missing it is a draft.
-- +goose Up
-- content is what the signatures name by its SHA-256, to the byte. sign_by is
-- the end of the certificate that ends first: the last instant at which the
-- last signature counts (DT-21, A-21). ending says why an order came to
-- nothing.
CREATE TABLE orders (
  application_id BIGINT PRIMARY KEY REFERENCES applications (id),
  content        {{json}} NOT NULL,
  content_sha256 TEXT NOT NULL CHECK (length(content_sha256) = 64),
  sign_by        {{ts}} NOT NULL,
  ending         TEXT NOT NULL DEFAULT '' CHECK (ending IN ('','withdrawn','refused','lapsed','unsigned','cancelled'))
);

-- Who is to sign, and the certificate that is renewed for them. live is false
-- once the order came to nothing: at most one order of a certificate is open,
-- and a certificate is renewed once.
CREATE TABLE order_signatories (
  application_id  BIGINT NOT NULL REFERENCES orders (application_id),
  role            TEXT NOT NULL CHECK (role IN ('HEAD','ACCOUNTANT','HEAD_AS_ACCOUNTANT')),
  personal_number TEXT NOT NULL CHECK ({{digits14 "personal_number"}}),
  certificate_id  BIGINT NOT NULL REFERENCES certificates (id),
  enrolment_id    BIGINT UNIQUE REFERENCES enrolments (id),
  signed_at       {{ts}},
  live            BOOLEAN NOT NULL DEFAULT TRUE,
  PRIMARY KEY (application_id, role),
  CHECK ((signed_at IS NULL) = (enrolment_id IS NULL))
);
CREATE UNIQUE INDEX order_signatories_one_open ON order_signatories (certificate_id) WHERE live;

-- renewal-order/1: the signed bytes and the CMS, as evidence.
CREATE TABLE order_signatures (
  id             {{pk}},
  application_id BIGINT NOT NULL REFERENCES orders (application_id),
  role           TEXT NOT NULL,
  certificate_id BIGINT NOT NULL REFERENCES certificates (id),
  envelope       {{blob}} NOT NULL,
  signature      {{blob}} NOT NULL,
  created_at     {{ts}} NOT NULL,
  UNIQUE (application_id, role)
);
{{appendonly "order_signatures"}}

-- queue
