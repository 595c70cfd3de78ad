package ecloud

import (
	"context"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// ThrottleState is what one subject's row remembers. The zero value is a
// subject that nothing is known of.
type ThrottleState struct {
	Wrong       int       // tries in a row without a success
	NotBefore   time.Time // earliest next try
	WindowStart time.Time // of the current day of tries
	WindowTries int       // in it, successes not counted
	LockedAt    time.Time // zero: not locked
	LastTryAt   time.Time
}

// Event is what happens to a subject.
type Event int

const (
	// Try: somebody offers a PIN-code or a code. It is counted as wrong, and
	// committed, before it is looked at.
	Try Event = iota + 1
	// Success: the try before was right; it is taken back.
	Success
	// NotJudged: the try before was not looked at, because the vault was busy
	// or failed; it is taken back.
	NotJudged
	// Unlocked: the e-mailed code was given, or the office unlocked.
	Unlocked
)

// Limits are the rules for one kind of subject.
type Limits struct {
	// LockAfter wrong tries lock until Unlocked; 0: never.
	LockAfter int
	// FirstDelay follows a wrong try and doubles with each up to MaxDelay;
	// 0: no delay.
	FirstDelay time.Duration
	MaxDelay   time.Duration
	// PerDay bounds the tries in a day that begins with the first; 0: no
	// bound. In no 24 hours are there more than twice as many.
	PerDay int
}

const (
	day = 24 * time.Hour
	// ThrottleQuiet is how long a subject must be left alone until it is
	// forgotten; rows older than that may be deleted.
	ThrottleQuiet = 48 * time.Hour
)

var (
	// Browser is one browser known to a holder. Only it can lock itself.
	Browser = Limits{LockAfter: 5}
	// Strangers are all browsers that are not known to a holder, together.
	// They never touch the state of a known one, so they cannot lock the
	// holder out.
	Strangers = Limits{FirstDelay: 30 * time.Second, MaxDelay: 2 * time.Hour, PerDay: 10}
	// Sources are addresses that offer activation or unlock codes.
	Sources = Limits{FirstDelay: 5 * time.Second, MaxDelay: time.Hour, PerDay: 30}
)

// KeyLocked is the refusal of a locked browser; Args["tries"] is the number of
// wrong ones that locked it. KeyThrottled asks to wait Args["n"] minutes.
const (
	KeyLocked    = "error.ecloud.locked_browser"
	KeyThrottled = "error.throttled"
)

// Next is the state after an event. A refused Try changes nothing and is not
// counted: no PIN-code may be looked at.
func (l Limits) Next(s ThrottleState, e Event, now time.Time) (ThrottleState, error) {
	switch e {
	case Try:
		return l.try(s, now)
	case Success, NotJudged:
		s.WindowTries = max(0, s.WindowTries-1)
		s.Wrong = max(0, s.Wrong-1)
		if l.LockAfter > 0 && e == Success {
			s.Wrong = 0
		}
		if s.Wrong < l.LockAfter {
			s.LockedAt = time.Time{}
		}
		return s, nil
	case Unlocked:
		return ThrottleState{LastTryAt: s.LastTryAt}, nil
	}
	return s, fmt.Errorf("throttling: unknown event %d", e)
}

func (l Limits) try(s ThrottleState, now time.Time) (ThrottleState, error) {
	if !s.LockedAt.IsZero() {
		return s, registry.Refuse(registry.Throttled, KeyLocked, "tries", l.LockAfter)
	}
	if l.LockAfter == 0 && !s.LastTryAt.IsZero() && now.Sub(s.LastTryAt) >= ThrottleQuiet {
		s = ThrottleState{}
	}
	if now.Before(s.NotBefore) {
		return s, wait(s.NotBefore.Sub(now))
	}
	if now.Sub(s.WindowStart) >= day {
		s.WindowStart, s.WindowTries = now, 0
	}
	if l.PerDay > 0 && s.WindowTries >= l.PerDay {
		return s, wait(s.WindowStart.Add(day).Sub(now))
	}
	s.Wrong++
	s.WindowTries++
	s.LastTryAt = now
	if l.LockAfter > 0 && s.Wrong >= l.LockAfter {
		s.LockedAt = now
	}
	if l.FirstDelay > 0 {
		s.NotBefore = now.Add(l.delay(s.Wrong))
	}
	return s, nil
}

// delay after the n-th wrong try.
func (l Limits) delay(n int) time.Duration {
	d := l.FirstDelay
	for range n - 1 {
		if d *= 2; d >= l.MaxDelay {
			return l.MaxDelay
		}
	}
	return d
}

func wait(d time.Duration) error {
	minutes := int((d + time.Minute - 1) / time.Minute)
	return registry.Refuse(registry.Throttled, KeyThrottled, "n", max(1, minutes))
}

// ThrottleSubject is the key of a row: a keyed hash, so that no INN or address
// stands in the table and holders that do not exist have rows like any other.
// kind is "holder" or "source".
func (v *Vault) ThrottleSubject(ctx context.Context, kind, value string) ([]byte, error) {
	mac, err := v.keys.MAC(ctx, v.keys.CurrentID(), join([]byte("tamga/ecloud/throttle/1"), []byte(kind), []byte(value)))
	if err != nil {
		return nil, fmt.Errorf("asking the server key: %w", err)
	}
	return mac, nil
}
