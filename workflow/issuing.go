package workflow

import (
	"context"
	"crypto/x509"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Issuing is what issuing and the E-Cloud need.
type Issuing struct {
	// CA asks step-ca, embedded or external.
	CA *ca.Client
	// Keys keeps the holders' private keys.
	Keys *ecloud.Vault
	// Receipt is what a holder confirms at the first login, in their language.
	Receipt func(l registry.Language, c *registry.Certificate) string
}

// issuing is the same inside a Flow, with what a process may forget: whether
// the CA answers, and that there is work.
type issuing struct {
	ca      *ca.Client
	keys    *ecloud.Vault
	receipt func(registry.Language, *registry.Certificate) string

	machine func() time.Time // the machine's clock: leases and tries
	// intend fixes the content of a certificate; the demo's may look old.
	intend func(now time.Time, w ca.Wanted) (ca.Intent, error)
	term   func(e *registry.Enrolment) (notBefore, notAfter time.Time, ok bool)
	// after is called when something has just become final: a test ends the
	// program there.
	after func(step string)
	wake  chan struct{}
	state *caState
}

func newIssuing(o *Issuing) issuing {
	i := issuing{
		machine: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		after:   func(string) {},
		wake:    make(chan struct{}, 1),
		state:   new(caState),
	}
	if o == nil {
		return i
	}
	i.ca, i.keys, i.receipt = o.CA, o.Keys, o.Receipt
	if i.ca != nil {
		i.intend = i.ca.Issuer().NewIntent
	}
	return i
}

// Backdated is a Flow whose certificates run over exactly this interval, for
// data that must look old. serve does not make one.
func (f *Flow) Backdated(notBefore, notAfter time.Time) *Flow {
	c := *f
	c.intend = func(_ time.Time, w ca.Wanted) (ca.Intent, error) {
		return ca.ForDemo(f.ca.Issuer()).NewIntentBackdated(w)
	}
	c.term = func(*registry.Enrolment) (time.Time, time.Time, bool) { return notBefore, notAfter, true }
	return &c
}

// canIssue refuses where the Flow has no CA.
func (f *Flow) canIssue() error {
	if f.ca == nil {
		return registry.Refuse(registry.Unavailable, "error.ca.unavailable")
	}
	return nil
}

// canKeep refuses where the Flow keeps no keys.
func (f *Flow) canKeep() error {
	if f.keys == nil {
		return registry.Refuse(registry.Unavailable, "error.ecloud.off")
	}
	return nil
}

// nudge tells the background work of this process that there is some; others
// find it by themselves.
func (f *Flow) nudge() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// write is a transaction that is a step of issuing: what is committed with it
// must be enough to go on from.
func (f *Flow) write(ctx context.Context, step string, do func(*store.Tx) error) error {
	err := f.store.Write(ctx, do)
	if err == nil {
		f.after(step)
	}
	return err
}

// sign asks the CA.
func (f *Flow) sign(ctx context.Context, order *ca.Order) (*x509.Certificate, error) {
	cert, err := f.ca.Place(ctx, order)
	f.after("asked the CA")
	return cert, err
}
