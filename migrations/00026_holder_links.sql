-- By whom and on what grounds a person was let act for a further organisation.
-- +goose Up
ALTER TABLE holder_links ADD COLUMN basis      TEXT NOT NULL DEFAULT '';
ALTER TABLE holder_links ADD COLUMN created_by BIGINT REFERENCES operators (id);
CREATE INDEX holder_links_organisation ON holder_links (organisation_id);
