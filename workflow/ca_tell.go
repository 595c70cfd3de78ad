package workflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const (
	revokeBatch = 50
	// refusalWait is how long a revocation that the CA will not take waits
	// until the CA is told again; others do not wait for it.
	refusalWait = time.Hour
)

// tellCA tells the CA of revocations that it does not know of; once each, and
// again where it is unknown whether it heard. While the CA is down it stops at
// the second; what the CA refuses is set aside with an alarm.
func (f *Flow) tellCA(ctx context.Context) (more bool, err error) {
	if f.ca == nil {
		return false, nil
	}
	var untold []*registry.Certificate
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		untold, err = tx.RevokedUntold(f.machine(), revokeBatch)
		return err
	}); err != nil {
		return false, err
	}
	var down error
	for _, c := range untold {
		err := f.ca.Revoke(ctx, c.Serial, ca.Reason(c.StatusReason))
		f.state.report(err)
		f.after("told the CA")
		switch {
		case err == nil:
			err = f.store.Write(ctx, func(tx *store.Tx) error {
				if err := tx.CATold(c.ID); err != nil {
					return err
				}
				return f.record(tx, BySystem(), "ca.told", nil, nil, Certificate(c.Serial))
			})
		case errors.Is(err, ca.ErrUnavailable):
			err = fmt.Errorf("telling the CA of the revocation of %s: %w", c.Serial, err)
			if down != nil || ctx.Err() != nil {
				return false, err // not this one alone: it is down
			}
			down = err
			continue
		default:
			err = f.caRefused(ctx, c.Serial, err, func(tx *store.Tx, answer string, next time.Time) (bool, error) {
				return tx.CARefused(c.ID, answer, next)
			})
		}
		if err != nil {
			return false, err
		}
	}
	return down == nil && len(untold) == revokeBatch, down
}

// caRefused sets a revocation aside that the CA will not take; at the first
// refusal it is journalled and told to the administrators. Our own answers
// (OCSP, CRL, logins) say "revoked" all the same.
func (f *Flow) caRefused(ctx context.Context, serial registry.Serial, cause error, note func(tx *store.Tx, answer string, next time.Time) (first bool, err error)) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f.log.Error("the CA refuses a revocation: set aside", "serial", serial, "err", cause)
	return f.store.Write(ctx, func(tx *store.Tx) error {
		first, err := note(tx, cause.Error(), f.machine().Add(refusalWait))
		if err != nil || !first {
			return err
		}
		args := map[string]any{"serial": serial, "answer": cause.Error()}
		if err := f.postToRole(tx, letterCARefused, registry.Administrator, "ca-refused/"+string(serial), args); err != nil {
			return err
		}
		return f.record(tx, BySystem(), "ca.refused", map[string]any{"answer": cause.Error()}, nil, Certificate(serial))
	})
}

// postToRole writes to every operator of a role who has an address, once each.
func (f *Flow) postToRole(tx *store.Tx, kind letter, role registry.Role, key string, args map[string]any) error {
	operators, err := tx.Operators()
	if err != nil {
		return err
	}
	for _, o := range operators {
		if o.Role != role || o.Disabled || o.Email == "" {
			continue
		}
		if err := f.post(tx, kind, o.Email, o.Language, fmt.Sprintf("%s/%d", key, o.ID), args); err != nil {
			return err
		}
	}
	return nil
}

// RetryCARefusals has the CA told again at once of what it would not take, by
// an administrator.
func (f *Flow) RetryCARefusals(ctx context.Context, who Actor) error {
	if err := who.is(registry.Administrator); err != nil {
		return err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		if err := tx.RetryCARefusals(f.machine()); err != nil {
			return err
		}
		return f.record(tx, who, "ca.refusals_retried", nil, nil)
	})
	if err != nil {
		return fmt.Errorf("telling the CA again: %w", err)
	}
	return nil
}
