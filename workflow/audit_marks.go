package workflow

import (
	"context"

	"github.com/tamga-ca/tamga/internal/store"
)

// markBatch is how many certificates are made findable in one transaction.
const markBatch = 200

// markOlder makes certificates findable for auditors that were issued before
// there was such a search.
func (f *Flow) markOlder(ctx context.Context) (more bool, err error) {
	var n int
	err = f.store.Write(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.MarkOlder(markBatch)
		return err
	})
	return n > 0, err
}
