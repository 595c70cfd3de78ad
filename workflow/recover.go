package workflow

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/store"
)

// Recover goes on from what an earlier run left, before a program begins its
// work. Nothing depends on it but time: every step of issuing commits what the
// next one needs, so that what was interrupted is taken up again when its
// lease ends, by whoever is there.
//
//   - key made, no intent: an intent is made.
//   - issuing: the intent is repeated exactly; whether the CA had signed does
//     not matter. One older than an hour is given up, its serial revoked.
//   - issued and stored: nothing is left to do.
//   - a letter that may or may not have left is sent again.
//
// Where no other program works on the database, the leases left there are
// nobody's.
func (f *Flow) Recover(ctx context.Context) error {
	if !f.store.Alone() {
		return nil
	}
	if err := f.store.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseLeases() }); err != nil {
		return fmt.Errorf("taking up what an earlier run left: %w", err)
	}
	return nil
}
