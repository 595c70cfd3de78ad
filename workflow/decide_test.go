package workflow_test

import (
	"context"
	"sync"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

func TestDT22_ApprovalChargesOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		id := o.verified(1)
		org := o.application(id).OrganisationID

		// too small a balance leaves everything where it is.
		err := o.decide(o.approver, id, registry.ActApprove, "")
		wantKind(t, err, registry.Conflict)
		if got := o.application(id).Status; got != registry.Verified {
			t.Fatalf("status after a refused approval: %s", got)
		}

		o.pay(org, 500000, "PP-1")
		if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
			t.Fatal(err)
		}
		app := o.application(id)
		if app.Status != registry.Approved || app.Fee != 151000+142000 {
			t.Fatalf("after approval: %s, fee %d", app.Status, app.Fee)
		}
		wantKind(t, o.decide(o.approver, id, registry.ActApprove, ""), registry.Conflict)
		o.read(func(tx *store.Tx) error {
			b, err := tx.Balance(org)
			if b != 500000-app.Fee {
				t.Errorf("balance %d", b)
			}
			ds, err2 := tx.Decisions(id)
			if len(ds) != 1 || len(ds[0].Signature) == 0 {
				t.Errorf("decisions on file: %d", len(ds))
			}
			es, err3 := tx.Enrolments(id)
			if len(es) != 2 {
				t.Errorf("%d enrolments for head and accountant", len(es))
			}
			return firstError(err, err2, err3)
		})
	})
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Two approvers press at once, several times each: one wins, one fee leaves.
func TestApproveRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		id := o.verified(1)
		org := o.application(id).OrganisationID
		o.pay(org, 5000000/2, "PP-1")
		var wg sync.WaitGroup
		won := make(chan bool, 6)
		for i := range 6 {
			by := []*colleague{o.approver, o.approver2}[i%2]
			wg.Go(func() { won <- o.decide(by, id, registry.ActApprove, "") == nil })
		}
		wg.Wait()
		close(won)
		n := 0
		for ok := range won {
			if ok {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d approvals went through", n)
		}
		o.read(func(tx *store.Tx) error {
			b, err := tx.Balance(org)
			if want := registry.Tyiyn(2500000) - o.application(id).Fee; b != want {
				t.Errorf("balance %d, want %d", b, want)
			}
			return err
		})
	})
}

func TestFourEyes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		id := o.verified(1)
		app := o.application(id)
		o.pay(app.OrganisationID, 500000, "PP-1")

		me := o.approver.Operator.Person.PersonalNumber
		judge := func(tx *store.Tx) error {
			app, err := tx.Application(id)
			if err != nil {
				return err
			}
			docs, err := tx.Documents(id)
			if err != nil {
				return err
			}
			return o.flow.MayApprove(tx, o.approver.Actor, app, docs, 0, registry.Quote{})
		}
		if err := s.Read(t.Context(), judge); err != nil {
			t.Fatalf("an uninvolved approver: %v", err)
		}
		for name, involve := range map[string]func(tx *store.Tx) error{
			"touched the file": func(tx *store.Tx) error {
				_, err := tx.AddHand(id, store.Hand{PersonalNumber: me, OperatorID: o.approver.Operator.ID, Act: registry.ActEdit, At: o.now()})
				return err
			},
			"topped up": func(tx *store.Tx) error {
				_, err := tx.AddAccountEntry(registry.Entry{
					OrganisationID: app.OrganisationID, Kind: registry.EntryTopUp, Amount: 1, Reference: "x", CreatedBy: o.clerk.Operator.ID,
					ConfirmedBy: o.approver.Operator.ID, CreatedAt: o.now(),
				})
				return err
			},
			"is a signatory": func(tx *store.Tx) error {
				a, err := tx.LockApplication(id)
				if err != nil {
					return err
				}
				d := a.Declaration
				d.Head.PersonalNumber = me
				return tx.SaveDeclaration(a, &d, nil, o.now())
			},
		} {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				if err := involve(tx); err != nil {
					return err
				}
				if err := judge(tx); registry.KindOf(err) != registry.Forbidden {
					t.Errorf("an approver who %s: %v", name, err)
				}
				return errUndo
			})
			if err != errUndo { //nolint:errorlint // the very value
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

type decision = workflow.DecisionInput

var errUndo = registry.Refuse(registry.Conflict, "undo")

func TestDecisionNeedsOnesOwnSignature(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		id := o.verified(1)
		o.pay(o.application(id).OrganisationID, 500000, "PP-1")
		in := decisionInput(o, id, registry.ActApprove)

		q, err := o.flow.AskDecision(t.Context(), o.approver.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		err = o.flow.Decide(t.Context(), o.approver.Actor, in, q.Challenge, o.approver2.sign(t, q.Expected))
		wantKind(t, err, registry.Forbidden)
		// The question is spent whatever the answer was.
		err = o.flow.Decide(t.Context(), o.approver.Actor, in, q.Challenge, o.approver.sign(t, q.Expected))
		wantKind(t, err, registry.Conflict)

		// Signed for refusing, sent for approving.
		other := in
		other.Action, other.Remark = registry.ActRefuse, "x"
		if q, err = o.flow.AskDecision(t.Context(), o.approver.Actor, other); err != nil {
			t.Fatal(err)
		}
		err = o.flow.Decide(t.Context(), o.approver.Actor, in, q.Challenge, o.approver.sign(t, q.Expected))
		wantKind(t, err, registry.Conflict)

		// Another browser session answers.
		if q, err = o.flow.AskDecision(t.Context(), o.approver.Actor, in); err != nil {
			t.Fatal(err)
		}
		stolen := in
		stolen.Session = "another browser"
		err = o.flow.Decide(t.Context(), o.approver.Actor, stolen, q.Challenge, o.approver.sign(t, q.Expected))
		wantKind(t, err, registry.Conflict)
		if got := o.application(id).Status; got != registry.Verified {
			t.Errorf("status %s", got)
		}
	})
}

func decisionInput(o *office, id registry.ApplicationID, act registry.Action) (in decision) {
	return decision{ID: id, Version: o.application(id).Version, Action: act, Text: "Чечим", Origin: "https://ca.example.kg", Session: "browser"}
}

func TestRefuseAndSendBackNeedAReason(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		id := o.verified(1)
		for _, act := range []registry.Action{registry.ActRefuse, registry.ActSendBack} {
			wantKind(t, o.decide(o.approver, id, act, " "), registry.Invalid)
		}
		if err := o.decide(o.approver, id, registry.ActSendBack, "М-2а: мөөр окулбайт"); err != nil {
			t.Fatal(err)
		}
		if app := o.application(id); app.Status != registry.InReview || app.Remark == "" || app.VerifiedAt != nil {
			t.Errorf("sent back: %+v", app)
		}
		if err := o.flow.Verify(context.Background(), o.clerk.Actor, id, 0); err != nil {
			t.Fatal(err)
		}
		if err := o.decide(o.approver, id, registry.ActRefuse, "Арыз толук эмес"); err != nil {
			t.Fatal(err)
		}
		if app := o.application(id); app.Status != registry.Refused || app.DueAt != nil {
			t.Errorf("refused: %+v", app)
		}
	})
}

// TestARefusalNamesThePapersThatCausedIt: each reason stands with its document,
// signed with the decision, and nowhere else.
func TestARefusalNamesThePapersThatCausedIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		id := o.verified(1)
		bad, good := o.documents(id)["DT-REG-CERT"].ID, o.documents(id)["DT-HEAD-ID"].ID
		in := workflow.DecisionInput{
			ID: id, Version: o.application(id).Version, Action: registry.ActRefuse, Text: "Чечим", Origin: "https://ca.example.kg", Session: "browser",
			Reasons: map[registry.DocumentID]string{bad: " Күбөлүк башка уюмдуку ", good: " "},
		}
		q, err := o.flow.AskDecision(t.Context(), o.approver.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		other := in
		other.Reasons = map[registry.DocumentID]string{good: "Башка себеп"}
		if err := o.flow.Decide(t.Context(), o.approver.Actor, other, q.Challenge, o.approver.sign(t, q.Expected)); registry.KindOf(err) == 0 {
			t.Errorf("other reasons than were signed: %v", err)
		}
		if q, err = o.flow.AskDecision(t.Context(), o.approver.Actor, in); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.Decide(t.Context(), o.approver.Actor, in, q.Challenge, o.approver.sign(t, q.Expected)); err != nil {
			t.Fatal(err)
		}
		if app := o.application(id); app.Status != registry.Refused {
			t.Errorf("the file is %s", app.Status)
		}
		for code, d := range o.documents(id) {
			switch {
			case d.ID == bad && (d.Status != registry.DocRejected || d.Reason != "Күбөлүк башка уюмдуку"):
				t.Errorf("%s is %s for %q", code, d.Status, d.Reason)
			case d.ID != bad && (d.Status == registry.DocRejected || d.Reason != ""):
				t.Errorf("%s has become %s for %q", code, d.Status, d.Reason)
			}
		}
	})
}
