package workflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// ActivationInput is what a holder types to start their E-Cloud.
type ActivationInput struct {
	Paper string // the half on the slip
	Mail  string // the half that was mailed
	PIN   string
	// Browser is the browser's token (NewBrowserToken); it becomes known to
	// the holder.
	Browser string
	// Source is the client's address.
	Source string
}

// NewBrowserToken makes the random mark of a browser, for a cookie.
func NewBrowserToken() string { return ecloud.NewBrowserToken() }

// Activate makes the key of an enrolment, under the PIN-code that its holder
// chose: awaiting key → key made, by whoever has both halves of the code, once.
// The certificate follows by itself. A mistyped code costs nothing; a wrong one
// is counted against its source, and five wrong mailed halves burn the pair. A
// PIN-code that is refused costs nothing either.
func (f *Flow) Activate(ctx context.Context, in ActivationInput) (registry.EnrolmentID, error) {
	if err := f.canKeep(); err != nil {
		return 0, err
	}
	id, err := f.activate(ctx, in)
	if err != nil {
		return 0, fmt.Errorf("activating the E-Cloud: %w", err)
	}
	f.nudge()
	return id, nil
}

func (f *Flow) activate(ctx context.Context, in ActivationInput) (registry.EnrolmentID, error) {
	paper, err := f.keys.HashesOfCode(ctx, ecloud.PaperCode, in.Paper)
	if err != nil {
		return 0, onField(err, "paper")
	}
	mailed, err := f.keys.HashesOfCode(ctx, ecloud.MailCode, in.Mail)
	if err != nil {
		return 0, onField(err, "mail")
	}
	tries, err := f.codeTries(ctx, "source", in.Source)
	if err != nil {
		return 0, err
	}
	row, s, err := f.tryActivation(ctx, paper, tries)
	if err != nil {
		return 0, err
	}
	if _, err := activationOf(row).Accept(mailed, f.now()); err != nil {
		return 0, err
	}
	if err := ecloud.CheckPIN(in.PIN, s.person.PersonalNumber, s.inn()); err != nil {
		return 0, errors.Join(err, f.forgiveActivation(ctx, row, tries))
	}
	w, csr, err := f.keys.Create(ctx, s.cloudHolder(), ecloud.P256, in.PIN)
	if err != nil {
		return 0, errors.Join(err, f.forgiveActivation(ctx, row, tries))
	}
	if _, err := ca.CheckCSR(csr); err != nil {
		return 0, err
	}
	err = f.write(ctx, "key made", func(tx *store.Tx) error {
		return f.keepKey(tx, in, row, s, w, csr, tries)
	})
	if beaten(err) {
		err = ecloud.ErrCode // somebody used the codes at the same moment
	}
	return row.EnrolmentID, err
}

// tryActivation finds the pair by its paper half and counts a try against it
// and its source, in a commit of its own.
func (f *Flow) tryActivation(ctx context.Context, paper []ecloud.CodeHash, tries []counted) (*store.Activation, *subject, error) {
	var row *store.Activation
	var s *subject
	var refusal error
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := f.tell(tx, ecloud.Try, tries); err != nil {
			return err
		}
		hashes := make([][]byte, len(paper))
		for i, h := range paper {
			hashes[i] = h.Hash
		}
		var err error
		row, err = tx.LockActivationByPaper(hashes)
		if registry.KindOf(err) == registry.NotFound {
			refusal = ecloud.ErrCode
			return nil // the try stays counted
		}
		if err != nil {
			return err
		}
		after, err := activationOf(row).Try(f.now())
		if err != nil {
			refusal = err
			return nil
		}
		e, err := tx.Enrolment(row.EnrolmentID)
		if err != nil {
			return err
		}
		if s, err = f.subjectOf(tx, e); err != nil {
			return err
		}
		old := row.WrongTries
		row.WrongTries = after.WrongTries
		return tx.SetActivationTries(row.ID, old, row.WrongTries)
	})
	if err == nil {
		err = refusal
	}
	return row, s, err
}

// forgiveActivation takes a counted try back: the codes were right.
func (f *Flow) forgiveActivation(ctx context.Context, row *store.Activation, tries []counted) error {
	return f.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := f.tell(tx, ecloud.NotJudged, tries); err != nil {
			return err
		}
		err := tx.SetActivationTries(row.ID, row.WrongTries, row.WrongTries-1)
		if beaten(err) {
			return nil
		}
		return err
	})
}

// keepKey is the transition itself: the codes are spent, the key is kept, the
// enrolment has its request, the browser is known.
func (f *Flow) keepKey(tx *store.Tx, in ActivationInput, row *store.Activation, s *subject, w ecloud.Wrapped, csr []byte, tries []counted) error {
	// The source is locked first, as a try locks it before the activation.
	if err := f.tell(tx, ecloud.Success, tries); err != nil {
		return err
	}
	e, err := tx.LockEnrolment(row.EnrolmentID)
	if err != nil {
		return err
	}
	now := f.now()
	if err := tx.UseActivation(row.ID, now); err != nil {
		return err
	}
	key := cloudRow(w)
	key.INN, key.Role, key.EnrolmentID, key.Email, key.Language = s.inn(), s.role, e.ID, row.Email, s.language
	key.CreatedAt, key.PINChangedAt = now, now
	if _, err := tx.AddCloudKey(key); err != nil {
		return err
	}
	due := f.machine()
	e.CSR, e.NextAttemptAt = csr, &due
	details := map[string]any{"activation": row.ID, "key": w.KeyID, "algorithm": w.Algorithm}
	if err := f.moveEnrolment(tx, Anonymous(), e, registry.KeyMade, details); err != nil {
		return err
	}
	if token, ok := ecloud.BrowserTokenHash(in.Browser); ok {
		return tx.KnowBrowser(w.Holder, token, now, now.Add(ecloud.BrowserLife))
	}
	return nil
}

// cloudHolder names a holder as it is bound into a kept key.
func (s *subject) cloudHolder() string {
	if s.operator != nil {
		return OperatorHolder(s.person.PersonalNumber)
	}
	return ecloud.HolderName(s.person.PersonalNumber, s.inn(), s.role)
}

func activationOf(a *store.Activation) ecloud.Activation {
	return ecloud.Activation{
		Paper: ecloud.CodeHash(a.Paper), Mail: ecloud.CodeHash(a.Mail), WrongTries: a.WrongTries,
		ExpiresAt: a.ExpiresAt, UsedAt: orZeroTime(a.UsedAt), Cancelled: a.CancelledAt != nil,
	}
}

func cloudRow(w ecloud.Wrapped) store.CloudKey {
	return store.CloudKey{
		KeyID: w.KeyID, Holder: w.Holder, Version: w.Version, Algorithm: string(w.Algorithm), PublicKey: w.PublicKey, ServerKeyID: w.ServerKeyID,
		KDFSalt: w.KDF.Salt, KDFTime: w.KDF.Time, KDFMemoryKiB: w.KDF.MemoryKiB, KDFThreads: w.KDF.Threads, Sealed: w.Sealed,
	}
}

func wrapped(k *store.CloudKey) ecloud.Wrapped {
	return ecloud.Wrapped{
		KeyID: k.KeyID, Holder: k.Holder, Version: k.Version, Algorithm: ecloud.Algorithm(k.Algorithm), PublicKey: k.PublicKey, ServerKeyID: k.ServerKeyID,
		KDF: ecloud.KDF{Salt: k.KDFSalt, Time: k.KDFTime, MemoryKiB: k.KDFMemoryKiB, Threads: k.KDFThreads}, Sealed: k.Sealed,
	}
}

// onField puts a refusal beside the field it belongs to.
func onField(err error, field string) error {
	var e *registry.Error
	if errors.As(err, &e) {
		return e.On(field)
	}
	return err
}
