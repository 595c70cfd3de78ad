package workflow_test

import (
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// undelivered is a decision on what was issued and not handed over.
func undelivered(id registry.EnrolmentID, again bool, reason string) workflow.UndeliveredDecision {
	return workflow.UndeliveredDecision{ID: id, Again: again, Cause: "device_broken", Reason: reason, Text: "Чечим", Origin: "https://ca.example.kg", Session: "browser"}
}

func (o *issuingOffice) endUndelivered(by *colleague, id registry.EnrolmentID, again bool, reason string) error {
	in := undelivered(id, again, reason)
	q, err := o.flow.AskUndelivered(o.ctx, by.Actor, in)
	if err != nil {
		return err
	}
	return o.flow.EndUndelivered(o.ctx, by.Actor, in, q.Challenge, by.sign(o.t, q.Expected))
}

// signedFor looks for the report and the approver's signature behind a revoked
// certificate, and for the mark that finds it by who revoked it.
func (o *issuingOffice) signedFor(t *testing.T, c *registry.Certificate) {
	t.Helper()
	o.read(func(tx *store.Tx) error {
		reports, err := tx.ReportsOf(c.ID)
		if err != nil || len(reports) != 1 || reports[0].Status != registry.ReportRevoked || reports[0].Way != registry.ByAuthority {
			t.Fatalf("reports %+v, %v", reports, err)
		}
		if d, err := tx.RevocationDecision(reports[0].ID); err != nil || len(d.Signature) == 0 || d.OperatorID != o.approver.Operator.ID {
			t.Errorf("decision %+v, %v", d, err)
		}
		return nil
	})
}

// Every revocation but the holder's own takes an approver's signature: also of
// what nobody has received yet.
func TestWhatWasNotHandedOverIsRevokedByASignature(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		c := o.certificate(es[0])
		for _, who := range []*colleague{o.clerk, o.auditor, o.admin} {
			wantKind(t, o.endUndelivered(who, es[0].ID, false, "Себеп"), registry.Forbidden)
		}
		in := undelivered(es[0].ID, false, "Себеп")
		q, err := o.flow.AskUndelivered(o.ctx, o.approver.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		wantKey(t, o.flow.EndUndelivered(o.ctx, o.approver.Actor, in, q.Challenge, o.approver2.sign(t, q.Expected)), "error.decision.not_your_signature")
		for name, change := range map[string]func(*workflow.UndeliveredDecision){
			"another cause":  func(d *workflow.UndeliveredDecision) { d.Cause = "device_lost" },
			"another reason": func(d *workflow.UndeliveredDecision) { d.Reason = "Башка" },
			"another one":    func(d *workflow.UndeliveredDecision) { d.ID = es[1].ID },
		} {
			if q, err = o.flow.AskUndelivered(o.ctx, o.approver.Actor, in); err != nil {
				t.Fatal(err)
			}
			other := in
			change(&other)
			if err := o.flow.EndUndelivered(o.ctx, o.approver.Actor, other, q.Challenge, o.approver.sign(t, q.Expected)); registry.KindOf(err) != registry.Conflict {
				t.Errorf("%s than was signed: %v", name, err)
			}
		}
		// Whoever entered a report about it does not decide.
		r := called(c, "device_lost")
		entered, err := o.flow.Report(o.ctx, o.approver2.Actor, r)
		if err != nil {
			t.Fatal(err)
		}
		wantKey(t, o.endUndelivered(o.approver2, es[0].ID, false, "Себеп"), "error.report.four_eyes")
		if got := o.certificateBySerial(c.Serial).Status; got != registry.CertIssued {
			t.Fatalf("the certificate is %s", got)
		}
		if err := o.endUndelivered(o.approver, es[0].ID, false, "Себеп"); err != nil {
			t.Fatal(err)
		}
		if got := o.reportNow(entered.ID); got.Status != registry.ReportRevoked || got.Cause != "device_broken" {
			t.Errorf("the report is %s for %s", got.Status, got.Cause)
		}
		if got := o.certificateBySerial(c.Serial).Status; got != registry.CertRevoked {
			t.Errorf("the certificate is %s", got)
		}
	})
}
