package workflow

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// RetryEnrolment tries a failed enrolment again with a fresh serial: failed →
// awaiting key, and on to key made where the E-Cloud keeps the key already. A
// key on a token is given up, since it may be the reason. By an approver, or by
// an administrator for an operator's.
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
		if err := f.dropTokenKey(tx, who, e, "enrolment tried again"); err != nil {
			return err
		}
		if err := f.awaitKey(tx, who, e, nil); err != nil {
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

// awaitKey brings an enrolment back to where it began.
func (f *Flow) awaitKey(tx *store.Tx, who Actor, e *registry.Enrolment, personal map[string]string) error {
	e.CSR, e.Serial, e.Failure, e.Detail, e.Attempt, e.NextAttemptAt = nil, "", "", "", 0, nil
	return f.moveEnrolmentBecause(tx, who, e, registry.AwaitingKey, nil, personal)
}

// CancelEnrolment ends an enrolment that was not handed over: awaiting key, key
// made, failed or issued → cancelled, by an approver with a reason (by an
// administrator for an operator's). One that is issued is cancelled so only when
// its certificate's term is over: to revoke it takes a signature
// (EndUndelivered). Its part of the fee is reversed as the pack says, its kept
// key destroyed, its codes worthless, its key on a token to be removed.
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
		if e.Status == registry.Issued {
			if err := f.isOver(tx, e); err != nil {
				return err
			}
		}
		return f.endEnrolment(tx, who, e, nil, map[string]string{"reason": why})
	})
	if err != nil {
		return fmt.Errorf("cancelling enrolment %d: %w", id, err)
	}
	return nil
}

// endEnrolment cancels an enrolment that is locked, with all that hangs on it:
// its keys and codes, the certificate that it was to renew, its part of the fee,
// and its application, if it was the last.
func (f *Flow) endEnrolment(tx *store.Tx, who Actor, e *registry.Enrolment, details map[string]any, personal map[string]string) error {
	issued := e.Status == registry.Issued
	e.NextAttemptAt = nil
	if err := f.moveEnrolmentBecause(tx, who, e, registry.Cancelled, details, personal); err != nil {
		return err
	}
	if err := f.dropKeys(tx, who, e); err != nil || e.ApplicationID == 0 {
		return err
	}
	if err := f.freeOrdered(tx, e); err != nil {
		return err
	}
	app, err := tx.LockApplication(e.ApplicationID)
	if err != nil {
		return err
	}
	if err := f.reverseFee(tx, who, app, e, issued); err != nil {
		return err
	}
	return f.completeApplication(tx, e.ApplicationID)
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

// dropKeys gives up every key of an enrolment, and the codes that could still
// make one.
func (f *Flow) dropKeys(tx *store.Tx, who Actor, e *registry.Enrolment) error {
	live, err := tx.LiveActivation(e.ID)
	if err != nil {
		return err
	}
	if live != nil {
		if err := tx.CancelActivation(live.ID, f.now()); err != nil {
			return err
		}
	}
	if err := f.dropTokenKey(tx, who, e, "enrolment cancelled"); err != nil {
		return err
	}
	key, err := tx.CloudKeyOfEnrolment(e.ID)
	if err != nil || key == nil {
		return err
	}
	return f.destroyKey(tx, who, key, "enrolment cancelled")
}

// isOver refuses while the certificate of an issued enrolment could be used.
func (f *Flow) isOver(tx *store.Tx, e *registry.Enrolment) error {
	cert, err := tx.CertificateOfEnrolment(e.ID)
	if err != nil || cert.Status == registry.CertRevoked || cert.ValidityAt(f.now()) == registry.Expired {
		return err
	}
	return registry.Refuse(registry.Conflict, "error.enrolment.sign")
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
