package workflow

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/store"
)

// CountFailure counts a failed login by its source and minute. The source is
// kept as a keyed hash.
func (f *Flow) CountFailure(ctx context.Context, source, reason string) error {
	minute := f.now().Truncate(time.Minute)
	return f.store.Write(ctx, func(tx *store.Tx) error { return tx.CountFailure(f.sourceHash(source), reason, minute) })
}

func (f *Flow) sourceHash(source string) []byte {
	h := hmac.New(sha256.New, f.sourceKey)
	h.Write([]byte(source))
	return h.Sum(nil)[:16]
}

// JournalFailures moves the counts of minutes that are over into the journal,
// one entry a source, reason and minute.
func (f *Flow) JournalFailures(ctx context.Context) error {
	return f.store.Write(ctx, func(tx *store.Tx) error {
		counts, err := tx.TakeFailures(f.now().Truncate(time.Minute), 500)
		if err != nil {
			return err
		}
		for _, c := range counts {
			err := f.record(tx, Anonymous(), "login.failed", map[string]any{
				"source": hex.EncodeToString(c.Source), "reason": c.Reason, "minute": c.Minute, "n": c.N,
			}, nil, journal.Subject{Kind: "source", ID: hex.EncodeToString(c.Source)})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
