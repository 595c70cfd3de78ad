package store

import (
	"context"
	"errors"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Sessions keeps browser sessions in the database, by the hash of their
// token. It is what package scs calls a CtxStore.
type Sessions struct {
	store *Store
	now   func() time.Time
}

// Sessions returns the keeper of browser sessions. now is the machine's clock.
func (s *Store) Sessions(now func() time.Time) *Sessions { return &Sessions{s, now} }

// FindCtx returns a session's data that is not over; found is false for none.
func (k *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = k.store.Read(ctx, func(tx *Tx) error {
		var row struct{ Data []byte }
		err := tx.one(&row, `SELECT data FROM sessions WHERE token = ? AND expires_at > ? AND length(data) > 0`, token, k.now())
		var refusal *registry.Error
		if errors.As(err, &refusal) && refusal.Kind == registry.NotFound {
			return nil
		}
		data, found = row.Data, err == nil
		return err
	})
	return data, found, err
}

// CommitCtx stores a session's data until expiry. One that was ended stays
// ended: a request that was under way at the logout does not bring it back.
func (k *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return k.store.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec(`INSERT INTO sessions (token, data, expires_at) VALUES (?, ?, ?)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at WHERE length(sessions.data) > 0`, token, data, expiry)
		return err
	})
}

// DeleteCtx ends a session; one that is not there is no error. Its row stays,
// empty, until it is swept.
func (k *Sessions) DeleteCtx(ctx context.Context, token string) error {
	return k.store.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec(`UPDATE sessions SET data = substr(data, 1, 0) WHERE token = ?`, token)
		return err
	})
}

// Sweep removes sessions that are over.
func (k *Sessions) Sweep(ctx context.Context) error {
	return k.store.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec(`DELETE FROM sessions WHERE expires_at <= ?`, k.now())
		return err
	})
}

// Find, Commit and Delete are the same without a request's context, as package
// scs asks of every store.
func (k *Sessions) Find(token string) ([]byte, bool, error) {
	return k.FindCtx(context.Background(), token)
}

// Commit stores a session's data until expiry.
func (k *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return k.CommitCtx(context.Background(), token, data, expiry)
}

// Delete ends a session.
func (k *Sessions) Delete(token string) error { return k.DeleteCtx(context.Background(), token) }
