package store

import (
	"errors"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Unlock is a code that makes a browser known to its holder.
type Unlock struct {
	ID        int64
	KeyRow    int64     // of ecloud_keys
	Code      KeyedHash // empty until the letter is sent
	IssuedBy  registry.OperatorID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// LiveUnlock returns a key's that is neither used nor superseded (it may have
// expired), or nil.
func (tx *Tx) LiveUnlock(key int64) (*Unlock, error) {
	var rows []struct {
		ID          int64
		EcloudKeyID int64
		HashKeyID   string
		CodeHash    []byte
		IssuedBy    *int64
		CreatedAt   time.Time
		ExpiresAt   time.Time
	}
	err := tx.query(&rows, `SELECT id, ecloud_key_id, hash_key_id, code_hash, issued_by, created_at, expires_at FROM ecloud_unlocks
		WHERE ecloud_key_id = ? AND used_at IS NULL AND superseded_at IS NULL`, key)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	r := rows[0]
	return &Unlock{
		ID: r.ID, KeyRow: r.EcloudKeyID, Code: KeyedHash{r.HashKeyID, r.CodeHash}, IssuedBy: orZero[registry.OperatorID](r.IssuedBy),
		CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
	}, nil
}

// AddUnlock adds one in the place of the live one, whose code becomes
// worthless. Where somebody else adds one at the same moment it is a Conflict.
func (tx *Tx) AddUnlock(u Unlock) (int64, error) {
	if _, err := tx.exec(`UPDATE ecloud_unlocks SET superseded_at = ? WHERE ecloud_key_id = ? AND used_at IS NULL AND superseded_at IS NULL`, u.CreatedAt, u.KeyRow); err != nil {
		return 0, err
	}
	id, err := tx.insert(`INSERT INTO ecloud_unlocks (ecloud_key_id, hash_key_id, code_hash, issued_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
		u.KeyRow, u.Code.KeyID, u.Code.Hash, nullable(u.IssuedBy), u.CreatedAt, u.ExpiresAt)
	if errors.Is(err, ErrUnique) {
		return 0, registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	return id, err
}

// SetUnlockCode stores the hash of the code whose letter is about to leave.
func (tx *Tx) SetUnlockCode(id int64, h KeyedHash, now time.Time) error {
	return changed(tx.exec(`UPDATE ecloud_unlocks SET hash_key_id = ?, code_hash = ? WHERE id = ? AND used_at IS NULL AND superseded_at IS NULL AND expires_at > ?`,
		h.KeyID, h.Hash, id, now))
}

// UseUnlock spends a code, once.
func (tx *Tx) UseUnlock(id int64, now time.Time) error {
	return changed(tx.exec(`UPDATE ecloud_unlocks SET used_at = ? WHERE id = ? AND used_at IS NULL AND superseded_at IS NULL`, now, id))
}

// Browser is one browser that is known to a holder, with its throttle.
type Browser struct {
	ID         int64
	Wrong      int
	LockedAt   *time.Time
	LastUsedAt time.Time
	Version    int64
}

// LockBrowser reads the row of a browser that a holder has logged in with
// inside Write, or nil, and keeps others from changing it until the
// transaction ends.
func (tx *Tx) LockBrowser(holder string, token []byte, now time.Time) (*Browser, error) {
	var rows []*Browser
	err := tx.query(&rows, `SELECT id, wrong, locked_at, last_used_at, version FROM ecloud_browsers WHERE holder = ? AND token_hash = ? AND expires_at > ?`+tx.forUpdate(), holder, token, now)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	rows[0].LockedAt, rows[0].LastUsedAt = utc(rows[0].LockedAt), rows[0].LastUsedAt.UTC()
	return rows[0], nil
}

// SetBrowser writes a browser's throttle, if nobody has since it was read.
func (tx *Tx) SetBrowser(b Browser) error {
	return changed(tx.exec(`UPDATE ecloud_browsers SET wrong = ?, locked_at = ?, last_used_at = ?, version = version + 1 WHERE id = ? AND version = ?`,
		b.Wrong, b.LockedAt, b.LastUsedAt, b.ID, b.Version))
}

// KnowBrowser makes a browser known to a holder, unlocked, until expires.
func (tx *Tx) KnowBrowser(holder string, token []byte, now, expires time.Time) error {
	_, err := tx.exec(`INSERT INTO ecloud_browsers (holder, token_hash, created_at, last_used_at, expires_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (holder, token_hash) DO UPDATE SET wrong = 0, locked_at = NULL, last_used_at = excluded.last_used_at, expires_at = excluded.expires_at,
			version = ecloud_browsers.version + 1`, holder, token, now, now, expires)
	return err
}

// Throttle is what is remembered of tries by strangers, or from a source.
type Throttle struct {
	Subject     []byte
	Scope       string // "strangers" or "source"
	Wrong       int
	NotBefore   *time.Time
	WindowStart *time.Time
	WindowTries int
	LastTryAt   *time.Time
	Version     int64
}

// LockThrottle reads a subject's row inside Write, adding it if it is not
// there, and keeps others from changing it until the transaction ends.
func (tx *Tx) LockThrottle(subject []byte, scope string) (*Throttle, error) {
	if _, err := tx.exec(`INSERT INTO ecloud_throttles (scope, subject) VALUES (?, ?) ON CONFLICT (subject) DO NOTHING`, scope, subject); err != nil {
		return nil, err
	}
	t := new(Throttle)
	err := tx.one(t, `SELECT subject, scope, wrong, not_before, window_start, window_tries, last_try_at, version FROM ecloud_throttles WHERE subject = ?`+tx.forUpdate(), subject)
	if err != nil {
		return nil, err
	}
	t.NotBefore, t.WindowStart, t.LastTryAt = utc(t.NotBefore), utc(t.WindowStart), utc(t.LastTryAt)
	return t, nil
}

// SetThrottle writes a row, if nobody has since it was read.
func (tx *Tx) SetThrottle(t Throttle) error {
	return changed(tx.exec(`UPDATE ecloud_throttles SET wrong = ?, not_before = ?, window_start = ?, window_tries = ?, last_try_at = ?, version = version + 1
		WHERE subject = ? AND version = ?`, t.Wrong, t.NotBefore, t.WindowStart, t.WindowTries, t.LastTryAt, t.Subject, t.Version))
}

// SweepThrottles forgets subjects that were left alone since before, and
// browsers that are no longer known at now.
func (tx *Tx) SweepThrottles(before, now time.Time) error {
	if _, err := tx.exec(`DELETE FROM ecloud_throttles WHERE last_try_at < ?`, before); err != nil {
		return err
	}
	_, err := tx.exec(`DELETE FROM ecloud_browsers WHERE expires_at < ? AND locked_at IS NULL`, now)
	return err
}
