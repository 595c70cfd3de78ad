package workflow

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const (
	// followEvery is how often a process looks for changes that others made;
	// its own take effect before they are acknowledged.
	followEvery = 200 * time.Millisecond
	// followedWithin is how long after the last look kept answers are still
	// given. Later the database is asked for each, and if it does not answer
	// nothing is said: "good" is never a guess.
	followedWithin = time.Second
	// followPage is how many changes are read at once.
	followPage = 1000
	// followGap is how long an id that was left out is looked for: longer than
	// any transaction takes to commit.
	followGap = 5 * time.Minute
)

// follower is how far a process has seen changes of status. Ids are given when
// a transaction writes and seen when it commits, so that a greater one may be
// seen first: those between are looked for again.
type follower struct {
	mu      sync.Mutex
	begun   bool
	last    int64
	missing map[int64]time.Time // since when

	looked atomic.Int64 // when the last good look began, of start's clock
}

var start = time.Now() // a monotonic origin

func (f *follower) age() time.Duration {
	looked := f.looked.Load()
	if looked == 0 {
		return time.Since(start)
	}
	return time.Since(start) - time.Duration(looked)
}

// current says that kept answers hold.
func (f *follower) current() bool { return f.looked.Load() != 0 && f.age() < followedWithin }

// followChanges forgets the kept answers of what has changed.
func (f *Flow) followChanges(ctx context.Context) (more bool, err error) {
	a := f.answers
	began := time.Since(start)
	a.follow.mu.Lock()
	defer a.follow.mu.Unlock()
	if !a.follow.begun {
		if err := f.beginFollowing(ctx); err != nil {
			return false, err
		}
	}
	var found []registry.StatusChange
	err = f.store.Read(ctx, func(tx *store.Tx) (err error) {
		found, err = tx.StatusChangesSince(a.follow.last, a.follow.wanted(time.Now()), followPage)
		return err
	})
	if err != nil {
		return false, err
	}
	serials := make([]registry.Serial, len(found))
	for i, c := range found {
		serials[i] = c.Serial
		a.follow.saw(c.ID, time.Now())
	}
	if len(serials) > 0 {
		a.kept.forget(serials)
		nudge(a.answer)
		nudge(a.publish)
	}
	if more = len(found) == followPage; !more {
		a.follow.looked.Store(int64(began))
	}
	return more, nil
}

// beginFollowing starts a little before the latest change, so that what is
// about to commit is found among those left out.
func (f *Flow) beginFollowing(ctx context.Context) error {
	var last int64
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		last, err = tx.LastStatusChange()
		return err
	}); err != nil {
		return err
	}
	f.answers.kept.forgetAll()
	f.answers.follow.last, f.answers.follow.missing, f.answers.follow.begun = max(0, last-200), map[int64]time.Time{}, true
	return nil
}

// wanted are the ids to look for again; those that were rolled back are given
// up.
func (f *follower) wanted(now time.Time) []int64 {
	var out []int64
	for id, since := range f.missing {
		if now.Sub(since) > followGap {
			delete(f.missing, id)
			continue
		}
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

func (f *follower) saw(id int64, now time.Time) {
	for between := f.last + 1; between < id; between++ {
		f.missing[between] = now
	}
	delete(f.missing, id)
	f.last = max(f.last, id)
}
