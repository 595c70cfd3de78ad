package workflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// batchStep is how many certificates of a batch are read at a time.
const batchStep = 50

// runBatches goes on with the batches that are signed: each certificate in a
// transaction of its own, with its place in the list, so that whatever ends the
// program, another goes on where it stood and none is revoked twice.
func (f *Flow) runBatches(ctx context.Context) (more bool, err error) {
	var running []*registry.Batch
	var failed error
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		running, err = tx.RunningBatches()
		return err
	}); err != nil {
		return false, err
	}
	for _, b := range running {
		err := f.runBatch(ctx, b)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		failed = errors.Join(failed, err)
	}
	return false, failed
}

// runBatch goes through what waits of one batch. One that fails does not stop
// the others; it is tried again.
func (f *Flow) runBatch(ctx context.Context, b *registry.Batch) (failed error) {
	for after, more := 0, true; more; {
		var items []registry.BatchItem
		if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
			items, err = tx.WaitingItems(b.ID, after, batchStep)
			return err
		}); err != nil {
			return err
		}
		more = len(items) == batchStep
		for _, item := range items {
			after = item.Position
			err := f.runItem(ctx, b, item)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil && !beaten(err) {
				failed = errors.Join(failed, fmt.Errorf("batch %s, certificate %d: %w", b.Number, item.Position, err))
			}
			f.after("batch item done")
		}
	}
	if failed != nil {
		return failed
	}
	if err := f.finishBatch(ctx, b); err != nil && !beaten(err) {
		return fmt.Errorf("ending batch %s: %w", b.Number, err)
	}
	f.after("batch done")
	return nil
}

// runItem revokes one certificate of a batch, or skips it: what was revoked
// meanwhile, and what is over.
func (f *Flow) runItem(ctx context.Context, b *registry.Batch, item registry.BatchItem) error {
	return f.store.Write(ctx, func(tx *store.Tx) error {
		cert, err := lockWithEnrolment(tx, item.Certificate)
		if err != nil {
			return err
		}
		now := f.now()
		switch {
		case cert.Status == registry.CertRevoked:
			return tx.EndItem(b.ID, item.Position, "skipped", "revoked", now)
		case cert.ValidityAt(now) == registry.Expired:
			return tx.EndItem(b.ID, item.Position, "skipped", "over", now)
		}
		if err := tx.EndItem(b.ID, item.Position, "revoked", "", now); err != nil {
			return err
		}
		details := map[string]any{"batch": b.Number, "cause": b.Cause}
		change := statusChange{to: registry.CertRevoked, reason: ca.Reason(b.Code), since: b.InvalidSince, details: details}
		if err := f.setStatus(tx, BySystem(), cert, change); err != nil {
			return err
		}
		// Who searches by employee finds it under whoever signed the list.
		if err := tx.MarkOperator(cert.ID, b.DecidedBy); err != nil {
			return err
		}
		if err := f.concludeOpen(tx, BySystem(), cert, map[string]any{"batch": b.Number}); err != nil {
			return err
		}
		return f.cancelHandover(tx, BySystem(), cert)
	})
}

func (f *Flow) finishBatch(ctx context.Context, b *registry.Batch) error {
	return f.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.FinishBatch(b.ID, f.now()); err != nil {
			return err
		}
		n, err := tx.BatchCounts(b.ID)
		if err != nil {
			return err
		}
		return f.record(tx, BySystem(), "batch.done", map[string]any{
			"number": b.Number, "revoked": n.Revoked, "skipped_revoked": n.SkippedRevoked, "skipped_over": n.SkippedOver,
		}, nil, aboutBatch(b))
	})
}
