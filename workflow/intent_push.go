package workflow

import (
	"context"
	"errors"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// pushAbandoned makes the serials of intents that were given up revoked at the
// CA, which may have signed them; again until it works. What the CA refuses is
// set aside with an alarm and does not stop the others.
func (f *Flow) pushAbandoned(ctx context.Context) (more bool, err error) {
	if f.ca == nil {
		return false, nil
	}
	var serials []registry.Serial
	err = f.store.Read(ctx, func(tx *store.Tx) (err error) {
		serials, err = tx.IntentsToPush(f.machine(), revokeBatch)
		return err
	})
	if err != nil {
		return false, err
	}
	for _, s := range serials {
		err := f.pushRevoked(ctx, s)
		if err == nil {
			continue
		}
		f.state.report(err)
		if errors.Is(err, ca.ErrUnavailable) || ctx.Err() != nil {
			f.log.Warn("revoking the serial of an intent that was given up: put off", "serial", s, "err", err)
			return false, nil
		}
		if err := f.caRefused(ctx, s, err, func(tx *store.Tx, answer string, next time.Time) (bool, error) {
			return tx.IntentRefused(s, answer, next)
		}); err != nil {
			return false, err
		}
	}
	return len(serials) == revokeBatch, nil
}

// pushRevoked revokes at the CA the serial of an intent that was given up.
func (f *Flow) pushRevoked(ctx context.Context, serial registry.Serial) error {
	if err := f.ca.Revoke(ctx, serial, ca.CessationOfOperation); err != nil {
		return err
	}
	f.after("revoked at the CA")
	return f.write(ctx, "revocation noted", func(tx *store.Tx) error {
		if err := tx.IntentPushed(serial); err != nil {
			return err
		}
		return f.record(tx, BySystem(), "intent.revoked", nil, nil, Certificate(serial))
	})
}
