package store

import (
	"strconv"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// SetCertificateStatus moves a certificate, if it is still in the status from.
func (tx *Tx) SetCertificateStatus(id registry.CertificateID, from, to registry.CertificateStatus, reason int, now time.Time) error {
	if err := changed(tx.exec(`UPDATE certificates SET status = ?, status_reason = ?, status_at = ?, invalid_since = NULL WHERE id = ? AND status = ?`, to, reason, now, id, from)); err != nil {
		return err
	}
	var marks []string
	if to != registry.CertIssued {
		marks = append(marks, markCode+strconv.Itoa(reason))
	}
	if to == registry.CertRevoked {
		marks = append(marks, markRevoked)
	}
	if err := tx.markCertificate(id, marks...); err != nil {
		return err
	}
	return tx.restateCertificate(id, to, reason, now)
}

// MarkOperator notes that an operator had a hand in a change of a certificate,
// so that it is found by them.
func (tx *Tx) MarkOperator(id registry.CertificateID, who registry.OperatorID) error {
	return tx.markCertificate(id, byOperator(who))
}

// SetInvalidSince notes since when the key of a certificate is suspected.
func (tx *Tx) SetInvalidSince(id registry.CertificateID, since time.Time) error {
	_, err := tx.exec(`UPDATE certificates SET invalid_since = ? WHERE id = ?`, since, id)
	return err
}

// RevokedUntold returns revoked certificates that the CA does not know of yet
// and may be told of now, at most limit.
func (tx *Tx) RevokedUntold(now time.Time, limit int) ([]*registry.Certificate, error) {
	return tx.certificates(` WHERE status = 'revoked' AND NOT ca_told AND (ca_retry_at IS NULL OR ca_retry_at <= ?) ORDER BY id LIMIT ?`, now, limit)
}

// CATold notes that the CA knows of a revocation.
func (tx *Tx) CATold(id registry.CertificateID) error {
	_, err := tx.exec(`UPDATE certificates SET ca_told = TRUE, ca_refusal = '', ca_retry_at = NULL WHERE id = ?`, id)
	return err
}

// CARefused notes why the CA will not take a revocation, and when it is told
// again. first says that it had not refused before.
func (tx *Tx) CARefused(id registry.CertificateID, answer string, next time.Time) (first bool, err error) {
	n, err := tx.exec(`UPDATE certificates SET ca_refusal = ?, ca_retry_at = ? WHERE id = ? AND ca_refusal = ''`, answer, next, id)
	if err != nil || n > 0 {
		return n > 0, err
	}
	_, err = tx.exec(`UPDATE certificates SET ca_refusal = ?, ca_retry_at = ? WHERE id = ? AND NOT ca_told`, answer, next, id)
	return false, err
}

// CARefusal is a serial whose revocation the CA will not take.
type CARefusal struct {
	Serial  registry.Serial
	Answer  string
	RetryAt *time.Time
}

// CARefusals returns what the CA will not take, certificates and intents that
// were given up alike, at most limit.
func (tx *Tx) CARefusals(limit int) ([]CARefusal, error) {
	var out []CARefusal
	err := tx.query(&out, `SELECT serial, ca_refusal AS answer, ca_retry_at AS retry_at FROM certificates WHERE status = 'revoked' AND NOT ca_told AND ca_refusal <> ''
		UNION ALL SELECT serial, revoke_refusal, revoke_retry_at FROM intents WHERE status = 'abandoned' AND NOT revoke_pushed AND revoke_refusal <> ''
		ORDER BY 1 LIMIT ?`, limit)
	for i := range out {
		out[i].RetryAt = utc(out[i].RetryAt)
	}
	return out, err
}

// RetryCARefusals makes everything due that the CA would not take.
func (tx *Tx) RetryCARefusals(now time.Time) error {
	if _, err := tx.exec(`UPDATE certificates SET ca_retry_at = ? WHERE status = 'revoked' AND NOT ca_told AND ca_retry_at > ?`, now, now); err != nil {
		return err
	}
	_, err := tx.exec(`UPDATE intents SET revoke_retry_at = ? WHERE status = 'abandoned' AND NOT revoke_pushed AND revoke_retry_at > ?`, now, now)
	return err
}

// CAKnows says whether the CA was told of a revocation, or why it will not take
// it.
func (tx *Tx) CAKnows(id registry.CertificateID) (told bool, refusal string, err error) {
	var r struct {
		Told    bool
		Refusal string
	}
	err = tx.one(&r, `SELECT ca_told AS told, ca_refusal AS refusal FROM certificates WHERE id = ?`, id)
	return r.Told, r.Refusal, err
}
