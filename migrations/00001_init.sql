-- The first schema: applicants, applications and their documents, money,
-- certificates. The words of the CHECK constraints are those of
-- internal/registry; a test compares them. JSON is kept as text, so that what
-- was hashed or signed reads back to the byte.
-- +goose Up
CREATE TABLE installation (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  authority  TEXT NOT NULL,
  created_at {{ts}} NOT NULL
);

CREATE TABLE counters (
  name  TEXT PRIMARY KEY,
  value BIGINT NOT NULL CHECK (value >= 0)
);

CREATE TABLE organisations (
  id         {{pk}},
  inn        TEXT NOT NULL UNIQUE CHECK ({{digits14 "inn"}}),
  kind       TEXT NOT NULL CHECK (kind IN ('LEGAL_ENTITY','SOLE_ENTREPRENEUR')),
  name_ru    TEXT NOT NULL,
  name_ky    TEXT NOT NULL,
  requisites {{json}} NOT NULL,
  created_at {{ts}} NOT NULL,
  updated_at {{ts}} NOT NULL,
  version    BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE persons (
  id              {{pk}},
  personal_number TEXT NOT NULL UNIQUE CHECK ({{digits14 "personal_number"}}),
  requisites      {{json}} NOT NULL,
  created_at      {{ts}} NOT NULL,
  updated_at      {{ts}} NOT NULL
);

CREATE TABLE operators (
  id              {{pk}},
  personal_number TEXT NOT NULL UNIQUE CHECK ({{digits14 "personal_number"}}),
  requisites      {{json}} NOT NULL,
  role            TEXT NOT NULL CHECK (role IN ('clerk','approver','auditor','administrator')),
  office          TEXT NOT NULL,
  email           TEXT NOT NULL,
  language        TEXT NOT NULL CHECK (language IN ('ky','ru','en')),
  disabled        BOOLEAN NOT NULL DEFAULT FALSE,
  created_at      {{ts}} NOT NULL,
  version         BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE applications (
  id              {{pk}},
  number          {{text}} NOT NULL UNIQUE,
  link_hash       TEXT NOT NULL UNIQUE,
  status          TEXT NOT NULL CHECK (status IN ('draft','submitted','in_review','awaiting_documents','verified','approved','completed','refused','withdrawn')),
  is_open         BOOLEAN NOT NULL,
  operation       TEXT NOT NULL CHECK (operation IN ('FIRST_ISSUE','RENEWAL','REISSUE')),
  channel         TEXT NOT NULL CHECK (channel IN ('OFFICE','REMOTE')),
  storage         TEXT NOT NULL CHECK (storage IN ('RUTOKEN','ECLOUD')),
  office          TEXT NOT NULL,
  organisation_id BIGINT REFERENCES organisations (id),
  inn             TEXT NOT NULL DEFAULT '',
  title_ru        TEXT NOT NULL DEFAULT '',
  title_ky        TEXT NOT NULL DEFAULT '',
  declaration     {{json}} NOT NULL,
  input           {{json}} NOT NULL,
  language        TEXT NOT NULL CHECK (language IN ('ky','ru','en')),
  pack_hash       TEXT NOT NULL DEFAULT '',
  fee             BIGINT NOT NULL DEFAULT 0 CHECK (fee >= 0),
  assignee        BIGINT REFERENCES operators (id),
  assigned_at     {{ts}},
  created_by      BIGINT REFERENCES operators (id),
  created_at      {{ts}} NOT NULL,
  updated_at      {{ts}} NOT NULL,
  submitted_at    {{ts}},
  verified_at     {{ts}},
  decided_at      {{ts}},
  completed_at    {{ts}},
  due_at          {{ts}},
  paused_at       {{ts}},
  queue_at        {{ts}} NOT NULL,
  remark          TEXT NOT NULL DEFAULT '',
  version         BIGINT NOT NULL DEFAULT 1,
  CHECK (is_open = (status NOT IN ('completed','refused','withdrawn'))),
  CHECK (status = 'draft' OR status = 'withdrawn' OR organisation_id IS NOT NULL),
  CHECK (status = 'draft' OR status = 'withdrawn' OR ({{digits14 "inn"}}))
);
CREATE INDEX applications_queue        ON applications (queue_at, id) WHERE is_open;
CREATE INDEX applications_queue_mine   ON applications (assignee, queue_at, id) WHERE is_open;
CREATE INDEX applications_queue_status ON applications (status, queue_at, id);
CREATE INDEX applications_queue_nobody ON applications (queue_at, id) WHERE is_open AND assignee IS NULL;
CREATE INDEX applications_queue_office ON applications (office, queue_at, id) WHERE is_open;
CREATE INDEX applications_office       ON applications (office, status, queue_at, id);
CREATE INDEX applications_organisation ON applications (organisation_id, id);

-- Who touched a file: the approver may be none of them (four eyes).
CREATE TABLE application_hands (
  application_id  BIGINT NOT NULL REFERENCES applications (id),
  personal_number TEXT NOT NULL CHECK ({{digits14 "personal_number"}}),
  operator_id     BIGINT NOT NULL REFERENCES operators (id),
  act             TEXT NOT NULL,
  at              {{ts}} NOT NULL,
  PRIMARY KEY (application_id, personal_number)
);

CREATE TABLE signatories (
  id              {{pk}},
  application_id  BIGINT NOT NULL REFERENCES applications (id),
  role            TEXT NOT NULL CHECK (role IN ('HEAD','ACCOUNTANT','HEAD_AS_ACCOUNTANT')),
  personal_number TEXT NOT NULL CHECK ({{digits14 "personal_number"}}),
  requisites      {{json}} NOT NULL,
  UNIQUE (application_id, role)
);
CREATE INDEX signatories_person ON signatories (personal_number);

-- Consent to the processing of personal data, per person and application
-- (domain.md §6.9).
CREATE TABLE consents (
  application_id  BIGINT NOT NULL REFERENCES applications (id),
  personal_number TEXT NOT NULL,
  name            TEXT NOT NULL,
  recorded_by     BIGINT REFERENCES operators (id),
  recorded_at     {{ts}} NOT NULL,
  PRIMARY KEY (application_id, personal_number, name)
);

CREATE TABLE documents (
  id             {{pk}},
  application_id BIGINT NOT NULL REFERENCES applications (id),
  code           TEXT NOT NULL,
  subject        TEXT NOT NULL DEFAULT '',
  form           TEXT NOT NULL CHECK (form IN ('COPY','COPY_BOTH_SIDES','ORIGINAL','DEVICE','DATA','PACKAGE')),
  position       INTEGER NOT NULL,
  item           {{json}} NOT NULL,
  required       BOOLEAN NOT NULL DEFAULT TRUE,
  status         TEXT NOT NULL CHECK (status IN ('missing','received','accepted','rejected','waived')),
  reason         TEXT NOT NULL DEFAULT '',
  original_seen  BOOLEAN NOT NULL DEFAULT FALSE,
  checked        {{json}} NOT NULL DEFAULT '[]',
  linked_to      BIGINT REFERENCES documents (id),
  valid_until    TEXT NOT NULL DEFAULT '',
  judged_by      BIGINT REFERENCES operators (id),
  judged_at      {{ts}},
  updated_at     {{ts}} NOT NULL,
  version        BIGINT NOT NULL DEFAULT 1,
  UNIQUE (application_id, code, subject),
  CHECK (status NOT IN ('rejected','waived') OR reason <> ''),
  CHECK (linked_to <> id)
);

CREATE TABLE files (
  id          {{pk}},
  document_id BIGINT NOT NULL REFERENCES documents (id),
  name        TEXT NOT NULL,
  media_type  TEXT NOT NULL CHECK (media_type IN ('application/pdf','image/jpeg','image/png')),
  size        BIGINT NOT NULL CHECK (size > 0),
  sha256      TEXT NOT NULL CHECK (length(sha256) = 64),
  pages       INTEGER NOT NULL,
  width       INTEGER NOT NULL,
  height      INTEGER NOT NULL,
  blob_key    TEXT NOT NULL UNIQUE,
  key_id      TEXT NOT NULL,
  uploaded_by BIGINT REFERENCES operators (id),
  by_client   BOOLEAN NOT NULL,
  uploaded_at {{ts}} NOT NULL,
  removed_at  {{ts}}
);
CREATE INDEX files_document ON files (document_id, id);

-- Words of names, numbers and titles, folded, for prefix search.
CREATE TABLE search_terms (
  kind   TEXT NOT NULL CHECK (kind IN ('application','organisation')),
  term   {{text}} NOT NULL,
  ref_id BIGINT NOT NULL
);
-- The newest rows of a word come first.
CREATE UNIQUE INDEX search_terms_word ON search_terms (kind, term, ref_id DESC);
CREATE INDEX search_terms_ref ON search_terms (kind, ref_id, term);

CREATE TABLE decisions (
  id             {{pk}},
  application_id BIGINT NOT NULL REFERENCES applications (id),
  action         TEXT NOT NULL CHECK (action IN ('approve','refuse','send_back')),
  operator_id    BIGINT NOT NULL REFERENCES operators (id),
  envelope       {{blob}} NOT NULL,
  signature      {{blob}} NOT NULL,
  serial         TEXT NOT NULL,
  created_at     {{ts}} NOT NULL
);
CREATE INDEX decisions_application ON decisions (application_id, id);
CREATE UNIQUE INDEX decisions_one_end ON decisions (application_id) WHERE action IN ('approve','refuse');
{{appendonly "decisions"}}

-- Accounts: entries are only ever added. The balance after each entry is kept
-- with it; account_balances is the row that a charge locks, and its CHECK
-- keeps a balance from going below zero.
CREATE TABLE account_balances (
  organisation_id BIGINT PRIMARY KEY REFERENCES organisations (id),
  balance         BIGINT NOT NULL CHECK (balance >= 0),
  updated_at      {{ts}} NOT NULL
);

CREATE TABLE account_entries (
  id              {{pk}},
  organisation_id BIGINT NOT NULL REFERENCES organisations (id),
  kind            TEXT NOT NULL CHECK (kind IN ('top_up','charge','reversal','correction')),
  amount          BIGINT NOT NULL CHECK (amount <> 0),
  balance         BIGINT NOT NULL CHECK (balance >= 0),
  reference       TEXT NOT NULL DEFAULT '',
  paid_on         TEXT NOT NULL DEFAULT '',
  way             TEXT NOT NULL DEFAULT '' CHECK (way IN ('','bank','cash','terminal')),
  application_id  BIGINT REFERENCES applications (id),
  enrolment_id    BIGINT,
  corrects        BIGINT REFERENCES account_entries (id),
  note            TEXT NOT NULL DEFAULT '',
  created_by      BIGINT REFERENCES operators (id),
  confirmed_by    BIGINT REFERENCES operators (id),
  created_at      {{ts}} NOT NULL,
  CHECK ((kind IN ('top_up','reversal')) = (amount > 0)),
  CHECK (kind <> 'top_up' OR reference <> ''),
  CHECK (kind <> 'charge' OR application_id IS NOT NULL),
  CHECK (kind <> 'reversal' OR enrolment_id IS NOT NULL),
  CHECK (kind <> 'correction' OR corrects IS NOT NULL)
);
CREATE INDEX account_entries_organisation ON account_entries (organisation_id, id);
CREATE UNIQUE INDEX account_entries_one_top_up     ON account_entries (reference) WHERE kind = 'top_up';
CREATE UNIQUE INDEX account_entries_one_charge     ON account_entries (application_id) WHERE kind = 'charge';
CREATE UNIQUE INDEX account_entries_one_reversal   ON account_entries (enrolment_id) WHERE kind = 'reversal';
CREATE UNIQUE INDEX account_entries_one_correction ON account_entries (corrects) WHERE kind = 'correction';
{{appendonly "account_entries"}}

CREATE TABLE top_ups (
  id              {{pk}},
  organisation_id BIGINT NOT NULL REFERENCES organisations (id),
  amount          BIGINT NOT NULL CHECK (amount > 0),
  reference       TEXT NOT NULL UNIQUE CHECK (reference <> ''),
  paid_on         TEXT NOT NULL,
  way             TEXT NOT NULL CHECK (way IN ('bank','cash','terminal')),
  status          TEXT NOT NULL CHECK (status IN ('pending','confirmed','rejected')),
  created_by      BIGINT NOT NULL REFERENCES operators (id),
  created_at      {{ts}} NOT NULL,
  decided_by      BIGINT REFERENCES operators (id),
  decided_at      {{ts}},
  CHECK (decided_by <> created_by)
);
CREATE INDEX top_ups_pending ON top_ups (id) WHERE status = 'pending';

-- Changes that need two administrators: roles, prices.
CREATE TABLE proposals (
  id          {{pk}},
  kind        TEXT NOT NULL CHECK (kind IN ('operator_add','operator_role','operator_disable','operator_enable','prices')),
  payload     {{json}} NOT NULL,
  status      TEXT NOT NULL CHECK (status IN ('open','accepted','rejected')),
  proposed_by BIGINT NOT NULL REFERENCES operators (id),
  proposed_at {{ts}} NOT NULL,
  decided_by  BIGINT REFERENCES operators (id),
  decided_at  {{ts}},
  CHECK (decided_by IS NULL OR decided_by <> proposed_by OR status = 'rejected')
);

CREATE TABLE price_lists (
  id         {{pk}},
  valid_from {{ts}} NOT NULL UNIQUE,
  body       {{json}} NOT NULL,
  created_at {{ts}} NOT NULL
);

-- The making of one certificate: for a signatory of an application, or for an
-- operator. attempt counts the workers that took it up; what a worker writes is
-- guarded by it.
CREATE TABLE enrolments (
  id              {{pk}},
  application_id  BIGINT REFERENCES applications (id),
  signatory_id    BIGINT UNIQUE REFERENCES signatories (id),
  operator_id     BIGINT REFERENCES operators (id),
  status          TEXT NOT NULL CHECK (status IN ('awaiting_key','key_made','issuing','issued','handed_over','failed','cancelled')),
  csr             {{blob}},
  serial          TEXT NOT NULL DEFAULT '',
  failure         TEXT NOT NULL DEFAULT '',
  detail          TEXT NOT NULL DEFAULT '',
  attempt         INTEGER NOT NULL DEFAULT 0,
  next_attempt_at {{ts}},
  leased_until    {{ts}},
  fee             BIGINT NOT NULL CHECK (fee >= 0),
  created_at      {{ts}} NOT NULL,
  updated_at      {{ts}} NOT NULL,
  version         BIGINT NOT NULL DEFAULT 1,
  CHECK ((operator_id IS NULL) = (application_id IS NOT NULL)),
  CHECK ((application_id IS NULL) = (signatory_id IS NULL)),
  CHECK (csr IS NOT NULL OR status IN ('awaiting_key','cancelled')),
  CHECK (serial <> '' OR status NOT IN ('issuing','issued','handed_over')),
  CHECK (failure <> '' OR status <> 'failed')
);
CREATE INDEX enrolments_application ON enrolments (application_id, id);
CREATE UNIQUE INDEX enrolments_one_operator ON enrolments (operator_id) WHERE status IN ('awaiting_key','key_made','issuing','failed');
CREATE INDEX enrolments_due ON enrolments (next_attempt_at) WHERE status IN ('key_made','issuing');

CREATE TABLE intents (
  serial        TEXT PRIMARY KEY,
  enrolment_id  BIGINT NOT NULL REFERENCES enrolments (id),
  profile       TEXT NOT NULL CHECK (profile IN ('holder','operator')),
  profile_id    TEXT NOT NULL,
  not_before    {{ts}} NOT NULL,
  not_after     {{ts}} NOT NULL,
  subject       {{blob}} NOT NULL,
  csr           {{blob}} NOT NULL,
  csr_hash      TEXT NOT NULL,
  key_hash      TEXT NOT NULL,
  status        TEXT NOT NULL CHECK (status IN ('pending','done','abandoned')),
  created_at    {{ts}} NOT NULL,
  finished_at   {{ts}},
  revoke_pushed BOOLEAN NOT NULL DEFAULT FALSE,
  CHECK (not_after > not_before),
  CHECK ((status = 'pending') = (finished_at IS NULL))
);
-- One enrolment has at most one intent that the CA may still answer.
CREATE UNIQUE INDEX intents_one_pending ON intents (enrolment_id) WHERE status = 'pending';
CREATE INDEX intents_to_push ON intents (serial) WHERE status = 'abandoned' AND NOT revoke_pushed;

CREATE TABLE certificates (
  id              {{pk}},
  serial          TEXT NOT NULL UNIQUE,
  profile         TEXT NOT NULL CHECK (profile IN ('holder','operator')),
  enrolment_id    BIGINT REFERENCES enrolments (id),
  organisation_id BIGINT REFERENCES organisations (id),
  operator_id     BIGINT REFERENCES operators (id),
  personal_number TEXT NOT NULL CHECK ({{digits14 "personal_number"}}),
  holder_name     TEXT NOT NULL,
  role            TEXT NOT NULL CHECK (role IN ('','HEAD','ACCOUNTANT','HEAD_AS_ACCOUNTANT')),
  storage         TEXT NOT NULL CHECK (storage IN ('RUTOKEN','ECLOUD')),
  not_before      {{ts}} NOT NULL,
  not_after       {{ts}} NOT NULL,
  der             {{blob}} NOT NULL,
  sha256          TEXT NOT NULL UNIQUE,
  public_key_hash TEXT NOT NULL,
  status          TEXT NOT NULL CHECK (status IN ('issued','suspended','revoked')),
  status_reason   INTEGER NOT NULL DEFAULT 0,
  status_at       {{ts}},
  ca_told         BOOLEAN NOT NULL DEFAULT FALSE, -- of a revocation
  issued_at       {{ts}} NOT NULL,
  CHECK (not_after > not_before),
  CHECK ((profile = 'operator') = (operator_id IS NOT NULL)),
  CHECK ((profile = 'holder') = (organisation_id IS NOT NULL))
);
CREATE UNIQUE INDEX certificates_enrolment ON certificates (enrolment_id) WHERE enrolment_id IS NOT NULL;
CREATE INDEX certificates_organisation ON certificates (organisation_id, id);
CREATE INDEX certificates_person ON certificates (personal_number, id);
CREATE INDEX certificates_operator ON certificates (operator_id);
CREATE INDEX certificates_to_tell ON certificates (id) WHERE status = 'revoked' AND NOT ca_told;
CREATE INDEX certificates_public_key ON certificates (public_key_hash);

-- Further organisations that a person signs for (LG-12): journalled links.
CREATE TABLE holder_links (
  personal_number TEXT NOT NULL CHECK ({{digits14 "personal_number"}}),
  organisation_id BIGINT NOT NULL REFERENCES organisations (id),
  role            TEXT NOT NULL,
  application_id  BIGINT REFERENCES applications (id),
  created_at      {{ts}} NOT NULL,
  PRIMARY KEY (personal_number, organisation_id)
);

-- Letters and the like that leave after the transaction that caused them.
CREATE TABLE outbox (
  id           {{pk}},
  kind         TEXT NOT NULL,
  unique_key   TEXT UNIQUE,
  payload      {{json}} NOT NULL,
  status       TEXT NOT NULL CHECK (status IN ('ready','sent','dead')),
  run_at       {{ts}} NOT NULL,
  leased_until {{ts}},
  attempt      INTEGER NOT NULL DEFAULT 0,
  last_error   TEXT NOT NULL DEFAULT '',
  created_at   {{ts}} NOT NULL,
  sent_at      {{ts}}
);
CREATE INDEX outbox_due ON outbox (run_at, id) WHERE status = 'ready';

CREATE TABLE news (
  id           {{pk}},
  title        {{json}} NOT NULL,
  body         {{json}} NOT NULL,
  author       BIGINT NOT NULL REFERENCES operators (id),
  published_at {{ts}} NOT NULL,
  removed_at   {{ts}},
  version      BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX news_published ON news (published_at);

CREATE TABLE sessions (
  token      TEXT PRIMARY KEY,
  data       {{blob}} NOT NULL,
  expires_at {{ts}} NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at);
