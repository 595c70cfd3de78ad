-- A certificate that is being reissued already is found when it is to be again.
-- +goose Up
CREATE INDEX applications_reissues ON applications (inn) WHERE is_open AND operation = 'REISSUE';
