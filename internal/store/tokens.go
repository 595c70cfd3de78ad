package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type tokenRow struct {
	ID                                       int64
	Serial, Label, Model, Hardware, Firmware string
	Release, Algorithms                      string
	FreeMemory, TotalMemory                  int64
	FirstSeenAt, LastSeenAt                  time.Time
}

const tokenColumns = `SELECT id, serial, label, model, hardware, firmware, release, algorithms, free_memory, total_memory, first_seen_at, last_seen_at FROM tokens`

func (r tokenRow) token() (*registry.Token, error) {
	t := &registry.Token{
		ID: registry.TokenID(r.ID), Serial: r.Serial, Label: r.Label, Model: r.Model, Hardware: r.Hardware, Firmware: r.Firmware,
		Release: registry.Release(r.Release), FreeMemory: r.FreeMemory, TotalMemory: r.TotalMemory,
		FirstSeenAt: r.FirstSeenAt.UTC(), LastSeenAt: r.LastSeenAt.UTC(),
	}
	return t, decode(r.Algorithms, &t.Algorithms)
}

// Token returns the one of a serial number, or NotFound.
func (tx *Tx) Token(serial string) (*registry.Token, error) {
	var r tokenRow
	if err := tx.one(&r, tokenColumns+` WHERE serial = ?`, serial); err != nil {
		return nil, err
	}
	return r.token()
}

// TokenByID returns one, or NotFound.
func (tx *Tx) TokenByID(id registry.TokenID) (*registry.Token, error) {
	var r tokenRow
	if err := tx.one(&r, tokenColumns+` WHERE id = ?`, id); err != nil {
		return nil, err
	}
	return r.token()
}

// SeeToken writes down how a token describes itself now; first says that it
// was not in the register.
func (tx *Tx) SeeToken(t *registry.Token, now time.Time) (first bool, err error) {
	algorithms, err := encode(t.Algorithms)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(`UPDATE tokens SET label = ?, model = ?, hardware = ?, firmware = ?, release = ?, algorithms = ?, free_memory = ?, total_memory = ?, last_seen_at = ?
		WHERE serial = ?`, t.Label, t.Model, t.Hardware, t.Firmware, t.Release, algorithms, t.FreeMemory, t.TotalMemory, now, t.Serial)
	if err != nil {
		return false, err
	}
	if n == 0 {
		n, err = tx.exec(`INSERT INTO tokens (serial, label, model, hardware, firmware, release, algorithms, free_memory, total_memory, first_seen_at, last_seen_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (serial) DO NOTHING`,
			t.Serial, t.Label, t.Model, t.Hardware, t.Firmware, t.Release, algorithms, t.FreeMemory, t.TotalMemory, now, now)
		if err != nil {
			return false, err
		}
		first = n > 0
	}
	seen, err := tx.Token(t.Serial)
	if err != nil {
		return false, err
	}
	*t = *seen
	return first, nil
}

type tokenKeyRow struct {
	ID                                int64
	EnrolmentID                       int64
	TokenID                           int64
	Serial, Marker, Algorithm, Status string
	KeyID, PublicKeyHash              string
	CertificateID                     *int64
	CreatedAt                         time.Time
	MadeAt, WrittenAt, ProvenAt       *time.Time
}

const tokenKeyColumns = `SELECT k.id, k.enrolment_id, k.token_id, t.serial, k.marker, k.algorithm, k.status, k.key_id, k.public_key_hash, k.certificate_id,
	k.created_at, k.made_at, k.written_at, k.proven_at FROM token_keys k JOIN tokens t ON t.id = k.token_id`

func (tx *Tx) tokenKeys(where string, args ...any) ([]*registry.TokenKey, error) {
	var rows []tokenKeyRow
	if err := tx.query(&rows, tokenKeyColumns+where, args...); err != nil {
		return nil, err
	}
	out := make([]*registry.TokenKey, len(rows))
	for i, r := range rows {
		out[i] = &registry.TokenKey{
			ID: registry.TokenKeyID(r.ID), EnrolmentID: registry.EnrolmentID(r.EnrolmentID), TokenID: registry.TokenID(r.TokenID), Serial: r.Serial,
			Marker: r.Marker, Algorithm: registry.KeyAlgorithm(r.Algorithm), Status: registry.TokenKeyStatus(r.Status), KeyID: r.KeyID,
			PublicKeyHash: r.PublicKeyHash, CertificateID: orZero[registry.CertificateID](r.CertificateID),
			CreatedAt: r.CreatedAt.UTC(), MadeAt: utc(r.MadeAt), WrittenAt: utc(r.WrittenAt), ProvenAt: utc(r.ProvenAt),
		}
	}
	return out, nil
}

// TokenKeyOfEnrolment returns the key that an enrolment is about now, or nil.
func (tx *Tx) TokenKeyOfEnrolment(id registry.EnrolmentID) (*registry.TokenKey, error) {
	keys, err := tx.tokenKeys(` WHERE k.enrolment_id = ? AND k.status IN ('begun','made','written','proven')`, id)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return keys[0], nil
}

// TokenKeysOn returns every key that was to be made on a token, the oldest
// first.
func (tx *Tx) TokenKeysOn(id registry.TokenID) ([]*registry.TokenKey, error) {
	return tx.tokenKeys(` WHERE k.token_id = ? ORDER BY k.id`, id)
}

// AddTokenKey adds one that the token is about to be told to make. A second
// live one of an enrolment is ErrUnique.
func (tx *Tx) AddTokenKey(k registry.TokenKey, now time.Time) (registry.TokenKeyID, error) {
	id, err := tx.insert(`INSERT INTO token_keys (enrolment_id, token_id, marker, algorithm, status, created_at) VALUES (?, ?, ?, ?, 'begun', ?)`,
		k.EnrolmentID, k.TokenID, k.Marker, k.Algorithm, now)
	return registry.TokenKeyID(id), err
}

// MoveTokenKey writes all that changes of k, if the row is still in the status
// from.
func (tx *Tx) MoveTokenKey(k *registry.TokenKey, from registry.TokenKeyStatus, now time.Time) error {
	var ended *time.Time
	if !k.Live() {
		ended = &now
	}
	return changed(tx.exec(`UPDATE token_keys SET status = ?, key_id = ?, public_key_hash = ?, certificate_id = ?, made_at = ?, written_at = ?, proven_at = ?, ended_at = ?
		WHERE id = ? AND status = ?`,
		k.Status, k.KeyID, k.PublicKeyHash, nullable(k.CertificateID), k.MadeAt, k.WrittenAt, k.ProvenAt, ended, k.ID, from))
}

// PublicKeyUsed says whether a certificate was ever asked for a key, or the key
// belongs to another enrolment.
func (tx *Tx) PublicKeyUsed(hash string, by registry.EnrolmentID) (bool, error) {
	var used bool
	err := tx.query(&used, `SELECT EXISTS (SELECT 1 FROM certificates WHERE public_key_hash = ?)
		OR EXISTS (SELECT 1 FROM intents WHERE key_hash = ?)
		OR EXISTS (SELECT 1 FROM token_keys WHERE public_key_hash = ? AND enrolment_id <> ?)`, hash, hash, hash, by)
	return used, err
}

// OperatorTokens returns the serial numbers of tokens that carry an operator's
// certificate, so that no client's key is made there by mistake.
func (tx *Tx) OperatorTokens() ([]string, error) {
	var out []string
	err := tx.query(&out, `SELECT DISTINCT t.serial FROM tokens t JOIN token_keys k ON k.token_id = t.id JOIN enrolments e ON e.id = k.enrolment_id
		WHERE e.operator_id IS NOT NULL AND k.status IN ('begun','made','written','proven') ORDER BY t.serial`)
	return out, err
}

// CertificatesWith returns those of the given SHA-256 fingerprints that are
// ours, in no particular order.
func (tx *Tx) CertificatesWith(fingerprints []string) ([]*registry.Certificate, error) {
	if len(fingerprints) == 0 {
		return nil, nil
	}
	return tx.certificates(` WHERE sha256 IN ?`, fingerprints)
}
