package workflow

import (
	"context"
	"fmt"
	"strconv"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// ConfirmAddress says that the address of an activation is the holder's: by an
// operator other than the one who started it (a clerk or an approver for a
// holder, an administrator for an operator). The other half of the code leaves
// for it; both live for 72 hours from now.
func (f *Flow) ConfirmAddress(ctx context.Context, who Actor, id int64) error {
	err := f.judgeAddress(ctx, who, id, func(tx *store.Tx, a *store.Activation, e *registry.Enrolment, s *subject) error {
		now := f.now()
		if err := tx.ConfirmActivation(a.ID, who.Operator.ID, now, now.Add(ecloud.ActivationLife)); err != nil {
			return err
		}
		args := map[string]any{"name": s.person.Name(s.language).String(), "url": f.base + "/activate", "hours": int(ecloud.ActivationLife.Hours())}
		if s.app != nil {
			args["number"], args["org"] = s.app.Number, s.app.Declaration.Organisation.FullName(s.language)
		}
		l := Letter{Kind: string(letterActivation), To: a.Email, Language: s.language, Args: args, Activation: a.ID}
		if err := tx.AddOutbox("mail", "activation/"+strconv.FormatInt(a.ID, 10), l, f.machine()); err != nil {
			return err
		}
		return f.record(tx, who, "activation.address_confirmed", map[string]any{"activation": a.ID}, nil, aboutEnrolment(e)...)
	})
	if err != nil {
		return fmt.Errorf("confirming the address of activation %d: %w", id, err)
	}
	return nil
}

// RefuseAddress says that the address of an activation is not the holder's: by
// the same as ConfirmAddress. The codes are worthless; the activation has to be
// started again.
func (f *Flow) RefuseAddress(ctx context.Context, who Actor, id int64) error {
	err := f.judgeAddress(ctx, who, id, func(tx *store.Tx, a *store.Activation, e *registry.Enrolment, _ *subject) error {
		if err := tx.CancelActivation(a.ID, f.now()); err != nil {
			return err
		}
		return f.record(tx, who, "activation.address_refused", map[string]any{"activation": a.ID}, nil, aboutEnrolment(e)...)
	})
	if err != nil {
		return fmt.Errorf("refusing the address of activation %d: %w", id, err)
	}
	return nil
}

func (f *Flow) judgeAddress(ctx context.Context, who Actor, id int64, do func(*store.Tx, *store.Activation, *registry.Enrolment, *subject) error) error {
	if err := who.is(registry.Clerk, registry.Approver, registry.Administrator); err != nil {
		return err
	}
	return f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		a, err := tx.Activation(id)
		if err != nil {
			return err
		}
		// The enrolment is locked before its activation, as everywhere.
		e, s, err := f.activatable(tx, a.EnrolmentID)
		if err != nil {
			return err
		}
		if a, err = tx.LockActivation(id); err != nil {
			return err
		}
		switch {
		case s.operator == nil && who.is(registry.Clerk, registry.Approver) != nil,
			s.operator != nil && who.is(registry.Administrator) != nil:
			return registry.Refuse(registry.Forbidden, "error.forbidden")
		case a.RequestedBy == who.Operator.ID:
			return registry.Refuse(registry.Forbidden, "error.ecloud.same_operator")
		case s.person.PersonalNumber == who.Operator.Person.PersonalNumber:
			return registry.Refuse(registry.Forbidden, "error.ecloud.own_address")
		case a.ConfirmedAt != nil || a.UsedAt != nil || a.CancelledAt != nil || !f.now().Before(a.ExpiresAt):
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		return do(tx, a, e, s)
	})
}

// putCode makes the code that a letter carries, just before it leaves: it
// stands nowhere, and a letter that is sent again carries a fresh one.
func (f *Flow) putCode(ctx context.Context, l *Letter) error {
	if l.Activation == 0 && l.Unlock == 0 {
		return nil
	}
	if err := f.canKeep(); err != nil {
		return err
	}
	kind := ecloud.MailCode
	if l.Unlock != 0 {
		kind = ecloud.UnlockCode
	}
	code := ecloud.NewCode(kind)
	hash, err := f.keys.HashCode(ctx, kind, code)
	if err != nil {
		return err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if l.Unlock != 0 {
			return tx.SetUnlockCode(l.Unlock, store.KeyedHash(hash), f.now())
		}
		return tx.SetActivationMail(l.Activation, store.KeyedHash(hash), f.now())
	})
	if beaten(err) {
		return errObsolete
	}
	if err != nil {
		return err
	}
	if l.Args == nil {
		l.Args = map[string]any{}
	}
	l.Args["code"] = code
	return nil
}
