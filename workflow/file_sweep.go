package workflow

import (
	"context"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/store"
)

// sweepAge is how long the longest upload may take between storing its content
// and committing its row.
const sweepAge = time.Hour

// SweepFiles removes contents from the vault that no row speaks of: what
// uploads that failed half-way left. machineNow is the machine's clock, which
// dates stored files. It returns how many.
func (f *Flow) SweepFiles(ctx context.Context, machineNow time.Time) (int, error) {
	n, err := f.vault.Sweep(ctx, machineNow.Add(-sweepAge), func(key string) (known bool, err error) {
		err = f.store.Read(ctx, func(tx *store.Tx) error {
			known, err = tx.HasBlob(key)
			return err
		})
		return known, err
	})
	if err != nil {
		return n, fmt.Errorf("sweeping the vault: %w", err)
	}
	return n, nil
}
