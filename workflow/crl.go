package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const (
	// crlEvery is how old the list grows without changes: less than the hour
	// that is promised.
	crlEvery = 50 * time.Minute
	// crlLife is thisUpdate to nextUpdate: an installation may stand still for a
	// night without making every certificate unverifiable.
	crlLife = 24 * time.Hour
	// crlLease is how long one server may take to make a list before another
	// begins as well. Correctness does not hang on it.
	crlLease = 30 * time.Second
	// crlRest is the share of the time that making lists takes at most: 1 in 4,
	// so that thousands of revocations share a list of millions. It rests
	// crlLongest at most.
	crlRest    = 3
	crlLongest = 20 * time.Second
)

// publishCRL makes a list when something changed or the last one grows old.
func (f *Flow) publishCRL(ctx context.Context) (more bool, err error) {
	if f.answers.crl == nil {
		return false, f.takeCRL(ctx)
	}
	now := f.now()
	var last *registry.CRL
	var unlisted []int64
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		if last, err = tx.LastCRL(); registry.KindOf(err) == registry.NotFound {
			err = nil
		}
		if err == nil {
			unlisted, err = tx.UnlistedChanges()
		}
		return err
	}); err != nil {
		return false, err
	}
	if !crlDue(last, len(unlisted), now) || !f.answers.list.rested() {
		return false, nil
	}
	began := time.Now()
	err = f.makeCRL(ctx, now)
	f.answers.list.made(time.Since(began))
	if registry.KindOf(err) == registry.Conflict {
		return false, nil // another server has published meanwhile
	}
	return false, err
}

// MakeCRL makes and publishes a list now; the background work does so by itself.
// Conflict: another server has published meanwhile.
func (f *Flow) MakeCRL(ctx context.Context) error {
	if f.answers == nil || f.answers.crl == nil {
		return errors.New("making a CRL: the issuing key is not at hand")
	}
	return f.makeCRL(ctx, f.now())
}

// crlDue says whether a list is to be made. One that was made later than now is
// of a clock that was set back: there is no telling how old it is. Two lists
// have a second between them, so that HTTP can tell them apart by their time.
func crlDue(last *registry.CRL, unlisted int, now time.Time) bool {
	switch {
	case last == nil || last.Source != registry.CRLOwn:
		return true
	case now.Sub(last.MadeAt) >= crlEvery || now.Before(last.MadeAt.Add(-time.Second)):
		return true
	}
	return unlisted > 0 && now.Truncate(time.Second).After(last.MadeAt)
}

// makeCRL reserves a number, reads what is off, signs and publishes. No
// transaction spans the reading and the signing; a crash leaves a gap in the
// numbers. What another server published meanwhile may tell more: then this
// list is thrown away (Conflict).
func (f *Flow) makeCRL(ctx context.Context, now time.Time) error {
	var number, lastNumber int64
	var reserved bool
	if err := f.store.Write(ctx, func(tx *store.Tx) (err error) {
		number, lastNumber, reserved, err = tx.ReserveCRL(f.machine(), crlLease)
		return err
	}); err != nil {
		return fmt.Errorf("reserving a number for the CRL: %w", err)
	}
	if !reserved {
		return nil
	}
	f.after("CRL number reserved")
	err := f.makeCRLOf(ctx, now, number, lastNumber)
	if err != nil && ctx.Err() == nil {
		err = errors.Join(err, f.store.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseCRL() }))
	}
	return err
}

// makeCRLOf makes the list of a reserved number.
func (f *Flow) makeCRLOf(ctx context.Context, now time.Time, number, lastNumber int64) error {
	var changes []int64
	thisUpdate := now.Truncate(time.Second)
	entries := new(ca.CRL)
	err := f.store.Read(ctx, func(tx *store.Tx) error {
		last, err := tx.LastCRL()
		switch {
		case registry.KindOf(err) == registry.NotFound:
		case err != nil:
			return err
		case last.ThisUpdate.After(thisUpdate):
			thisUpdate = last.ThisUpdate // a clock was set back; lists do not go back
		}
		// First which changes there are, then what they led to: every change
		// that is noted as told is in the list.
		if changes, err = tx.UnlistedChanges(); err != nil {
			return err
		}
		grace := now.AddDate(0, 0, -f.pack.Certificate.CRLGraceDays)
		return tx.EachOff(grace, func(s registry.Standing) error { return entries.Add(s.Serial, standingOf(s), thisUpdate) })
	})
	if err != nil {
		return fmt.Errorf("making CRL %d: %w", number, err)
	}
	nextUpdate := thisUpdate.Add(crlLife)
	der, err := f.answers.crl.Sign(entries, number, thisUpdate, nextUpdate)
	if err != nil {
		return fmt.Errorf("making CRL %d: %w", number, err)
	}
	f.after("CRL signed")
	list := registry.CRL{
		Number: number, Source: registry.CRLOwn, ThisUpdate: thisUpdate, NextUpdate: nextUpdate, MadeAt: now, Entries: entries.Len(), DER: der,
	}
	return f.storeCRL(ctx, list, func(tx *store.Tx, l registry.CRL) error { return tx.AddCRL(l, lastNumber, changes) })
}

func (f *Flow) storeCRL(ctx context.Context, l registry.CRL, add func(*store.Tx, registry.CRL) error) error {
	sum := sha256.Sum256(l.DER)
	l.SHA256, l.Size = hex.EncodeToString(sum[:]), len(l.DER)
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := add(tx, l); err != nil {
			return err
		}
		return f.record(tx, BySystem(), "crl.published", map[string]any{
			"number": l.Number, "source": l.Source, "entries": l.Entries, "sha256": l.SHA256, "this_update": l.ThisUpdate, "next_update": l.NextUpdate,
		}, nil)
	})
	if err != nil {
		return fmt.Errorf("publishing CRL %d: %w", l.Number, err)
	}
	f.after("CRL published")
	f.answers.list.set(&l)
	return nil
}

// CRL returns the latest list with its bytes. NotFound: none was made yet.
func (f *Flow) CRL(ctx context.Context) (*registry.CRL, error) {
	if f.answers == nil {
		return nil, registry.Refuse(registry.NotFound, "error.not_found")
	}
	kept := f.answers.list.get()
	var l *registry.CRL
	err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		if l, err = tx.LastCRL(); err != nil {
			return err
		}
		if kept != nil && kept.Number == l.Number {
			l = kept
			return nil
		}
		l.DER, err = tx.CRLBytes(l.Number)
		return err
	})
	if err != nil {
		return nil, err
	}
	f.answers.list.set(l)
	return l, nil
}

// takeCRLEvery is how often step-ca is asked for its list.
const takeCRLEvery = 15 * time.Second

// takeCRL publishes the list that step-ca signs, where only step-ca has the
// issuing key.
func (f *Flow) takeCRL(ctx context.Context) error {
	if !f.answers.list.rested() {
		return nil
	}
	f.answers.list.rest(takeCRLEvery)
	der, facts, err := f.ca.FetchCRL(ctx)
	f.state.report(err)
	if err != nil {
		return err
	}
	if !facts.Number.IsInt64() {
		return errors.New("taking step-ca's CRL: its number is too large")
	}
	var last *registry.CRL
	var told []int64
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		if last, err = tx.LastCRL(); err != nil && registry.KindOf(err) != registry.NotFound {
			return err
		}
		return tx.EachUnlisted(func(c registry.StatusChange) error {
			if facts.Lists(c.Serial) == (c.Status == registry.CertRevoked) {
				told = append(told, c.ID)
			}
			return nil
		})
	}); err != nil {
		return err
	}
	number := facts.Number.Int64()
	if last != nil && number <= last.Number {
		if number < last.Number {
			return fmt.Errorf("taking step-ca's CRL: its number %d is below the published %d: the list is not served; step-ca's database was set back, or the lists were once signed here", number, last.Number)
		}
		return nil
	}
	list := registry.CRL{
		Number: number, Source: registry.CRLStepCA, ThisUpdate: facts.ThisUpdate.UTC(), NextUpdate: facts.NextUpdate.UTC(), MadeAt: f.now(), Entries: facts.Entries, DER: der,
	}
	err = f.storeCRL(ctx, list, func(tx *store.Tx, l registry.CRL) error { return tx.TakeCRL(l, told) })
	if registry.KindOf(err) == registry.Conflict {
		return nil
	}
	return err
}
