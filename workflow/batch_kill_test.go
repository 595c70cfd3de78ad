package workflow_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// TestKilledBatch kills -9 the program that revokes many certificates, after
// steps and at moments of no step, and starts it again: each is revoked once,
// and the list is done once.
func TestKilledBatch(t *testing.T) {
	storetest.EachDSN(t, func(t *testing.T, s *store.Store, dsn string) {
		o := newIssuingOffice(t, s)
		const many = 30
		var certs []*registry.Certificate
		for n := range many {
			certs = append(certs, o.onFile(1, n+1))
		}
		b := o.propose(ofOrganisation(1, many))
		if err := o.signBatch(o.approver2, b); err != nil {
			t.Fatal(err)
		}
		died := 0
		for _, step := range []int{1, 2, 1, 0, 0} {
			var delay time.Duration
			if step == 0 {
				delay = time.Duration(20+rand.IntN(200)) * time.Millisecond
			}
			at := o.killed(victim{DSN: dsn, Batches: true, Step: step}, delay)
			if at != "" {
				died++
			}
			countKill(t, "revoking many", at)
		}
		if died < 3 {
			t.Errorf("the program died %d times", died)
		}
		o.runBatches()
		got, lines, n := o.batchNow(b.Number)
		if got.Status != registry.BatchDone || n != (registry.BatchCounts{Revoked: many}) {
			t.Errorf("%s: %+v\n%+v", got.Status, n, lines)
		}
		for _, c := range certs {
			if n := o.journalled(workflow.Certificate(c.Serial), "certificate.revoked"); n != 1 {
				t.Errorf("%s was revoked %d times", c.Serial, n)
			}
		}
		if n := o.journalled(journal.Subject{Kind: "batch", ID: b.Number}, "batch.done"); n != 1 {
			t.Errorf("done %d times", n)
		}
	})
}
