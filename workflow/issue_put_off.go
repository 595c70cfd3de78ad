package workflow

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// deferEnrolment puts a step off whose outcome is unknown: the same is asked
// again, at the latest after maxBackoff. The status stays; its page says why.
func (f *Flow) deferEnrolment(ctx context.Context, e *registry.Enrolment, cause error) error {
	e.Failure, e.Detail = "error.ca.waiting", ""
	var refusal *registry.Error
	if errors.As(cause, &refusal) {
		e.Failure = refusal.Key
	}
	if errors.Is(cause, ca.ErrCredentials) {
		e.Detail = ca.ErrCredentials.Error()
	}
	next := f.machine().Add(backoff(e.Attempt))
	if errors.Is(cause, context.Canceled) {
		next = f.machine() // this program is ending, others go on at once
	}
	return f.write(ctx, "put off", func(tx *store.Tx) error { return tx.DeferEnrolment(e, next) })
}

// backoff after the n-th try: 1, 2, 4 … 30 seconds.
func backoff(n int) time.Duration {
	if n > 5 {
		return maxBackoff
	}
	return min(maxBackoff, time.Second<<max(0, n-1))
}

// failEnrolment ends the issuing for an operator to look at: issuing → failed,
// or key made → failed where not even an intent could be made. The serial is
// given up and will be revoked at the CA, whatever it did.
func (f *Flow) failEnrolment(ctx context.Context, e *registry.Enrolment, cause error) error {
	return f.write(ctx, "failed", func(tx *store.Tx) error {
		now, err := tx.LockEnrolment(e.ID)
		if err != nil {
			return err
		}
		if now.Status != e.Status || now.Serial != e.Serial {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		now.Failure, now.Detail = reasonOf(cause)
		now.NextAttemptAt = nil
		if now.Status == registry.Issuing {
			if err := tx.FinishIntent(now.Serial, registry.IntentAbandoned, f.now()); err != nil {
				return err
			}
		}
		f.log.Error("issuing failed", "enrolment", e.ID, "serial", e.Serial, "reason", now.Failure, "err", cause)
		return f.moveEnrolment(tx, BySystem(), now, registry.Failed, map[string]any{
			"reason": now.Failure, "alarm": errors.Is(cause, ca.ErrMismatch),
		})
	})
}

// reasonOf is the catalog key of a refusal for people, and what an operator
// may see of it.
func reasonOf(cause error) (key, detail string) {
	var refusal *registry.Error
	if !errors.As(cause, &refusal) {
		return "error.ca.refused", ""
	}
	key = refusal.Key
	if findings, ok := refusal.Args["Findings"].(string); ok {
		return key, findings
	}
	if refusal.Field != "" {
		return key, refusal.Field
	}
	if errors.Is(cause, ca.ErrRefused) || errors.Is(cause, ca.ErrMismatch) {
		detail = strings.TrimPrefix(cause.Error(), key+": ")
	}
	return key, detail
}
