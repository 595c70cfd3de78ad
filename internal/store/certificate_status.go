package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// SetCertificateStatus moves a certificate, if it is still in the status from.
func (tx *Tx) SetCertificateStatus(id registry.CertificateID, from, to registry.CertificateStatus, reason int, now time.Time) error {
	if err := changed(tx.exec(`UPDATE certificates SET status = ?, status_reason = ?, status_at = ? WHERE id = ? AND status = ?`, to, reason, now, id, from)); err != nil {
		return err
	}
	return tx.restateCertificate(id, to, reason, now)
}

// RevokedUntold returns revoked certificates that the CA does not know of yet,
// at most limit.
func (tx *Tx) RevokedUntold(limit int) ([]*registry.Certificate, error) {
	return tx.certificates(` WHERE status = 'revoked' AND NOT ca_told ORDER BY id LIMIT ?`, limit)
}

// CATold notes that the CA knows of a revocation.
func (tx *Tx) CATold(id registry.CertificateID) error {
	_, err := tx.exec(`UPDATE certificates SET ca_told = TRUE WHERE id = ?`, id)
	return err
}
