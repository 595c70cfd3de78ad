package workflow

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const (
	// intentLife is how long an intent may stay without an answer. Then its
	// serial is revoked and a fresh one made, because its NotBefore grows old.
	intentLife = time.Hour
	// maxBackoff is how long an enrolment waits at most while the CA does not
	// answer: it goes on by itself within that when the CA is back.
	maxBackoff = 30 * time.Second
	// leaseTime is how long a worker may take over one step: longer than the
	// CA's timeout for all that are taken up, issueAtOnce at a time.
	leaseTime = 90 * time.Second
	// issueTogether is how many are written together at most.
	issueTogether = 2 * issueAtOnce
	// issueAhead is how many of them it takes up at most: while the CA works for
	// some, others are written.
	issueAhead = 2 * issueTogether
	// gatherFor is how long an answer of the CA waits for others to be stored
	// with it.
	gatherFor = 100 * time.Millisecond
	// lookAgain is how soon, while some are being issued, others are looked for.
	lookAgain = 50 * time.Millisecond
)

// making is an enrolment on its way to a certificate.
type making struct {
	*registry.Enrolment
	request *ca.Request
	s       *subject
	intent  *registry.Intent
	cert    *x509.Certificate
	// err is why it goes no further; told, whether the outcome is known: a
	// goroutine that was ended has none to tell.
	err  error
	told bool
}

// issueDue goes on with the enrolments that are due until none is, and returns
// how many it took up. It takes up no more than the CA is asked for soon, so
// that a lease is not spent on waiting. Several programs may do so at once.
func (f *Flow) issueDue(ctx context.Context) (n int, err error) {
	if f.ca == nil {
		return 0, nil
	}
	asking := make(chan struct{}, issueAtOnce)
	ended := make(chan int, issueAhead)
	var all sync.WaitGroup
	defer all.Wait()
	for running := 0; ; {
		if free := issueAhead - running; free >= issueTogether && ctx.Err() == nil {
			due, err := f.lease(ctx, issueTogether)
			if err != nil {
				return n, err
			}
			if len(due) > 0 {
				all.Go(func() {
					defer func() { ended <- len(due) }()
					f.issue(ctx, due, asking)
				})
				running, n = running+len(due), n+len(due)
				continue
			}
		}
		if running == 0 {
			return n, nil
		}
		select {
		case over := <-ended:
			running -= over
		case <-time.After(lookAgain): // something else may be due
		}
	}
}

func (f *Flow) lease(ctx context.Context, n int) (due []*registry.Enrolment, err error) {
	err = f.store.Write(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.LeaseEnrolments(n, f.machine(), leaseTime)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("taking up enrolments: %w", err)
	}
	if len(due) > 0 {
		f.after("leased")
	}
	return due, nil
}

// issue goes on with leased enrolments as far as it goes: key made → issuing →
// issued, or failed, or put off. What they write shares transactions; the CA is
// asked for each, as many at once as asking has room for.
func (f *Flow) issue(ctx context.Context, due []*registry.Enrolment, asking chan struct{}) {
	all := make([]*making, len(due))
	for i, e := range due {
		all[i] = &making{Enrolment: e, told: true}
		all[i].request, all[i].err = ca.AcceptedCSR(e.CSR)
	}
	f.together(all, func(some []*making) error { return f.intendTogether(ctx, some) })
	answered := make(chan *making, len(all))
	waiting := 0
	for _, m := range all {
		if m.err != nil {
			f.close(ctx, m)
			continue
		}
		m.told = false
		waiting++
		go func() {
			defer func() { answered <- m }()
			m.cert, m.err = f.place(ctx, m, asking)
			m.told = true
		}()
	}
	for waiting > 0 {
		some := gather(answered, waiting)
		waiting -= len(some)
		f.together(some, func(some []*making) error { return f.storeTogether(ctx, some) })
		for _, m := range some {
			f.close(ctx, m)
		}
	}
}

// gather waits for an answer of the CA, and then a little for more of them, at
// most n in all.
func gather(answered <-chan *making, n int) []*making {
	some := []*making{<-answered}
	enough := time.After(gatherFor)
	for len(some) < n {
		select {
		case m := <-answered:
			some = append(some, m)
		case <-enough:
			return some
		}
	}
	return some
}

// together has a step done for all that may go on, in one transaction; where
// that fails, for each alone, so that none fails for another.
func (f *Flow) together(all []*making, step func([]*making) error) {
	var some []*making
	for _, m := range all {
		if m.err == nil && m.told {
			some = append(some, m)
		}
	}
	if len(some) == 0 || step(some) == nil {
		return
	}
	for _, m := range some {
		if err := step([]*making{m}); err != nil {
			m.err = err
		}
	}
}

// close ends the work on an enrolment: whatever happens to this program, what
// is known of it is written down.
func (f *Flow) close(ctx context.Context, m *making) {
	if !m.told || m.err == nil || beaten(m.err) {
		return // ended, done, or another worker was first
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	e, err := m.Enrolment, m.err
	if final(err) {
		err = f.failEnrolment(ctx, e, err)
	} else {
		f.log.Warn("issuing: put off", "enrolment", e.ID, "serial", e.Serial, "attempt", e.Attempt, "err", err)
		err = f.deferEnrolment(ctx, e, err)
	}
	if err != nil && !beaten(err) {
		f.log.Error("issuing", "enrolment", e.ID, "serial", e.Serial, "err", err)
	}
}

// final says that repeating is useless: lint, the CA or our own rules refuse.
func final(err error) bool {
	if errors.Is(err, ca.ErrUnavailable) {
		return false
	}
	var refusal *registry.Error
	return errors.Is(err, ca.ErrRefused) || errors.Is(err, ca.ErrMismatch) || errors.As(err, &refusal) && refusal.Kind != registry.Unavailable
}

// place lints what an intent describes and has the CA sign it, when it is its
// turn.
func (f *Flow) place(ctx context.Context, m *making, asking chan struct{}) (*x509.Certificate, error) {
	i := m.intent
	order, err := f.ca.Issuer().NewOrder(ca.Intent{
		Serial: i.Serial, NotBefore: i.NotBefore, NotAfter: i.NotAfter, Subject: i.Subject,
		Profile: i.Profile, CSRHash: i.CSRHash, ProfileID: i.ProfileID,
	}, m.request)
	if err != nil {
		return nil, err
	}
	select {
	case asking <- struct{}{}:
		defer func() { <-asking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	cert, err := f.sign(ctx, order)
	f.state.report(err)
	return cert, err
}
