package workflow_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// Everything of an organisation: what is suspended, reported or not handed over
// yet is revoked with the rest, the holders are written to, the keys are never
// certified again, and the report names each.
func TestBatchOfAnOrganisation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		head, accountant := o.certificate(es[0]), o.certificate(es[1])
		other := o.onFile(2, 1)
		said := called(head, "device_lost")
		said.Suspend = true
		r := o.report(said)
		since := o.now().Add(-time.Hour)
		in := ofOrganisation(1, 2)
		in.InvalidSince = &since
		b := o.propose(in)
		if got := o.letters("batch_proposed"); len(got) != 2 {
			t.Errorf("told of the list: %v", got)
		}
		o.runBatches()
		if got := o.bySerial(accountant.Serial).Status; got != registry.CertIssued {
			t.Fatalf("before the signature the certificate is %s", got)
		}
		if err := o.signBatch(o.approver2, b); err != nil {
			t.Fatal(err)
		}
		o.runBatches()
		for _, c := range []*registry.Certificate{head, accountant} {
			got := o.bySerial(c.Serial)
			if got.Status != registry.CertRevoked || got.StatusReason != 1 || got.InvalidSince == nil || !got.InvalidSince.Equal(since) {
				t.Errorf("%s is %s, reason %d, suspected since %v", c.HolderName, got.Status, got.StatusReason, got.InvalidSince)
			}
			if n := o.journalled(workflow.Certificate(c.Serial), "certificate.revoked"); n != 1 {
				t.Errorf("revoked %d times", n)
			}
			if n := o.journalled(workflow.Certificate(c.Serial), "key.blocked"); n != 1 {
				t.Errorf("the key is blocked %d times", n)
			}
		}
		if got := o.bySerial(other.Serial).Status; got != registry.CertIssued {
			t.Errorf("another organisation's certificate is %s", got)
		}
		if got := o.reportNow(r.ID).Status; got != registry.ReportRevoked {
			t.Errorf("the open report is %s", got)
		}
		for _, e := range es {
			if got := o.enrolment(e.ID).Status; got != registry.Cancelled {
				t.Errorf("what was to be handed over is %s", got)
			}
		}
		got, lines, n := o.batchNow(b.Number)
		if got.Status != registry.BatchDone || got.FinishedAt == nil || n != (registry.BatchCounts{Revoked: 2}) {
			t.Errorf("the list is %s: %+v", got.Status, n)
		}
		for _, l := range lines {
			if l.Status != "revoked" || l.DoneAt == nil || l.CATold || l.Organisation.INN != in.Criteria.INN {
				t.Errorf("the report says %+v", l)
			}
		}
		if _, err := o.flow.TellCA(o.ctx); err != nil {
			t.Fatal(err)
		}
		if _, lines, _ = o.batchNow(b.Number); !lines[0].CATold || !lines[1].CATold {
			t.Error("the report does not say that the CA was told")
		}
		for _, kind := range []string{"batch.proposed", "batch.signed", "batch.done"} {
			if n := o.journalled(journal.Subject{Kind: "batch", ID: b.Number}, kind); n != 1 {
				t.Errorf("%s stands %d times in the journal", kind, n)
			}
		}
		if got := o.letters("revoked"); len(got) < 2 {
			t.Errorf("letters went to %v", got)
		}
		o.signedBy(t, o.approver2)
	})
}

// signedBy looks for a list among its signer's decisions.
func (o *issuingOffice) signedBy(t *testing.T, by *colleague) {
	t.Helper()
	var decisions []store.DecisionCount
	o.read(func(tx *store.Tx) (err error) {
		decisions, err = tx.DecisionsBetween(o.now().Add(-time.Hour), o.now().Add(time.Hour))
		return err
	})
	if !slices.Contains(decisions, store.DecisionCount{ActorID: strconv.FormatInt(int64(by.Operator.ID), 10), Kind: "batch.signed", N: 1}) {
		t.Errorf("the list is among nobody's decisions: %+v", decisions)
	}
}

// A model of token, a key, and the time of issue; each finds its own, and what
// is revoked already or over is named and left.
func TestA35_BatchByModelKeyAndIncident(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newTokenOffice(t, s)
		app, es := o.approved(1)
		o.onToken(es[0].ID, newStick("0912345678"), workflow.TokenDone)
		onToken := o.certificate(o.enrolments(app.ID)[0])
		one, two := o.onFile(2, 1), o.onFile(2, 2)

		b := o.propose(workflow.NewBatch{Choice: registry.ChosenByTokenModel, Criteria: registry.BatchCriteria{Model: "Rutoken ECP"}, Cause: "device_broken", Remark: "Үлгү иштен чыкты", Confirm: 1})
		if _, lines, _ := o.batchNow(b.Number); lines[0].Serial != onToken.Serial {
			t.Errorf("chosen by model: %+v", lines)
		}
		wrong := workflow.NewBatch{Choice: registry.ChosenByKey, Criteria: registry.BatchCriteria{Key: one.PublicKeyHash}, Cause: "device_broken", Remark: "x", Confirm: 1}
		_, err := o.flow.ProposeBatch(o.ctx, o.approver.Actor, wrong)
		wantKey(t, err, "error.batch.key_cause")
		wrong.Cause = "compromised"
		byKey := o.propose(wrong)
		if err := o.signBatch(o.approver2, byKey); err != nil {
			t.Fatal(err)
		}
		o.runBatches()
		o.read(func(tx *store.Tx) error {
			blocked, err := tx.KeysBlocked([]string{one.PublicKeyHash})
			if !blocked[one.PublicKeyHash] {
				t.Error("the key may be certified again")
			}
			return err
		})

		from, to := o.now().Add(-time.Hour*24*365), o.now().Add(time.Hour)
		in := workflow.NewBatch{Choice: registry.ChosenByIncident, Criteria: registry.BatchCriteria{From: &from, To: &to}, Cause: "compromised", Remark: "Борбордогу окуя", Confirm: 2}
		o.read(func(tx *store.Tx) error {
			p, err := tx.PreviewBatch(in.Choice, in.Criteria, o.now())
			if p.Waiting != 2 || p.SkippedRevoked != 1 || p.Organisations != 2 || p.Employees < 5 {
				t.Errorf("the preview says %+v", p)
			}
			lines, err2 := tx.PreviewLines(in.Choice, in.Criteria, o.now(), 0, 100)
			if len(lines) != 3 {
				t.Errorf("the preview names %d", len(lines))
			}
			if err2 != nil {
				return err2
			}
			return err
		})
		// An incident of one storage, or of one office, leaves the others alone.
		for name, c := range map[string]struct {
			storage registry.Storage
			office  registry.OfficeCode
			want    int
		}{
			"what tokens hold": {registry.Rutoken, "", 1}, "what the E-Cloud keeps": {registry.ECloud, "", 1}, "Bishkek's": {"", "BISHKEK", 1},
			"Osh's": {"", "OSH", 0}, "tokens from Bishkek": {registry.Rutoken, "BISHKEK", 1}, "the E-Cloud from Bishkek": {registry.ECloud, "BISHKEK", 0},
		} {
			narrow := in.Criteria
			narrow.Storage, narrow.Office = c.storage, c.office
			o.read(func(tx *store.Tx) error {
				p, err := tx.PreviewBatch(in.Choice, narrow, o.now())
				if p.Waiting != c.want {
					t.Errorf("%s: %d would be revoked, want %d", name, p.Waiting, c.want)
				}
				return err
			})
		}
		narrow := in
		narrow.Criteria.Storage, narrow.Confirm = registry.Rutoken, 1
		if _, lines, _ := o.batchNow(o.propose(narrow).Number); len(lines) != 1 || lines[0].Serial != onToken.Serial {
			t.Errorf("chosen by incident and storage: %+v", lines)
		}
		incident := o.propose(in)
		if err := o.signBatch(o.approver2, incident); err != nil {
			t.Fatal(err)
		}
		o.advance(two.NotAfter.Sub(o.now()) + time.Minute) // everything is over now
		o.runBatches()
		got, lines, n := o.batchNow(incident.Number)
		if got.Status != registry.BatchDone || n != (registry.BatchCounts{SkippedRevoked: 1, SkippedOver: 2}) {
			t.Errorf("%s: %+v\n%+v", got.Status, n, lines)
		}
		if got := o.bySerial(two.Serial).Status; got != registry.CertIssued {
			t.Errorf("a certificate that is over is %s", got)
		}
	})
}

func TestBatchesAreJudged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		o.onFile(1, 1)
		future := o.now().Add(time.Hour)
		for key, change := range map[string]func(*workflow.NewBatch){
			"error.batch.confirm":      func(in *workflow.NewBatch) { in.Confirm = 2 },
			"error.certificate.reason": func(in *workflow.NewBatch) { in.Cause = "suspended" },
			"error.reason.required":    func(in *workflow.NewBatch) { in.Remark = " " },
			"error.report.future":      func(in *workflow.NewBatch) { in.InvalidSince = &future },
			"error.batch.empty":        func(in *workflow.NewBatch) { in.Criteria.INN = "00503201719999" },
			"error.required":           func(in *workflow.NewBatch) { in.Criteria.INN = "" },
			"error.batch.key": func(in *workflow.NewBatch) {
				in.Choice, in.Criteria = registry.ChosenByKey, registry.BatchCriteria{Key: "12"}
			},
			"error.batch.period": func(in *workflow.NewBatch) {
				now := o.now()
				in.Choice, in.Criteria = registry.ChosenByIncident, registry.BatchCriteria{From: &future, To: &now}
			},
		} {
			in := ofOrganisation(1, 1)
			change(&in)
			_, err := o.flow.ProposeBatch(o.ctx, o.approver.Actor, in)
			wantKey(t, err, key)
		}
	})
}

// Every status, action and role: only an approver proposes, only another one
// signs, any approver rejects, and nothing that was decided is decided again.
func TestBatchFourEyes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		o.onFile(1, 1)
		reject := func(by *colleague, b *registry.Batch) error {
			return o.flow.RejectBatch(o.ctx, by.Actor, b.ID, b.Version)
		}
		for _, who := range []*colleague{o.clerk, o.auditor, o.admin} {
			_, err := o.flow.ProposeBatch(o.ctx, who.Actor, ofOrganisation(1, 1))
			wantKind(t, err, registry.Forbidden)
		}
		proposed, rejected := o.propose(ofOrganisation(1, 1)), o.propose(ofOrganisation(1, 1))
		for _, who := range []*colleague{o.clerk, o.auditor, o.admin} {
			wantKind(t, o.signBatch(who, proposed), registry.Forbidden)
			wantKind(t, reject(who, proposed), registry.Forbidden)
		}
		wantKey(t, o.signBatch(o.approver, proposed), "error.batch.four_eyes")

		// The signature is the approver's own, over this list.
		in := workflow.BatchDecision{ID: proposed.ID, Version: proposed.Version, Text: "x", Origin: origin, Session: session}
		q, err := o.flow.AskBatchDecision(o.ctx, o.approver2.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		wantKey(t, o.flow.SignBatch(o.ctx, o.approver2.Actor, in, q.Challenge, o.approver.sign(t, q.Expected)), "error.decision.not_your_signature")
		if q, err = o.flow.AskBatchDecision(o.ctx, o.approver2.Actor, in); err != nil {
			t.Fatal(err)
		}
		other := in
		other.ID = rejected.ID
		wantKey(t, o.flow.SignBatch(o.ctx, o.approver2.Actor, other, q.Challenge, o.approver2.sign(t, q.Expected)), "error.changed_meanwhile")

		if err := reject(o.approver, rejected); err != nil {
			t.Fatal(err)
		}
		if err := o.signBatch(o.approver2, proposed); err != nil {
			t.Fatal(err)
		}
		decided := func(number string) {
			t.Helper()
			b, _, _ := o.batchNow(number)
			wantKey(t, o.signBatch(o.approver2, b), "error.changed_meanwhile")
			wantKey(t, reject(o.approver2, b), "error.changed_meanwhile")
		}
		decided(rejected.Number)
		decided(proposed.Number) // it runs
		o.runBatches()
		decided(proposed.Number) // it is done
		if b, _, n := o.batchNow(rejected.Number); b.Status != registry.BatchRejected || n.Waiting != 1 {
			t.Errorf("what was rejected is %s: %+v", b.Status, n)
		}
	})
}

// Whoever holds one of the certificates does not sign the list.
func TestBatchOfAnApproversOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		c := *o.onFile(1, 1)
		own := o.certificateOf(o.approver2, 1)
		b := o.propose(ofOrganisation(1, 2))
		wantKey(t, o.signBatch(o.approver2, b), "error.report.own_certificate")
		if got := o.bySerial(own.Serial).Status; got != registry.CertIssued || o.bySerial(c.Serial).Status != registry.CertIssued {
			t.Errorf("it is %s", got)
		}
	})
}

// Two approvers sign at once: one signature counts. Several servers carry the
// list out while a certificate of it is revoked singly: each is revoked once.
func TestBatchRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		const many = 12
		var certs []*registry.Certificate
		for n := range many {
			certs = append(certs, o.onFile(1, n+1))
		}
		third := o.hire(registry.Approver, 8)
		r := o.report(called(certs[3], "device_lost"))
		b := o.propose(ofOrganisation(1, many))
		if n := winners(6, func(i int) error { return o.signBatch([]*colleague{o.approver2, third}[i%2], b) }); n != 1 {
			t.Fatalf("%d signatures went through", n)
		}
		servers := []*workflow.Flow{o.flow, o.again(), o.again()}
		if n := winners(4, func(i int) error {
			if i == 3 {
				_ = o.decideReport(o.approver2, r.ID, registry.ReportRevoke, "device_lost", "")
				return nil
			}
			_, err := servers[i].RunBatches(o.ctx)
			return err
		}); n != 4 {
			t.Error("carrying it out failed")
		}
		o.runBatches()
		got, _, n := o.batchNow(b.Number)
		if got.Status != registry.BatchDone || n.Waiting != 0 || n.Revoked+n.SkippedRevoked != many || n.SkippedRevoked > 1 {
			t.Errorf("%s: %+v", got.Status, n)
		}
		for _, c := range certs {
			if n := o.journalled(workflow.Certificate(c.Serial), "certificate.revoked"); n != 1 {
				t.Errorf("revoked %d times", n)
			}
		}
		if n := o.journalled(journal.Subject{Kind: "batch", ID: b.Number}, "batch.done"); n != 1 {
			t.Errorf("done %d times", n)
		}
		if got := o.reportNow(r.ID).Status; got != registry.ReportRevoked {
			t.Errorf("the report is %s", got)
		}
	})
}
