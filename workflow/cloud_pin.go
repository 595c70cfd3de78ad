package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

// ChangePIN puts a holder's kept key under another PIN-code, and with it the
// keys that wait under the same one: made with a renewal order, or certified for
// a time to come. The old one is tried as at a login; a new one that is refused
// costs no try.
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
		if err := f.rewrapAll(ctx, row, in.Old, in.New); err != nil {
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

// rewrapAll is rewrap for a key and those that wait beside it under the same
// PIN-code. One under another PIN-code stays as it is. Whoever adds a waiting
// key locks the current one first; one that came in between is a Conflict.
func (f *Flow) rewrapAll(ctx context.Context, row *store.CloudKey, oldPIN, newPIN string) error {
	w, err := f.keys.Rewrap(ctx, wrapped(row), oldPIN, newPIN)
	if err != nil {
		return err
	}
	next := []store.CloudKey{cloudRow(w)}
	next[0].ID = row.ID
	before := []int{row.Version}
	waiting, err := f.waitingKeys(ctx, row)
	if err != nil {
		return err
	}
	for _, k := range waiting {
		w, err := f.keys.Rewrap(ctx, wrapped(k), oldPIN, newPIN)
		if errors.Is(err, ecloud.ErrWrong) {
			continue
		}
		if err != nil {
			return err
		}
		r := cloudRow(w)
		r.ID = k.ID
		next, before = append(next, r), append(before, k.Version)
	}
	return f.store.Write(ctx, func(tx *store.Tx) error {
		for i, k := range next {
			if err := tx.RewrapCloudKey(k, before[i], f.now()); err != nil {
				return err
			}
		}
		now, err := tx.WaitingCloudKeys(row.Holder, f.now())
		if err != nil {
			return err
		}
		for _, k := range now {
			known := func(w *store.CloudKey) bool { return w.ID == k.ID }
			if k.ID != row.ID && !slices.ContainsFunc(waiting, known) {
				return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
			}
		}
		return nil
	})
}

// waitingKeys are the keys of a row's holder that nothing can be signed with
// yet, but this one.
func (f *Flow) waitingKeys(ctx context.Context, row *store.CloudKey) (out []*store.CloudKey, err error) {
	err = f.store.Read(ctx, func(tx *store.Tx) error {
		out, err = tx.WaitingCloudKeys(row.Holder, f.now())
		return err
	})
	return slices.DeleteFunc(out, func(k *store.CloudKey) bool { return k.ID == row.ID }), err
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
