package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type ocspSignerRow struct {
	Serial    string
	KeyID     string
	KeyHash   string
	NotBefore time.Time
	NotAfter  time.Time
	DER       []byte `gorm:"column:der"`
	CreatedAt time.Time
}

// OCSPSigners returns the delegations to a key that end later than an instant,
// the newest first.
func (tx *Tx) OCSPSigners(keyHash string, after time.Time) ([]registry.OCSPSigner, error) {
	var rows []ocspSignerRow
	err := tx.query(&rows, `SELECT serial, key_id, key_hash, not_before, not_after, der, created_at FROM ocsp_signers WHERE key_hash = ? AND not_after > ? ORDER BY not_before DESC, serial`, keyHash, after)
	if err != nil {
		return nil, err
	}
	out := make([]registry.OCSPSigner, len(rows))
	for i, r := range rows {
		out[i] = registry.OCSPSigner{
			Serial: registry.Serial(r.Serial), KeyID: r.KeyID, KeyHash: r.KeyHash, NotBefore: r.NotBefore.UTC(), NotAfter: r.NotAfter.UTC(), DER: r.DER, CreatedAt: r.CreatedAt.UTC(),
		}
	}
	return out, nil
}

// AddOCSPSigner keeps what is to be asked of the CA.
func (tx *Tx) AddOCSPSigner(s registry.OCSPSigner) error {
	_, err := tx.exec(`INSERT INTO ocsp_signers (serial, key_id, key_hash, not_before, not_after, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		s.Serial, s.KeyID, s.KeyHash, s.NotBefore, s.NotAfter, s.CreatedAt)
	return err
}

// OCSPSignerMade keeps the CA's answer; one that is there already stays.
func (tx *Tx) OCSPSignerMade(s registry.Serial, der []byte) error {
	return changed(tx.exec(`UPDATE ocsp_signers SET der = ? WHERE serial = ? AND der IS NULL`, der, s))
}
