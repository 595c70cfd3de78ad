package workflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const (
	// sequenceBatch is how many journal entries get their places in one
	// transaction.
	sequenceBatch = 500
	// thoroughEvery is how often the whole journal is searched for entries that
	// committed very late.
	thoroughEvery = time.Hour
)

// Seal signs the journal's checkpoints.
type Seal struct {
	Signer *journal.Signer
	// Known are the verifiers of the present key and of those before it.
	Known journal.Verifiers
}

// sequencer gives journal entries their places in the tree. Several programs
// may do so: the database lets one at a time.
func (f *Flow) sequencer() func(context.Context) (bool, error) {
	var thorough time.Time
	return func(ctx context.Context) (bool, error) {
		now := f.machine()
		full := now.Sub(thorough) >= thoroughEvery
		n, err := f.store.SequenceJournal(ctx, sequenceBatch, full)
		if err == nil && full && n < sequenceBatch {
			thorough = now
		}
		return n == sequenceBatch, err
	}
}

// SealJournal gives every waiting entry its place and signs a checkpoint over
// all of them. An error that wraps journal.ErrNotExtending is an alarm: the
// journal was changed, and nothing was signed.
func (f *Flow) SealJournal(ctx context.Context) error {
	if f.seal == nil {
		return nil
	}
	for {
		n, err := f.store.SequenceJournal(ctx, sequenceBatch, false)
		if err != nil {
			return err
		}
		if n < sequenceBatch {
			break
		}
	}
	_, err := f.store.SealJournal(ctx, f.seal.Signer, f.seal.Known, f.now())
	if errors.Is(err, journal.ErrNotExtending) {
		f.log.Error("ALARM: the journal was changed; nothing is signed until somebody has looked", "err", err)
	}
	return err
}

// MailCheckpoint mails the first checkpoint of the day (UTC) to every auditor:
// what they keep outside proves later that nothing before it was changed. Every
// evidence pack proves that it extends these.
func (f *Flow) MailCheckpoint(ctx context.Context) error {
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		day := f.now().Truncate(24 * time.Hour)
		c, err := tx.FirstCheckpointSince(day)
		if err != nil || c == nil {
			return err
		}
		people, err := tx.Operators()
		if err != nil {
			return err
		}
		for _, o := range people {
			if o.Role != registry.Auditor || o.Disabled || o.Email == "" {
				continue
			}
			key := fmt.Sprintf("checkpoint %s %d", day.Format(time.DateOnly), o.ID)
			if err := f.post(tx, letterCheckpoint, o.Email, o.Language, key, map[string]any{
				"size": c.Size, "at": c.At.Format(time.RFC3339), "note": c.Note,
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mailing the journal's checkpoint: %w", err)
	}
	return nil
}
