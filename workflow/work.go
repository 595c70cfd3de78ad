package workflow

import (
	"context"
	"sync"
	"time"

	"github.com/tamga-ca/tamga/internal/store"
)

const (
	// issueAtOnce is how many certificates a program asks the CA for in parallel.
	issueAtOnce = 8
)

// job is background work that repeats. It returns whether there is more to do
// at once.
type job struct {
	name  string
	every time.Duration
	// wake is told when this process has made work for the job; nil: never.
	wake <-chan struct{}
	do   func(ctx context.Context) (more bool, err error)
}

func (f *Flow) jobs() []job {
	return append(f.answerJobs(), []job{
		{name: "issuing", every: 500 * time.Millisecond, wake: f.wake, do: func(ctx context.Context) (bool, error) {
			if due, _, err := f.workDue(ctx); err != nil || !due {
				return false, err
			}
			_, err := f.issueDue(ctx)
			return false, err
		}},
		{name: "letters", every: time.Second, do: func(ctx context.Context) (bool, error) {
			if _, due, err := f.workDue(ctx); err != nil || !due {
				return false, err
			}
			n, err := f.SendLetters(ctx, mailBatch)
			return n == mailBatch, err
		}},
		{name: "revoking what was given up", every: 15 * time.Second, do: f.pushAbandoned},
		{name: "revoking many at once", every: 2 * time.Second, do: f.runBatches},
		{name: "telling of revocations that are due", every: 15 * time.Second, do: f.escalate},
		{name: "concluding reports of certificates that are over", every: 15 * time.Second, do: f.endReports},
		{name: "telling the CA of revocations", every: 5 * time.Second, do: f.tellCA},
		{name: "sequencing the journal", every: time.Second, do: f.sequencer()},
		{name: "sealing the journal", every: time.Minute, do: func(ctx context.Context) (bool, error) { return false, f.SealJournal(ctx) }},
		{name: "mailing the checkpoint", every: 10 * time.Minute, do: func(ctx context.Context) (bool, error) { return false, f.MailCheckpoint(ctx) }},
		{name: "journalling failed logins", every: 30 * time.Second, do: func(ctx context.Context) (bool, error) { return false, f.JournalFailures(ctx) }},
		{name: "asking the CA's health", every: 5 * time.Second, do: f.watchCA},
		{name: "ending orders that were not signed in time", every: time.Minute, do: f.endUnsigned},
		{name: "sweeping files", every: time.Hour, do: func(ctx context.Context) (bool, error) {
			_, err := f.SweepFiles(ctx, f.machine())
			return false, err
		}},
		{name: "sweeping sessions", every: time.Hour, do: func(ctx context.Context) (bool, error) {
			return false, f.sweepSessions(ctx)
		}},
		{name: "orders whose money came", every: 5 * time.Second, do: f.wakePaid},
		{name: "orders that nobody pays for", every: time.Minute, do: f.lapseUnpaid},
		{name: "reminding holders", every: 5 * time.Second, do: f.remindHolders},
		{name: "destroying kept keys", every: 10 * time.Minute, do: f.destroyOldKeys},
		{name: "forgetting tries", every: time.Hour, do: f.sweepThrottles},
		{name: "making older certificates findable", every: time.Hour, do: f.markOlder},
	}...)
}

// sweepSessions drops what browsers left behind: sessions that are over, and
// questions that nobody answered in time.
func (f *Flow) sweepSessions(ctx context.Context) error {
	if err := f.store.Sessions(f.machine).Sweep(ctx); err != nil {
		return err
	}
	return f.store.Write(ctx, func(tx *store.Tx) error { return tx.SweepChallenges(f.now().Add(-time.Hour)) })
}

// workDue looks whether there is anything to do, without writing.
func (f *Flow) workDue(ctx context.Context) (enrolments, letters bool, err error) {
	err = f.store.ReadOne(ctx, func(tx *store.Tx) (err error) {
		enrolments, letters, err = tx.WorkDue(f.machine())
		return err
	})
	return enrolments, letters, err
}

// Work does the background work until ctx ends: issuing, letters, upkeep.
// Several programs may do it on one database.
func (f *Flow) Work(ctx context.Context) {
	var all sync.WaitGroup
	for _, j := range f.jobs() {
		all.Go(func() { f.repeat(ctx, j) })
	}
	all.Wait()
}

func (f *Flow) repeat(ctx context.Context, j job) {
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-j.wake:
		}
		more, err := j.do(ctx)
		next := j.every
		switch {
		case err != nil && ctx.Err() == nil:
			f.log.Error("background work", "job", j.name, "err", err)
			next = max(next, 5*time.Second)
		case more:
			next = 0
		}
		tick.Reset(next)
	}
}

// WorkOnce does everything that is due now and returns when nothing is, for
// commands and tests.
func (f *Flow) WorkOnce(ctx context.Context) error {
	for {
		n, err := f.issueDue(ctx)
		if err != nil {
			return err
		}
		if f.mail != nil {
			sent, err := f.SendLetters(ctx, mailBatch)
			if err != nil {
				return err
			}
			n += sent
		}
		if n == 0 {
			break
		}
	}
	_, err := f.pushAbandoned(ctx)
	return err
}

// each does something to every item, at most width at a time, and waits.
func each[T any](items []T, width int, do func(T)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, width)
	for _, item := range items {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(item)
		})
	}
	all.Wait()
}
