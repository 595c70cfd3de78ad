package workflow

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// PINChange is what a holder types to choose another PIN-code.
type PINChange struct {
	Old, New string
	Browser  string // the browser's token
	Source   string // the client's address
}

// ChangePIN puts a holder's kept key under another PIN-code. The old one is
// tried as at a login; a new one that is refused costs no try.
func (f *Flow) ChangePIN(ctx context.Context, who Actor, holder string, in PINChange) error {
	err := f.store.Read(ctx, func(tx *store.Tx) error {
		person, inn, err := f.numbersOf(tx, holder)
		if err != nil {
			return err
		}
		return ecloud.CheckPIN(in.New, person, inn)
	})
	if err != nil {
		return onField(err, "new")
	}
	if in.New == in.Old {
		return registry.Refuse(registry.Invalid, "error.ecloud.pin_same").On("new")
	}
	var changed *store.CloudKey
	err = f.tryPIN(ctx, holder, in.Browser, in.Source, func(row *store.CloudKey, _ *registry.Certificate) (bool, error) {
		if row == nil {
			return false, f.keys.Decoy(ctx, in.Old)
		}
		if err := f.rewrap(ctx, row, in.Old, in.New); err != nil {
			return beaten(err), err
		}
		changed = row
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("changing a PIN-code: %w", err)
	}
	return f.store.Write(ctx, func(tx *store.Tx) error {
		if err := f.record(tx, who, "ecloud.pin_changed", map[string]any{"key": changed.KeyID}, nil, Enrolment(changed.EnrolmentID)); err != nil {
			return err
		}
		return f.post(tx, letterPINChanged, changed.Email, changed.Language, "", nil)
	})
}

// rewrap stores a key under another PIN-code (or the same, with the parameters
// of today), if nobody else did meanwhile.
func (f *Flow) rewrap(ctx context.Context, row *store.CloudKey, oldPIN, newPIN string) error {
	w, err := f.keys.Rewrap(ctx, wrapped(row), oldPIN, newPIN)
	if err != nil {
		return err
	}
	next := cloudRow(w)
	next.ID = row.ID
	return f.store.Write(ctx, func(tx *store.Tx) error { return tx.RewrapCloudKey(next, row.Version, f.now()) })
}

// numbersOf are the personal number and INN that a PIN-code may not contain.
func (f *Flow) numbersOf(tx *store.Tx, holder string) (registry.PersonalNumber, registry.INN, error) {
	keys, err := tx.CloudKeys(holder)
	if err != nil || len(keys) == 0 {
		return "", "", err
	}
	e, err := tx.Enrolment(keys[0].EnrolmentID)
	if err != nil {
		return "", "", err
	}
	s, err := f.subjectOf(tx, e)
	if err != nil {
		return "", "", err
	}
	return s.person.PersonalNumber, s.inn(), nil
}
