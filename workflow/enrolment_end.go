package workflow

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// RetryEnrolment tries a failed enrolment again with a fresh serial: failed →
// awaiting key, and on to key made where the E-Cloud keeps the key already. By
// an approver, or by an administrator for an operator's.
func (f *Flow) RetryEnrolment(ctx context.Context, who Actor, id registry.EnrolmentID) error {
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		e, err := f.lockToEnd(tx, who, id)
		if err != nil {
			return err
		}
		if e.Status != registry.Failed {
			return registry.Refuse(registry.Conflict, "error.enrolment.state", "from", string(e.Status), "to", string(registry.AwaitingKey))
		}
		csr := e.CSR
		e.CSR, e.Serial, e.Failure, e.Detail, e.Attempt, e.NextAttemptAt = nil, "", "", "", 0, nil
		if err := f.moveEnrolment(tx, who, e, registry.AwaitingKey, nil); err != nil {
			return err
		}
		key, err := tx.CloudKeyOfEnrolment(id)
		if err != nil || key == nil {
			return err
		}
		due := f.machine()
		e.CSR, e.NextAttemptAt = csr, &due
		return f.moveEnrolment(tx, who, e, registry.KeyMade, map[string]any{"key": key.KeyID})
	})
	if err != nil {
		return fmt.Errorf("trying enrolment %d again: %w", id, err)
	}
	f.nudge()
	return nil
}

// CancelEnrolment ends an enrolment whose certificate is not issued: awaiting
// key, key made or failed → cancelled, by an approver with a reason (by an
// administrator for an operator's). Its part of the fee is reversed, its kept
// key destroyed, its codes worthless.
func (f *Flow) CancelEnrolment(ctx context.Context, who Actor, id registry.EnrolmentID, reason string) error {
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		e, err := f.lockToEnd(tx, who, id)
		if err != nil {
			return err
		}
		why, err := someReason(reason, "reason")
		if err != nil {
			return err
		}
		if err := mayCancel(tx, e); err != nil {
			return err
		}
		e.NextAttemptAt = nil
		if err := f.moveEnrolmentBecause(tx, who, e, registry.Cancelled, nil, map[string]string{"reason": why}); err != nil {
			return err
		}
		live, err := tx.LiveActivation(id)
		if err != nil {
			return err
		}
		if live != nil {
			if err := tx.CancelActivation(live.ID, f.now()); err != nil {
				return err
			}
		}
		key, err := tx.CloudKeyOfEnrolment(id)
		if err != nil {
			return err
		}
		if key != nil {
			if err := f.destroyKey(tx, who, key, "enrolment cancelled"); err != nil {
				return err
			}
		}
		if e.ApplicationID == 0 {
			return nil
		}
		if err := f.freeOrdered(tx, e); err != nil {
			return err
		}
		app, err := tx.LockApplication(e.ApplicationID)
		if err != nil {
			return err
		}
		if err := f.reverseFee(tx, who, app, e); err != nil {
			return err
		}
		return f.completeApplication(tx, e.ApplicationID)
	})
	if err != nil {
		return fmt.Errorf("cancelling enrolment %d: %w", id, err)
	}
	return nil
}

// mayCancel refuses to cancel an enrolment whose order is not decided on: the
// order itself is refused or withdrawn.
func mayCancel(tx *store.Tx, e *registry.Enrolment) error {
	if e.ApplicationID == 0 {
		return nil
	}
	app, err := tx.Application(e.ApplicationID)
	if err != nil || app.Status == registry.Approved {
		return err
	}
	return registry.Refuse(registry.Conflict, "error.application.state", "action", string(registry.ActComplete), "status", string(app.Status))
}

// lockToEnd locks the application, if there is one, and the enrolment, for one
// of the people who decide on it.
func (f *Flow) lockToEnd(tx *store.Tx, who Actor, id registry.EnrolmentID) (*registry.Enrolment, error) {
	e, err := tx.Enrolment(id)
	if err != nil {
		return nil, err
	}
	role := registry.Approver
	if e.OperatorID != 0 {
		role = registry.Administrator
	}
	if err := who.is(role); err != nil {
		return nil, err
	}
	if err := who.current(tx); err != nil {
		return nil, err
	}
	return lockEnrolment(tx, id)
}

// lockEnrolment locks an enrolment and, before it, its application: always in
// this order, so that nobody waits for each other.
func lockEnrolment(tx *store.Tx, id registry.EnrolmentID) (*registry.Enrolment, error) {
	e, err := tx.Enrolment(id)
	if err != nil {
		return nil, err
	}
	if e.ApplicationID != 0 {
		if _, err := tx.LockApplication(e.ApplicationID); err != nil {
			return nil, err
		}
	}
	return tx.LockEnrolment(id)
}
