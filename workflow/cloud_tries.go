package workflow

import (
	"context"
	"time"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// strangerSources bounds the tries of unknown browsers of one address over all
// holders together, so that a popular PIN-code cannot be tried on everybody.
// Generous, because many people may share an address; a known browser is never
// counted here.
var strangerSources = ecloud.Limits{PerDay: 100}

// counted is one subject that tries are counted against: a browser known to a
// holder, or a row of its own for all strangers or for a source.
type counted struct {
	limits  ecloud.Limits
	scope   string
	subject []byte

	holder  string
	browser []byte
}

// triesOf says what a try of a holder's PIN-code is counted against. A known
// browser has a throttle of its own, so that strangers never touch it.
func (f *Flow) triesOf(ctx context.Context, tx *store.Tx, holder, browser, source string) ([]counted, error) {
	if token, ok := ecloud.BrowserTokenHash(browser); ok {
		known, err := tx.LockBrowser(holder, token, f.now())
		if err != nil {
			return nil, err
		}
		if known != nil {
			limits := ecloud.Browser
			limits.LockAfter = f.pack.Login.PINCodeTries
			return []counted{{limits: limits, holder: holder, browser: token}}, nil
		}
	}
	strangers, err := f.keys.ThrottleSubject(ctx, "holder", holder)
	if err != nil {
		return nil, err
	}
	from, err := f.keys.ThrottleSubject(ctx, "stranger", source)
	if err != nil {
		return nil, err
	}
	return []counted{
		{limits: ecloud.Strangers, scope: "strangers", subject: strangers},
		{limits: strangerSources, scope: "source", subject: from},
	}, nil
}

// codeTries is what a try of an activation or unlock code ("source"), or a
// request for a letter ("letter"), is counted against.
func (f *Flow) codeTries(ctx context.Context, kind, source string) ([]counted, error) {
	subject, err := f.keys.ThrottleSubject(ctx, kind, source)
	if err != nil {
		return nil, err
	}
	return []counted{{limits: ecloud.Sources, scope: "source", subject: subject}}, nil
}

// tell brings all subjects up to date with an event, inside a transaction. A
// try that one of them refuses is counted against none.
func (f *Flow) tell(tx *store.Tx, e ecloud.Event, subjects []counted) error {
	for _, c := range subjects {
		if err := f.tellOne(tx, e, c); err != nil {
			return err
		}
	}
	return nil
}

func (f *Flow) tellOne(tx *store.Tx, e ecloud.Event, c counted) error {
	now := f.now()
	if c.browser != nil {
		b, err := tx.LockBrowser(c.holder, c.browser, now)
		if err != nil {
			return err
		}
		if b == nil {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		s, err := c.limits.Next(ecloud.ThrottleState{Wrong: b.Wrong, LockedAt: orZeroTime(b.LockedAt), LastTryAt: b.LastUsedAt}, e, now)
		if err != nil {
			return err
		}
		b.Wrong, b.LockedAt, b.LastUsedAt = s.Wrong, orNil(s.LockedAt), now
		return tx.SetBrowser(*b)
	}
	t, err := tx.LockThrottle(c.subject, c.scope)
	if err != nil {
		return err
	}
	s, err := c.limits.Next(ecloud.ThrottleState{
		Wrong: t.Wrong, NotBefore: orZeroTime(t.NotBefore), WindowStart: orZeroTime(t.WindowStart), WindowTries: t.WindowTries, LastTryAt: orZeroTime(t.LastTryAt),
	}, e, now)
	if err != nil {
		return err
	}
	if e != ecloud.Try && s.Wrong == 0 {
		s.NotBefore = time.Time{} // nothing wrong is left to wait for
	}
	t.Wrong, t.NotBefore, t.WindowStart, t.WindowTries, t.LastTryAt = s.Wrong, orNil(s.NotBefore), orNil(s.WindowStart), s.WindowTries, orNil(s.LastTryAt)
	return tx.SetThrottle(*t)
}

// settle tells the subjects what a counted try came to, in a commit of its own
// that does not end with the request.
func (f *Flow) settle(ctx context.Context, e ecloud.Event, subjects []counted) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return f.store.Write(ctx, func(tx *store.Tx) error { return f.tell(tx, e, subjects) })
}

func (f *Flow) sweepThrottles(ctx context.Context) (bool, error) {
	now := f.now()
	return false, f.store.Write(ctx, func(tx *store.Tx) error { return tx.SweepThrottles(now.Add(-ecloud.ThrottleQuiet), now) })
}

func orZeroTime(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
