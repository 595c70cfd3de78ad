package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// KeyedHash is a code's keyed hash and the id of the server key it was made
// with.
type KeyedHash struct {
	KeyID string
	Hash  []byte
}

// Activation is the two halves of a code that starts the E-Cloud, hashed.
type Activation struct {
	ID          int64
	EnrolmentID registry.EnrolmentID
	Paper       KeyedHash
	Mail        KeyedHash // empty until the letter is sent
	Email       string
	RequestedBy registry.OperatorID // 0: the console
	ConfirmedBy registry.OperatorID // 0: nobody yet, or the console
	ConfirmedAt *time.Time
	WrongTries  int
	CreatedAt   time.Time
	ExpiresAt   time.Time
	UsedAt      *time.Time
	CancelledAt *time.Time
}

type activationRow struct {
	ID               int64
	EnrolmentID      int64
	PaperKeyID       string
	PaperHash        []byte
	MailKeyID        string
	MailHash         []byte
	Email            string
	RequestedBy      *int64
	EmailConfirmedBy *int64
	EmailConfirmedAt *time.Time
	WrongTries       int
	CreatedAt        time.Time
	ExpiresAt        time.Time
	UsedAt           *time.Time
	CancelledAt      *time.Time
}

const activationColumns = `SELECT id, enrolment_id, paper_key_id, paper_hash, mail_key_id, mail_hash, email, requested_by, email_confirmed_by, email_confirmed_at,
	wrong_tries, created_at, expires_at, used_at, cancelled_at FROM ecloud_activations`

func (tx *Tx) activations(where string, args ...any) ([]*Activation, error) {
	var rows []activationRow
	if err := tx.query(&rows, activationColumns+where, args...); err != nil {
		return nil, err
	}
	out := make([]*Activation, len(rows))
	for i, r := range rows {
		out[i] = &Activation{
			ID: r.ID, EnrolmentID: registry.EnrolmentID(r.EnrolmentID), Paper: KeyedHash{r.PaperKeyID, r.PaperHash}, Mail: KeyedHash{r.MailKeyID, r.MailHash},
			Email: r.Email, RequestedBy: orZero[registry.OperatorID](r.RequestedBy), ConfirmedBy: orZero[registry.OperatorID](r.EmailConfirmedBy),
			ConfirmedAt: utc(r.EmailConfirmedAt), WrongTries: r.WrongTries, CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
			UsedAt: utc(r.UsedAt), CancelledAt: utc(r.CancelledAt),
		}
	}
	return out, nil
}

func (tx *Tx) activation(where string, args ...any) (*Activation, error) {
	out, err := tx.activations(where, args...)
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, notFound()
	}
	return out[0], nil
}

// Activation returns one by id, or NotFound.
func (tx *Tx) Activation(id int64) (*Activation, error) { return tx.activation(` WHERE id = ?`, id) }

// LockActivation reads one inside Write and keeps others from changing it
// until the transaction ends.
func (tx *Tx) LockActivation(id int64) (*Activation, error) {
	return tx.activation(` WHERE id = ?`+tx.forUpdate(), id)
}

// LockActivationByPaper finds one by any of the hashes of its paper half, or
// reports NotFound.
func (tx *Tx) LockActivationByPaper(hashes [][]byte) (*Activation, error) {
	return tx.activation(` WHERE paper_hash IN ?`+tx.forUpdate(), hashes)
}

// LiveActivation returns an enrolment's that is neither used nor cancelled
// (it may have expired), or nil.
func (tx *Tx) LiveActivation(id registry.EnrolmentID) (*Activation, error) {
	out, err := tx.activations(` WHERE enrolment_id = ? AND used_at IS NULL AND cancelled_at IS NULL`, id)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return out[0], nil
}

const unconfirmed = ` WHERE email_confirmed_at IS NULL AND used_at IS NULL AND cancelled_at IS NULL AND expires_at > ?`

// UnconfirmedActivations returns those whose address waits for a second
// operator, the oldest first.
func (tx *Tx) UnconfirmedActivations(now time.Time, limit int) ([]*Activation, error) {
	return tx.activations(unconfirmed+` ORDER BY id LIMIT ?`, now, limit)
}

// AddActivation adds one. An enrolment that has a live one already is
// ErrUnique.
func (tx *Tx) AddActivation(a Activation) (int64, error) {
	return tx.insert(`INSERT INTO ecloud_activations (enrolment_id, paper_key_id, paper_hash, mail_key_id, mail_hash, email, requested_by, email_confirmed_at, created_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.EnrolmentID, a.Paper.KeyID, a.Paper.Hash, a.Mail.KeyID, a.Mail.Hash, a.Email, nullable(a.RequestedBy), a.ConfirmedAt, a.CreatedAt, a.ExpiresAt)
}

// ConfirmActivation says that a second operator confirmed the address; the
// codes live until expires.
func (tx *Tx) ConfirmActivation(id int64, by registry.OperatorID, now, expires time.Time) error {
	return changed(tx.exec(`UPDATE ecloud_activations SET email_confirmed_by = ?, email_confirmed_at = ?, expires_at = ?
		WHERE id = ? AND email_confirmed_at IS NULL AND used_at IS NULL AND cancelled_at IS NULL`, nullable(by), now, expires, id))
}

// SetActivationMail stores the hash of the e-mailed half, that of a letter
// sent before no longer counts.
func (tx *Tx) SetActivationMail(id int64, h KeyedHash, now time.Time) error {
	return changed(tx.exec(`UPDATE ecloud_activations SET mail_key_id = ?, mail_hash = ?
		WHERE id = ? AND email_confirmed_at IS NOT NULL AND used_at IS NULL AND cancelled_at IS NULL AND expires_at > ?`, h.KeyID, h.Hash, id, now))
}

// SetActivationTries writes the count of wrong tries, if it is still old.
func (tx *Tx) SetActivationTries(id int64, old, tries int) error {
	return changed(tx.exec(`UPDATE ecloud_activations SET wrong_tries = ? WHERE id = ? AND wrong_tries = ? AND used_at IS NULL`, tries, id, old))
}

// UseActivation spends the codes, once.
func (tx *Tx) UseActivation(id int64, now time.Time) error {
	return changed(tx.exec(`UPDATE ecloud_activations SET used_at = ? WHERE id = ? AND used_at IS NULL AND cancelled_at IS NULL`, now, id))
}

// CancelActivation makes the codes worthless.
func (tx *Tx) CancelActivation(id int64, now time.Time) error {
	return changed(tx.exec(`UPDATE ecloud_activations SET cancelled_at = ? WHERE id = ? AND used_at IS NULL AND cancelled_at IS NULL`, now, id))
}
