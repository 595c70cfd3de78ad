package workflow

import (
	"context"
	"time"
)

// Crash has f called at each step of issuing that has just become final; a
// test ends the "program" there.
func (f *Flow) Crash(at func(step string)) *Flow {
	c := *f
	c.after = at
	return &c
}

// OnMachine sets the machine's clock.
func (f *Flow) OnMachine(now func() time.Time) { f.machine = now }

// IssueDue is one round of a worker.
func (f *Flow) IssueDue(ctx context.Context) (int, error) { return f.issueDue(ctx) }

// PushAbandoned is one round of the upkeep.
func (f *Flow) PushAbandoned(ctx context.Context) (bool, error) { return f.pushAbandoned(ctx) }

// EndUnsigned is one round of the upkeep.
func (f *Flow) EndUnsigned(ctx context.Context) (bool, error) { return f.endUnsigned(ctx) }

// DestroyOldKeys is one round of the upkeep.
func (f *Flow) DestroyOldKeys(ctx context.Context) (bool, error) { return f.destroyOldKeys(ctx) }

// RemindHolders is one round of the background work.
func (f *Flow) RemindHolders(ctx context.Context) (bool, error) { return f.remindHolders(ctx) }

// Follow, Answer, SignAhead, PublishCRL and KeepSigner are one round each of answering
// relying parties.
func (f *Flow) Follow(ctx context.Context) (bool, error)     { return f.followChanges(ctx) }
func (f *Flow) Answer(ctx context.Context) (bool, error)     { return f.answerChanges(ctx) }
func (f *Flow) SignAhead(ctx context.Context) (bool, error)  { return f.signAhead(ctx) }
func (f *Flow) PublishCRL(ctx context.Context) (bool, error) { return f.publishCRL(ctx) }
func (f *Flow) KeepSigner(ctx context.Context) (bool, error) { return f.keepSigner(ctx) }

// Rested lets the next CRL be made at once.
func (f *Flow) Rested() { f.answers.list.rest(0) }

// Unfollowed makes the last look for changes as old as a server's whose
// database is away.
func (f *Flow) Unfollowed() { f.answers.follow.looked.Store(0) }

// TellCA is one round of the upkeep.
func (f *Flow) TellCA(ctx context.Context) (bool, error) { return f.tellCA(ctx) }

// RunBatches is one round of the background work.
func (f *Flow) RunBatches(ctx context.Context) (bool, error) { return f.runBatches(ctx) }

// Escalate is one round of the upkeep.
func (f *Flow) Escalate(ctx context.Context) (bool, error) { return f.escalate(ctx) }

// EndReports is one round of the upkeep.
func (f *Flow) EndReports(ctx context.Context) (bool, error) { return f.endReports(ctx) }
