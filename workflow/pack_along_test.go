package workflow_test

import (
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// The pack of a certificate that was revoked along with the one before it holds
// the signature that named both, and the check follows it.
func TestEvidencePackOfOneRevokedAlong(t *testing.T) {
	for name, holder := range map[string]bool{"by an approver": false, "by its holder": true} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				o := newSealedOffice(t, s)
				r, next := renewedIn(t, o.issuingOffice)
				revoke := func() error { return r.revokeBeside(r.head, "compromised", registry.WaitingRevoke) }
				if !holder {
					id := o.report(called(r.head, "compromised")).ID
					revoke = func() error { return o.decideBeside(o.approver2, id, "compromised", registry.WaitingRevoke) }
				}
				if err := revoke(); err != nil {
					t.Fatal(err)
				}
				o.tell()
				kept := o.seal()
				pack := o.pack(workflow.PackRequest{Serials: []registry.Serial{r.head.Serial, next.Serial}, Kept: kept})
				if got := o.check(pack, kept); !got.OK() || got.Certificates != 2 {
					t.Errorf("%+v\n%s", got, got)
				}
			})
		})
	}
}

// What was revoked before anybody received it was revoked by a signature, and
// its pack says so.
func TestEvidencePackOfOneNotHandedOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newSealedOffice(t, s)
		_, es, _ := o.issued(1)
		o.catchUp()
		c := o.certificate(es[0])
		if err := o.endUndelivered(o.approver, es[0].ID, false, "Кардар келген жок"); err != nil {
			t.Fatal(err)
		}
		o.tell()
		kept := o.seal()
		pack := o.pack(workflow.PackRequest{Serials: []registry.Serial{c.Serial}, Kept: kept})
		if got := o.check(pack, kept); !got.OK() || got.Certificates != 1 || got.Signatures != 2 {
			t.Errorf("%+v\n%s", got, got)
		}
	})
}
