package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type intentRow struct {
	Serial       string
	EnrolmentID  int64
	Profile      string
	ProfileID    string
	NotBefore    time.Time
	NotAfter     time.Time
	Subject      []byte
	CSR          []byte `gorm:"column:csr"`
	CSRHash      string `gorm:"column:csr_hash"`
	KeyHash      string
	Status       string
	CreatedAt    time.Time
	FinishedAt   *time.Time
	RevokePushed bool
}

const intentColumns = `SELECT serial, enrolment_id, profile, profile_id, not_before, not_after, subject, csr, csr_hash, key_hash,
	status, created_at, finished_at, revoke_pushed FROM intents`

func (r intentRow) intent() *registry.Intent {
	return &registry.Intent{
		Serial: registry.Serial(r.Serial), EnrolmentID: registry.EnrolmentID(r.EnrolmentID),
		Profile: registry.CertificateProfile(r.Profile), ProfileID: r.ProfileID,
		NotBefore: r.NotBefore.UTC(), NotAfter: r.NotAfter.UTC(), Subject: r.Subject, CSR: r.CSR, CSRHash: r.CSRHash, KeyHash: r.KeyHash,
		Status: registry.IntentStatus(r.Status), CreatedAt: r.CreatedAt.UTC(), FinishedAt: utc(r.FinishedAt), RevokePushed: r.RevokePushed,
	}
}

// Intent returns one by its serial, or NotFound.
func (tx *Tx) Intent(s registry.Serial) (*registry.Intent, error) {
	var r intentRow
	if err := tx.one(&r, intentColumns+` WHERE serial = ?`, s); err != nil {
		return nil, err
	}
	return r.intent(), nil
}

// IntentsOf returns an enrolment's, the oldest first.
func (tx *Tx) IntentsOf(id registry.EnrolmentID) ([]*registry.Intent, error) {
	var rows []intentRow
	if err := tx.query(&rows, intentColumns+` WHERE enrolment_id = ? ORDER BY created_at, serial`, id); err != nil {
		return nil, err
	}
	out := make([]*registry.Intent, len(rows))
	for i, r := range rows {
		out[i] = r.intent()
	}
	return out, nil
}

// AddIntent adds a pending one. A serial that was used before, or a second
// pending intent of an enrolment, is ErrUnique.
func (tx *Tx) AddIntent(i registry.Intent) error { return tx.AddIntents([]registry.Intent{i}) }

// FinishIntent ends a pending intent: done, or abandoned.
func (tx *Tx) FinishIntent(s registry.Serial, to registry.IntentStatus, now time.Time) error {
	if err := changed(tx.exec(`UPDATE intents SET status = ?, finished_at = ? WHERE serial = ? AND status = 'pending'`, to, now, s)); err != nil || to != registry.IntentAbandoned {
		return err
	}
	return tx.restate(s, registry.CertRevoked, registry.ReasonGivenUp, now)
}

// IntentsToPush returns serials of abandoned intents that the CA does not know
// to be revoked and may be told of now, at most limit.
func (tx *Tx) IntentsToPush(now time.Time, limit int) ([]registry.Serial, error) {
	var out []registry.Serial
	err := tx.query(&out, `SELECT serial FROM intents WHERE status = 'abandoned' AND NOT revoke_pushed AND (revoke_retry_at IS NULL OR revoke_retry_at <= ?)
		ORDER BY serial LIMIT ?`, now, limit)
	return out, err
}

// IntentRefused notes why the CA will not take the revocation of an abandoned
// intent's serial, and when it is told again. first says that it had not
// refused before.
func (tx *Tx) IntentRefused(s registry.Serial, answer string, next time.Time) (first bool, err error) {
	n, err := tx.exec(`UPDATE intents SET revoke_refusal = ?, revoke_retry_at = ? WHERE serial = ? AND revoke_refusal = ''`, answer, next, s)
	if err != nil || n > 0 {
		return n > 0, err
	}
	_, err = tx.exec(`UPDATE intents SET revoke_refusal = ?, revoke_retry_at = ? WHERE serial = ? AND NOT revoke_pushed`, answer, next, s)
	return false, err
}

// IntentPushed remembers that the CA knows the serial of an abandoned intent to
// be revoked.
func (tx *Tx) IntentPushed(s registry.Serial) error {
	_, err := tx.exec(`UPDATE intents SET revoke_pushed = TRUE WHERE serial = ? AND status = 'abandoned'`, s)
	return err
}

// IntentKnown says whether a certificate of this serial for this key was ever
// asked for.
func (tx *Tx) IntentKnown(s registry.Serial, keyHash string) (bool, error) {
	var n int
	err := tx.query(&n, `SELECT (SELECT COUNT(*) FROM intents WHERE serial = ? AND key_hash = ?) + (SELECT COUNT(*) FROM ocsp_signers WHERE serial = ? AND key_hash = ?)`, s, keyHash, s, keyHash)
	return n > 0, err
}
