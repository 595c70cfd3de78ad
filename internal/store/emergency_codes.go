package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// AddEmergencyCode makes a code the one of an enrolment; what was handed out
// before is worthless.
func (tx *Tx) AddEmergencyCode(id registry.EnrolmentID, code KeyedHash, by registry.OperatorID, now time.Time) error {
	if _, err := tx.exec(`UPDATE emergency_codes SET superseded_at = ? WHERE enrolment_id = ? AND superseded_at IS NULL`, now, id); err != nil {
		return err
	}
	_, err := tx.insert(`INSERT INTO emergency_codes (enrolment_id, hash_key_id, code_hash, issued_by, created_at) VALUES (?, ?, ?, ?, ?)`,
		id, code.KeyID, code.Hash, nullable(by), now)
	return err
}

// EnrolmentOfEmergencyCode finds the enrolment whose live code has one of the
// hashes, or NotFound.
func (tx *Tx) EnrolmentOfEmergencyCode(hashes [][]byte) (registry.EnrolmentID, error) {
	var id int64
	err := tx.one(&id, `SELECT enrolment_id FROM emergency_codes WHERE code_hash IN ? AND superseded_at IS NULL`, hashes)
	return registry.EnrolmentID(id), err
}
