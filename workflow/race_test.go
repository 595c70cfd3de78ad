package workflow_test

import (
	"sync"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

// oneOf does several things at once of which only one may be done; the others
// must have been refused because somebody was first. It returns which was done.
func oneOf(t *testing.T, what string, do ...func() error) (won int) {
	t.Helper()
	errs := make([]error, len(do))
	var all sync.WaitGroup
	for i, f := range do {
		all.Go(func() { errs[i] = f() })
	}
	all.Wait()
	won = -1
	for i, err := range errs {
		switch {
		case err == nil && won < 0:
			won = i
		case err == nil:
			t.Errorf("%s: %d and %d were both done", what, won, i)
		case registry.KindOf(err) != registry.Conflict && registry.KindOf(err) != registry.NotFound:
			t.Errorf("%s: %d failed: %v", what, i, err)
		}
	}
	if won < 0 {
		t.Errorf("%s: nobody was first: %v", what, errs)
	}
	return won
}
