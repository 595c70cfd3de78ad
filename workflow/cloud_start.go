package workflow

import (
	"context"
	"fmt"
	"net/mail"
	"strings"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Slip is the paper half of an activation, to be printed once: the code is not
// stored and cannot be shown again, only replaced.
type Slip struct {
	Activation int64
	Code       string
	Email      string
}

// StartActivation begins the E-Cloud's activation of an enrolment that awaits
// its key: by a clerk for a holder, by an administrator for an operator. It
// makes the paper half; the other half is mailed to the address when another
// operator has confirmed it. Started again, with the same address or another,
// the codes made before are worthless and the address has to be confirmed
// anew. An empty address is the one that the holder declared.
func (f *Flow) StartActivation(ctx context.Context, who Actor, id registry.EnrolmentID, email string) (*Slip, error) {
	if err := f.canKeep(); err != nil {
		return nil, err
	}
	code := ecloud.NewCode(ecloud.PaperCode)
	hash, err := f.keys.HashCode(ctx, ecloud.PaperCode, code)
	if err != nil {
		return nil, err
	}
	slip := &Slip{Code: code}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		e, s, err := f.activatable(tx, id)
		if err != nil {
			return err
		}
		if err := who.mayStart(tx, s.profile()); err != nil {
			return err
		}
		if slip.Email, err = address(email, s.email); err != nil {
			return err
		}
		a := store.Activation{
			EnrolmentID: id, Paper: store.KeyedHash(hash), Email: slip.Email, RequestedBy: who.Operator.ID,
			CreatedAt: f.now(), ExpiresAt: f.now().Add(ecloud.ActivationLife),
		}
		slip.Activation, err = f.addActivation(tx, who, e, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("starting the activation of enrolment %d: %w", id, err)
	}
	return slip, nil
}

// ConsoleActivation makes both halves at once, for an operator, at the
// console: the first people of an installation have nobody who could confirm
// an address.
func (f *Flow) ConsoleActivation(ctx context.Context, who Actor, id registry.EnrolmentID) (paper, mailed string, err error) {
	if err := f.canKeep(); err != nil {
		return "", "", err
	}
	if who.kind != journal.ActorConsole {
		return "", "", registry.Refuse(registry.Forbidden, "error.forbidden")
	}
	paper, mailed = ecloud.NewCode(ecloud.PaperCode), ecloud.NewCode(ecloud.MailCode)
	paperHash, err := f.keys.HashCode(ctx, ecloud.PaperCode, paper)
	if err != nil {
		return "", "", err
	}
	mailHash, err := f.keys.HashCode(ctx, ecloud.MailCode, mailed)
	if err != nil {
		return "", "", err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		e, s, err := f.activatable(tx, id)
		if err != nil {
			return err
		}
		if s.operator == nil {
			return registry.Refuse(registry.Forbidden, "error.forbidden")
		}
		now := f.now()
		_, err = f.addActivation(tx, who, e, store.Activation{
			EnrolmentID: id, Paper: store.KeyedHash(paperHash), Mail: store.KeyedHash(mailHash), Email: s.email, ConfirmedAt: &now,
			CreatedAt: now, ExpiresAt: now.Add(ecloud.ActivationLife),
		})
		return err
	})
	if err != nil {
		return "", "", fmt.Errorf("starting the activation of enrolment %d: %w", id, err)
	}
	return paper, mailed, nil
}

// activatable locks an enrolment whose key is to be made in the E-Cloud.
func (f *Flow) activatable(tx *store.Tx, id registry.EnrolmentID) (*registry.Enrolment, *subject, error) {
	e, err := tx.LockEnrolment(id)
	if err != nil {
		return nil, nil, err
	}
	s, err := f.subjectOf(tx, e)
	if err != nil {
		return nil, nil, err
	}
	if s.storage() != registry.ECloud {
		return nil, nil, registry.Refuse(registry.Conflict, "error.enrolment.not_cloud")
	}
	if e.Status != registry.AwaitingKey {
		return nil, nil, registry.MoveEnrolment(e.Status, registry.KeyMade)
	}
	return e, s, nil
}

func (f *Flow) addActivation(tx *store.Tx, who Actor, e *registry.Enrolment, a store.Activation) (int64, error) {
	live, err := tx.LiveActivation(e.ID)
	if err != nil {
		return 0, err
	}
	if live != nil {
		if err := tx.CancelActivation(live.ID, a.CreatedAt); err != nil {
			return 0, err
		}
	}
	id, err := tx.AddActivation(a)
	if err != nil {
		return 0, err
	}
	return id, f.record(tx, who, "activation.started", map[string]any{"activation": id, "again": live != nil},
		map[string]string{"email": a.Email}, aboutEnrolment(e)...)
}

// mayStart says who deals with the kept keys of whom.
func (a Actor) mayStart(tx *store.Tx, of registry.CertificateProfile) error {
	role := registry.Clerk
	if of == registry.OperatorProfile {
		role = registry.Administrator
	}
	if err := a.is(role); err != nil {
		return err
	}
	return a.current(tx)
}

// address is an e-mail address as typed, or else the declared one.
func address(typed, declared string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		typed = declared
	}
	parsed, err := mail.ParseAddress(typed)
	if err != nil || parsed.Address != typed || len(typed) > 254 {
		return "", registry.Refuse(registry.Invalid, "error.email.invalid").On("email")
	}
	return typed, nil
}
