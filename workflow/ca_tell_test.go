package workflow_test

import (
	"context"
	"testing"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// The CA is down while certificates are revoked, the program is started again
// meanwhile, and dies once it has told of one and before it has noted that: each
// is told, and noted once.
func TestUB27_TheCAIsToldOfRevocationsWhenItIsBackCrash(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		server, _ := theCA.start(t)
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}
		up := false
		t.Cleanup(func() {
			if !up {
				_ = server.Start(context.Background())
			}
		})
		var certs []*registry.Certificate
		for _, e := range es {
			c := o.certificate(e)
			certs = append(certs, c)
			o.revokeFor(c, "compromised")
		}
		told := func() (n int) {
			for _, c := range certs {
				o.read(func(tx *store.Tx) error {
					knows, refusal, err := tx.CAKnows(c.ID)
					if knows {
						n++
					}
					if refusal != "" {
						t.Errorf("set aside: %s", refusal)
					}
					return err
				})
			}
			return n
		}
		for range 3 {
			if _, err := o.flow.TellCA(o.ctx); err == nil {
				t.Error("a CA that is down was told")
			}
			o.flow = o.again()
		}
		if n := told(); n != 0 {
			t.Errorf("%d are noted as told", n)
		}
		if err := server.Start(o.ctx); err != nil {
			t.Fatal(err)
		}
		up = true
		if step := o.until(1, func(ctx context.Context, f *workflow.Flow) { _, _ = f.TellCA(ctx) }); step != "told the CA" || told() != 0 {
			t.Errorf("died after %q, %d noted", step, told())
		}
		for more := true; more; {
			var err error
			if more, err = o.flow.TellCA(o.ctx); err != nil {
				t.Fatal(err)
			}
		}
		if n := told(); n != len(certs) {
			t.Errorf("%d of %d are told", n, len(certs))
		}
		for _, c := range certs {
			if n := o.journalled(workflow.Certificate(c.Serial), "ca.told"); n != 1 {
				t.Errorf("the journal tells of it %d times", n)
			}
			if err := o.ca.Revoke(o.ctx, c.Serial, ca.KeyCompromise); err != nil { // known there: the same success
				t.Error(err)
			}
		}
	})
}
