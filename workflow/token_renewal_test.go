package workflow_test

import (
	"slices"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// A renewal onto the token that the old certificate is on, or onto a new one:
// its memory is looked at before a key is made, the new pair lies beside the
// old, and the old certificate stays to its end.
func TestDT03_DT14_A31_ARenewalOntoTheSameTokenAndOntoANewOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		app, es := o.approved(1)
		client, fresh := newStick("0929441017"), newStick("0929441018")
		var old []*registry.Certificate
		for _, e := range es {
			o.onToken(e.ID, client, workflow.TokenDone)
			old = append(old, o.certificate(e))
		}
		first := o.desk(es[0].ID).Key.Marker
		r := &renewer{issuingOffice: o, app: o.application(app.ID), head: old[0]}
		o.pay(r.app.OrganisationID, 1_000_000, "second")
		id := r.inOffice(nil)
		for _, err := range []error{o.flow.Submit(o.ctx, o.clerk.Actor, id, 0), o.flow.Take(o.ctx, o.clerk.Actor, id)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Contains(r.codes(id), "DT-RUTOKEN2") {
			t.Errorf("no device is asked for: %v", r.codes(id))
		}
		o.settle(id)
		if err := o.flow.Verify(o.ctx, o.clerk.Actor, id, 0); err != nil {
			t.Fatal(err)
		}
		if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
			t.Fatal(err)
		}
		next := o.enrolments(id)

		full := client.Token
		full.FreeMemory = 100
		_, err := o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, next[0].ID, full, [][]byte{old[0].DER})
		wants(t, "a token without room", err, "error.token.memory")
		if o.desk(next[0].ID).Key != nil {
			t.Error("a key was begun on a token without room")
		}
		d, err := o.flow.CheckTokenDevice(o.ctx, o.clerk.Actor, next[0].ID, client.Token, [][]byte{old[0].DER, old[1].DER})
		if err != nil || len(d.Found) != 2 || len(d.Remove.Markers)+len(d.Remove.Certificates) > 0 {
			t.Fatalf("on the token: %+v, to be removed: %+v, %v", d.Found, d.Remove, err)
		}
		o.onToken(next[0].ID, client, workflow.TokenDone)
		o.onToken(next[1].ID, fresh, workflow.TokenReceive)
		if second := o.desk(next[0].ID).Key; second.Marker == first || second.Serial != client.Serial || len(client.keys) != 3 || len(fresh.keys) != 1 {
			t.Errorf("key %s on %s, %d keys on the first token, %d on the second", second.Marker, second.Serial, len(client.keys), len(fresh.keys))
		}
		for i, e := range next {
			c, before := o.certificate(e), o.bySerial(old[i].Serial)
			if !c.NotBefore.Equal(before.NotAfter) || before.Status != registry.CertIssued || !before.UsableAt(o.now()) || c.UsableAt(o.now()) {
				t.Errorf("the next begins %s, the old one is %s to %s", c.NotBefore, before.Status, before.NotAfter)
			}
		}
	})
}
