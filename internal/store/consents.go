package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Consent is one person's to the processing of their data, with one
// application. PersonalNumber may be empty: a trusted person who is a
// foreigner may have none.
type Consent struct {
	PersonalNumber registry.PersonalNumber
	Name           string
	RecordedBy     registry.OperatorID
	RecordedAt     time.Time
}

// AddConsent records one; the first record of a person stays. It reports
// whether it was new.
func (tx *Tx) AddConsent(id registry.ApplicationID, c Consent) (bool, error) {
	n, err := tx.exec(`INSERT INTO consents (application_id, personal_number, name, recorded_by, recorded_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, id, c.PersonalNumber, c.Name, nullable(c.RecordedBy), c.RecordedAt)
	return n > 0, err
}

// Consents returns an application's, in order.
func (tx *Tx) Consents(id registry.ApplicationID) ([]Consent, error) {
	var rows []struct {
		PersonalNumber string
		Name           string
		RecordedBy     *int64
		RecordedAt     time.Time
	}
	if err := tx.query(&rows, `SELECT personal_number, name, recorded_by, recorded_at FROM consents WHERE application_id = ? ORDER BY recorded_at, name`, id); err != nil {
		return nil, err
	}
	out := make([]Consent, len(rows))
	for i, r := range rows {
		out[i] = Consent{registry.PersonalNumber(r.PersonalNumber), r.Name, orZero[registry.OperatorID](r.RecordedBy), r.RecordedAt.UTC()}
	}
	return out, nil
}
