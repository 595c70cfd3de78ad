package ecloud_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
)

type step struct {
	event ecloud.Event
	at    time.Duration // since t0
	want  string        // key of the refusal, "" if none
	n     int           // minutes to wait, or tries
}

func TestThrottle(t *testing.T) {
	const (
		locked    = ecloud.KeyLocked
		throttled = ecloud.KeyThrottled
		try       = ecloud.Try
		success   = ecloud.Success
	)
	s, m, h := time.Second, time.Minute, time.Hour
	for name, c := range map[string]struct {
		limits ecloud.Limits
		steps  []step
	}{
		"known browser: five wrong lock": {ecloud.Browser, []step{
			{try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0},
			{try, 0, locked, 5}, {try, 1000 * h, locked, 5},
		}},
		"known browser: four wrong, one right": {ecloud.Browser, []step{
			{try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {success, 0, "", 0},
			{try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, locked, 5},
		}},
		"known browser: the code or the office unlocks": {ecloud.Browser, []step{
			{try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, locked, 5},
			{ecloud.Unlocked, h, "", 0}, {try, h, "", 0}, {try, h, "", 0}, {try, h, "", 0}, {try, h, "", 0}, {try, h, "", 0}, {try, h, locked, 5},
		}},
		"known browser: a try that was not judged does not lock": {ecloud.Browser, []step{
			{try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {try, 0, "", 0}, {ecloud.NotJudged, 0, "", 0},
			{try, 0, "", 0}, {try, 0, locked, 5},
		}},
		"strangers: the delay doubles": {ecloud.Strangers, []step{
			{try, 0, "", 0}, {try, 29 * s, throttled, 1}, {try, 30 * s, "", 0}, {try, 60 * s, throttled, 1}, {try, 90 * s, "", 0},
			{try, 91 * s, throttled, 2}, {try, 90*s + 2*m, "", 0}, {try, 90*s + 3*m, throttled, 3},
		}},
		"strangers: refused tries do not prolong": {ecloud.Strangers, []step{
			{try, 0, "", 0}, {try, 1 * s, throttled, 1}, {try, 2 * s, throttled, 1}, {try, 30 * s, "", 0},
		}},
		"strangers: ten a day": {ecloud.Strangers, []step{
			{try, 0, "", 0}, {try, 1 * h, "", 0}, {try, 2 * h, "", 0}, {try, 3 * h, "", 0}, {try, 4 * h, "", 0}, {try, 5 * h, "", 0},
			{try, 6 * h, "", 0}, {try, 7 * h, "", 0}, {try, 9 * h, "", 0}, {try, 11 * h, "", 0},
			{try, 13 * h, throttled, 11 * 60}, {try, 23 * h, throttled, 60}, {try, 24 * h, "", 0},
		}},
		"strangers: a right one takes back its own try only": {ecloud.Strangers, []step{
			{try, 0, "", 0}, {try, h, "", 0}, {try, 2 * h, "", 0}, {success, 2 * h, "", 0},
			{try, 2*h + time.Minute, throttled, 1}, {try, 2*h + 2*m, "", 0}, {try, 2*h + 3*m, throttled, 1},
		}},
		"strangers: forgotten after two quiet days": {ecloud.Strangers, []step{
			{try, 0, "", 0}, {try, h, "", 0}, {try, 2 * h, "", 0}, {try, 3 * h, "", 0}, {try, 51 * h, "", 0}, {try, 51*h + 30*s, "", 0},
		}},
		"strangers: never locked": {ecloud.Strangers, []step{
			{try, 0, "", 0}, {try, 24 * h, "", 0}, {try, 48 * h, "", 0}, {try, 72 * h, "", 0}, {try, 96 * h, "", 0}, {try, 120 * h, "", 0}, {try, 144 * h, "", 0},
		}},
		"a clock set back": {ecloud.Strangers, []step{{try, h, "", 0}, {try, 0, throttled, 61}, {try, h + 30*s, "", 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			var state ecloud.ThrottleState
			for i, step := range c.steps {
				next, err := c.limits.Next(state, step.event, t0.Add(step.at))
				var refusal *registry.Error
				errors.As(err, &refusal)
				switch {
				case err == nil && step.want != "", err != nil && (refusal == nil || refusal.Key != step.want):
					t.Fatalf("step %d: %v, want %q", i, err, step.want)
				case err != nil && fmt.Sprint(refusal.Args["n"], refusal.Args["tries"]) != fmt.Sprint(number(step, throttled), number(step, locked)):
					t.Fatalf("step %d: %v, want %d", i, refusal.Args, step.n)
				case err != nil && next != state:
					t.Fatalf("step %d: a refused try changed the state", i)
				}
				state = next
			}
		})
	}
	if _, err := ecloud.Browser.Next(ecloud.ThrottleState{}, 99, t0); err == nil || registry.KindOf(err) != 0 {
		t.Errorf("unknown event: %v", err)
	}
}

func number(s step, key string) any {
	if s.want == key {
		return s.n
	}
	return nil
}

// house is what the rows of one holder hold: known browsers apart, strangers
// together; a try goes to the one or the other by its cookie alone.
type house struct {
	known     map[string]ecloud.ThrottleState
	strangers ecloud.ThrottleState
}

// enter makes one whole try and says whether it came to a look at the
// PIN-code, and whether it succeeded.
func (h *house) enter(cookie string, right bool, now time.Time) (looked, in bool) {
	state, known := h.known[cookie]
	limits := ecloud.Browser
	if !known {
		state, limits = h.strangers, ecloud.Strangers
	}
	next, err := limits.Next(state, ecloud.Try, now)
	if err == nil && right {
		next, err = limits.Next(next, ecloud.Success, now)
	}
	if err != nil {
		return false, false
	}
	if known {
		h.known[cookie] = next
	} else {
		h.strangers = next
	}
	return true, right
}

// Nothing that strangers do, however often and at whatever times, keeps a
// browser that is known to the holder from the right PIN-code; and no more
// than twice the daily number of their guesses is looked at in any 24 hours.
func TestStrangersCannotLockTheHolderOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := house{known: map[string]ecloud.ThrottleState{"holder": {}}}
		now := t0
		var guesses []time.Time
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(t, "pause")))
			if rapid.IntRange(0, 9).Draw(t, "who") == 0 {
				if _, in := h.enter("holder", true, now); !in {
					t.Fatalf("the holder is locked out: %+v", h.known["holder"])
				}
				continue
			}
			cookie := rapid.SampledFrom([]string{"", "forged", "of another holder"}).Draw(t, "cookie")
			if looked, _ := h.enter(cookie, false, now); looked {
				guesses = append(guesses, now)
			}
		}
		if _, in := h.enter("holder", true, now); !in {
			t.Fatal("the holder is locked out")
		}
		for i, from := range guesses {
			n := 0
			for _, g := range guesses[i:] {
				if g.Sub(from) < 24*time.Hour {
					n++
				}
			}
			if n > 2*ecloud.Strangers.PerDay {
				t.Fatalf("%d guesses in 24 hours", n)
			}
		}
	})
}

// A holder's own successes from a browser that is not known never buy
// strangers a guess more than they would have had.
func TestSuccessesDoNotHelpStrangers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := house{known: map[string]ecloud.ThrottleState{}}
		now, wrong, start := t0, 0, t0
		for now.Sub(start) < 24*time.Hour {
			if looked, in := h.enter("", rapid.Bool().Draw(t, "right"), now); looked && !in {
				wrong++
			}
			now = now.Add(time.Duration(rapid.Int64Range(int64(10*time.Minute), int64(2*time.Hour)).Draw(t, "pause")))
		}
		if wrong > 2*ecloud.Strangers.PerDay {
			t.Fatalf("%d wrong tries in a day", wrong)
		}
	})
}

// From a stolen known browser there are five guesses, whatever the pace, until
// the holder or the office unlocks it.
func TestKnownBrowserGivesFiveGuesses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s ecloud.ThrottleState
		now, looked := t0, 0
		for range rapid.IntRange(1, 60).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "pause")))
			next, err := ecloud.Browser.Next(s, ecloud.Try, now)
			if err == nil {
				looked++
			}
			s = next
		}
		if looked > ecloud.Browser.LockAfter {
			t.Fatalf("%d guesses", looked)
		}
	})
}

func TestThrottleSubjectsAreKeyedAndApart(t *testing.T) {
	v, w := vault(t, keys(t, "ecloud.1"), ecloud.Options{}), vault(t, keys(t, "ecloud.2"), ecloud.Options{})
	seen := map[string]bool{}
	for _, v := range []*ecloud.Vault{v, w} {
		for _, s := range [][2]string{{"holder", "1/HEAD"}, {"holder", "1/ACCOUNTANT"}, {"source", "1/HEAD"}} {
			b, err := v.ThrottleSubject(t.Context(), s[0], s[1])
			if err != nil || len(b) != 32 || seen[string(b)] {
				t.Errorf("%v: %x %v", s, b, err)
			}
			seen[string(b)] = true
		}
	}
}
