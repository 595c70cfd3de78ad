package workflow

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// runClock sets the instant a file is due: what the pack promises from its
// submission and verification (DT-20, UB-14, UB-28); where the pack promises
// nothing yet, the end of the next business day, so that no file lies
// unseen. It starts a stopped clock.
func (f *Flow) runClock(app *registry.Application, now time.Time) {
	app.PausedAt = nil
	m := registry.Moments{SentAt: now, AcceptedAt: app.VerifiedAt}
	if app.SubmittedAt != nil {
		m.SentAt = *app.SubmittedAt
	}
	due := f.pack.Deadlines(registry.FactsOf(&app.Declaration), m).Earliest()
	if due == nil {
		end := f.pack.Calendar().EndOfBusinessDay(now, 1)
		due = &end
	}
	app.DueAt = due
}
