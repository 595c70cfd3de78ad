-- Many certificates revoked at once are chosen by when they were issued, or by
-- the token that carries them.
-- +goose Up
CREATE INDEX certificates_issued_at ON certificates (issued_at, id);
CREATE INDEX token_keys_certificate ON token_keys (certificate_id) WHERE certificate_id IS NOT NULL;
CREATE INDEX tokens_model           ON tokens (model, id);
