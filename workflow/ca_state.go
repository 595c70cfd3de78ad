package workflow

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/store"
)

// caState is what this process last heard of the CA.
type caState struct {
	mu    sync.Mutex
	err   error
	since time.Time
	known bool
}

// report takes what a request to the CA came to; refusals of a request say
// that the CA works.
func (s *caState) report(err error) {
	if err != nil && !errors.Is(err, ca.ErrUnavailable) {
		err = nil
	}
	if errors.Is(err, context.Canceled) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.known || (s.err == nil) != (err == nil) {
		s.since = time.Now().UTC()
	}
	s.err, s.known = err, true
}

// CAHealth is what this process last heard of the CA: nil, or why it cannot
// issue, and since when that is so. It is asked every 5 seconds.
func (f *Flow) CAHealth() (since time.Time, err error) {
	if err := f.canIssue(); err != nil {
		return time.Time{}, err
	}
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	return f.state.since, f.state.err
}

func (f *Flow) watchCA(ctx context.Context) (bool, error) {
	if f.ca == nil {
		return false, nil
	}
	err := f.ca.Health(ctx)
	if ctx.Err() != nil {
		return false, nil
	}
	was := f.lastCA()
	f.state.report(err)
	if err != nil && was == nil {
		f.log.Error("the CA does not answer: enrolments wait", "err", err)
	}
	if err == nil && was != nil {
		f.log.Info("the CA answers again")
		err := f.store.Write(ctx, func(tx *store.Tx) error { return tx.HurryEnrolments(f.machine()) })
		f.nudge()
		return false, err
	}
	return false, nil
}

func (f *Flow) lastCA() error {
	_, err := f.CAHealth()
	return err
}
