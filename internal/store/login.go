package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// CompaniesOf returns the organisations that a person may act for at an
// instant: those of their valid certificates and those linked to them (LG-12).
func (tx *Tx) CompaniesOf(person registry.PersonalNumber, now time.Time) ([]registry.OrganisationID, error) {
	var ids []registry.OrganisationID
	err := tx.query(&ids, `SELECT organisation_id FROM certificates WHERE personal_number = ? AND profile = 'holder' AND status = 'issued'
			AND not_before <= ? AND not_after >= ?
		UNION SELECT organisation_id FROM holder_links WHERE personal_number = ? ORDER BY 1`, person, now, now, person)
	return ids, err
}

// CountFailure counts a failed login of a source in a minute; the journal gets
// one entry a minute and source, not one each.
func (tx *Tx) CountFailure(source []byte, reason string, minute time.Time) error {
	_, err := tx.exec(`INSERT INTO login_failures (reason, source, minute, n) VALUES (?, ?, ?, 1)
		ON CONFLICT (source, reason, minute) DO UPDATE SET n = login_failures.n + 1`, reason, source, minute)
	return err
}

// Failures is how often a source failed in a minute.
type Failures struct {
	Source []byte
	Reason string
	Minute time.Time
	N      int
}

// TakeFailures removes and returns the counts of minutes before an instant, at
// most limit.
func (tx *Tx) TakeFailures(before time.Time, limit int) ([]Failures, error) {
	var out []Failures
	if err := tx.query(&out, `SELECT source, reason, minute, n FROM login_failures WHERE minute < ? ORDER BY minute LIMIT ?`+tx.skipLocked(), before, limit); err != nil {
		return nil, err
	}
	for i, f := range out {
		if _, err := tx.exec(`DELETE FROM login_failures WHERE source = ? AND reason = ? AND minute = ?`, f.Source, f.Reason, f.Minute); err != nil {
			return nil, err
		}
		out[i].Minute = f.Minute.UTC()
	}
	return out, nil
}
