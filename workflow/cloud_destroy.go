package workflow

import (
	"context"
	"time"

	"github.com/tamga-ca/tamga/internal/store"
)

// keysOutlive is how long a kept key outlives its certificate, so that its
// holder is still told why it does not work.
const keysOutlive = 30 * 24 * time.Hour

// destroyKey removes a kept key for good; its row stays as evidence.
func (f *Flow) destroyKey(tx *store.Tx, who Actor, k *store.CloudKey, why string) error {
	if err := tx.DestroyCloudKey(k.ID, f.now()); err != nil {
		return err
	}
	return f.record(tx, who, "ecloud.key_destroyed", map[string]any{"key": k.KeyID, "why": why}, nil, Enrolment(k.EnrolmentID))
}

// destroyOldKeys removes kept keys that nobody may use again.
func (f *Flow) destroyOldKeys(ctx context.Context) (bool, error) {
	const batch = 100
	n := 0
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		keys, err := tx.CloudKeysToDestroy(f.now().Add(-keysOutlive), batch)
		if err != nil {
			return err
		}
		n = len(keys)
		for _, k := range keys {
			if err := f.destroyKey(tx, BySystem(), k, "certificate over"); err != nil {
				return err
			}
		}
		return nil
	})
	return n == batch, err
}
