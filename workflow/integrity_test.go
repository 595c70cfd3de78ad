package workflow_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// What was accepted of one person is not a paper of another: the judgement
// falls when the answers put somebody else in the place.
func TestAnotherPersonsPaperIsJudgedAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		id := o.verified(1)
		d := o.application(id).Declaration
		d.Head = person(99, "Директор")
		if err := o.flow.Edit(ctx, o.clerk.Actor, id, 0, d, nil); err != nil {
			t.Fatal(err)
		}
		docs := o.documents(id)
		for code, want := range map[string]registry.DocumentStatus{
			"DT-HEAD-ID": registry.DocMissing, "DT-ACC-ID": registry.DocAccepted, "DT-REG-CERT": registry.DocAccepted,
		} {
			if got := docs[code].Status; got != want {
				t.Errorf("%s is %s, want %s", code, got, want)
			}
		}
		wantKind(t, o.flow.Verify(ctx, o.clerk.Actor, id, 0), registry.Conflict)
		if err := o.flow.Edit(ctx, o.clerk.Actor, id, 0, o.application(id).Declaration, nil); err != nil {
			t.Fatal(err)
		}
		if got := o.documents(id)["DT-ACC-ID"].Status; got != registry.DocAccepted {
			t.Errorf("an edit that changes nothing leaves %s", got)
		}
	})
}

// A paper that stands in cannot be changed any more: it is of a file that was
// decided.
func TestA12_APaperOfAnUndecidedFileDoesNotStandIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		first := o.submitted(1)
		doc := o.documents(first)["DT-REG-CERT"].ID
		if _, err := o.upload(o.clerk.Actor, doc, 1); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.AcceptDocument(ctx, o.clerk.Actor, doc, 0, workflow.Acceptance{}); err != nil {
			t.Fatal(err)
		}
		now := o.documents(o.submitted(1))["DT-REG-CERT"]
		wantKind(t, o.flow.LinkDocument(ctx, o.clerk.Actor, now.ID, 0, doc), registry.Conflict)
		for _, dead := range []registry.ApplicationStatus{registry.Refused, registry.Withdrawn} {
			o.put(first, dead)
			wantKind(t, o.flow.LinkDocument(ctx, o.clerk.Actor, now.ID, 0, doc), registry.Conflict)
		}
		o.put(first, registry.Completed)
		if err := o.flow.LinkDocument(ctx, o.clerk.Actor, now.ID, 0, doc); err != nil {
			t.Errorf("a paper of a completed file: %v", err)
		}
	})
}

// What stands in is decided on: with another file behind it, the signature is
// for something else.
func TestA12_TheSignatureCoversThePaperThatStandsIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		first := o.submitted(1)
		earlier := o.documents(first)["DT-REG-CERT"].ID
		file, err := o.upload(o.clerk.Actor, earlier, 1)
		if err != nil {
			t.Fatal(err)
		}
		o.settle(first)
		o.put(first, registry.Completed)
		id := o.submitted(1)
		if err := o.flow.Take(ctx, o.clerk.Actor, id); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.LinkDocument(ctx, o.clerk.Actor, o.documents(id)["DT-REG-CERT"].ID, 0, earlier); err != nil {
			t.Fatal(err)
		}
		o.settle(id)
		if err := o.flow.Verify(ctx, o.clerk.Actor, id, 0); err != nil {
			t.Fatal(err)
		}
		in := workflow.DecisionInput{
			ID: id, Version: o.application(id).Version, Action: registry.ActSendBack, Remark: "Кайра караңыз", Text: "Чечим", Origin: "https://ca.example.kg", Session: "browser",
		}
		q, err := o.flow.AskDecision(ctx, o.approver.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		o.write(func(tx *store.Tx) error { return tx.RemoveFile(file, o.now()) })
		if err := o.flow.Decide(ctx, o.approver.Actor, in, q.Challenge, o.approver.sign(t, q.Expected)); keyOf(err) != "error.changed_meanwhile" {
			t.Errorf("the paper is another, the decision: %v", err)
		}
		if err := o.decide(o.approver, id, registry.ActSendBack, in.Remark); err != nil {
			t.Error(err)
		}
	})
}

// Money that an approver let in before the file was begun pays for the file all
// the same.
func TestFourEyesOnMoneyThatCameBeforeTheFile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		org := o.organisation(1)
		big := o.pack.Money.LargeTopUp
		pending, err := o.flow.TopUp(ctx, o.clerk2.Actor, workflow.Payment{
			Organisation: org, Amount: big, Reference: "PP-1", PaidOn: registry.DateOf(o.now(), o.pack.Zone()), Way: registry.BankTransfer,
		})
		if err != nil || !pending {
			t.Fatalf("pending %v, %v", pending, err)
		}
		if err := o.flow.DecideTopUp(ctx, o.approver.Actor, 1, true); err != nil {
			t.Fatal(err)
		}
		o.advance(time.Hour)
		wantKind(t, o.decide(o.approver, o.verified(1), registry.ActApprove, ""), registry.Forbidden)
		if err := o.decide(o.approver2, o.verified(1), registry.ActApprove, ""); err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.decide(o.approver, o.verified(1), registry.ActApprove, ""), registry.Forbidden)
		// Money that is spent is no matter of the next file.
		other := o.submitted(2)
		o.write(func(tx *store.Tx) error {
			b, err := tx.Balance(org)
			if err != nil {
				return err
			}
			_, err = tx.AddAccountEntry(registry.Entry{
				OrganisationID: org, Kind: registry.EntryCharge, Amount: -b, ApplicationID: other, CreatedBy: o.approver2.Operator.ID, CreatedAt: o.now(),
			})
			return err
		})
		o.pay(org, 1_000_000, "PP-2")
		o.advance(time.Hour)
		if err := o.decide(o.approver, o.verified(1), registry.ActApprove, ""); err != nil {
			t.Errorf("with money that others let in: %v", err)
		}
	})
}

// Three administrators who disable each other at once leave two.
func TestRaceOfAdministratorsLeavesTwo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		third := o.hire(registry.Administrator, 8)
		people := []*colleague{o.admin, o.admin2, third}
		for range 8 {
			var wg sync.WaitGroup
			for i, who := range people {
				wg.Go(func() { _ = o.flow.DisableOperator(ctx, who.Actor, people[(i+1)%3].Operator.ID) })
			}
			wg.Wait()
			var left int
			o.read(func(tx *store.Tx) error {
				all, err := tx.Operators()
				for _, op := range all {
					if op.Role == registry.Administrator && !op.Disabled {
						left++
					}
				}
				return err
			})
			if left < 2 {
				t.Fatalf("%d administrators are left", left)
			}
			for _, p := range people {
				_ = o.flow.DisableAtConsole(ctx, workflow.ByConsole("test"), p.Operator.ID, false)
			}
		}
	})
}

// Whoever gets another role has no files in hand any more.
func TestAnotherRoleGivesFilesBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		id := o.submitted(1)
		if err := o.flow.Take(ctx, o.clerk2.Actor, id); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.Propose(ctx, o.admin.Actor, workflow.ProposeRole, workflow.RoleChange{Operator: o.clerk2.Operator.ID, Role: registry.Auditor}); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.DecideProposal(ctx, o.admin2.Actor, 1, true); err != nil {
			t.Fatal(err)
		}
		if got := o.application(id).Assignee; got != 0 {
			t.Errorf("operator %d has the file", got)
		}
	})
}

// A renewal follows a certificate of the same organisation, and what became of
// it since counts.
func TestDT23_ThePredecessorIsTheOrganisationsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		_, es, _ := o.issued(1)
		cert := o.certificate(es[0])
		renewal := func(n int) registry.Declaration {
			d := declaration(n)
			d.Operation = registry.Renewal
			d.Predecessor = &registry.Predecessor{Serial: cert.Serial, NotAfter: cert.NotAfter}
			return d
		}
		draft, err := o.flow.NewDraft(o.ctx, o.clerk.Actor, renewal(2), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = o.flow.Submit(o.ctx, o.clerk.Actor, draft.ID, 0)
		if wantKind(t, err, registry.Invalid); !strings.Contains(fmt.Sprint(err), "predecessor.serial") {
			t.Errorf("another organisation's certificate: %v", err)
		}

		draft, err = o.flow.NewDraft(o.ctx, o.clerk.Actor, renewal(1), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.flow.Submit(o.ctx, o.clerk.Actor, draft.ID, 0); err != nil {
			t.Fatal(err)
		}
		if err := o.flow.Take(o.ctx, o.clerk.Actor, draft.ID); err != nil {
			t.Fatal(err)
		}
		o.settle(draft.ID)
		if err := o.flow.Verify(o.ctx, o.clerk.Actor, draft.ID, 0); err != nil {
			t.Fatal(err)
		}
		if err := o.decide(o.approver, draft.ID, registry.ActApprove, ""); err != nil {
			t.Fatal(err)
		}
		o.revokeFor(cert, "compromised")
		e := o.enrolments(draft.ID)[0]
		o.activate(e.ID, "")
		o.work()
		if got := o.certificate(o.enrolment(e.ID)); got.NotBefore.After(o.now().Add(time.Minute)) {
			t.Errorf("the certificate after a revoked one is usable from %v", got.NotBefore)
		}
	})
}

// The reason of a cancellation is what somebody typed: it may name people, and
// stands in the journal as a commitment only.
func TestTheReasonOfACancellationIsNotWrittenOpenly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, es := o.approved(1)
		wantKind(t, o.flow.CancelEnrolment(o.ctx, o.approver.Actor, es[0].ID, " \n"), registry.Invalid)
		wantKind(t, o.flow.CancelEnrolment(o.ctx, o.approver.Actor, es[0].ID, strings.Repeat("а", 501)), registry.Invalid)
		const secret = "Асанова оорукана"
		if err := o.flow.CancelEnrolment(o.ctx, o.approver.Actor, es[0].ID, secret); err != nil {
			t.Fatal(err)
		}
		o.read(func(tx *store.Tx) error {
			entries, err := tx.JournalAbout(workflow.Application(app.ID), 0, 100)
			committed := false
			for _, e := range entries {
				if strings.Contains(e.Details, secret) {
					t.Errorf("%s tells %s", e.Kind, e.Details)
				}
				committed = committed || e.Kind == "enrolment.cancelled" && len(e.Commitments) > 0
			}
			if !committed {
				t.Error("the reason is not in the journal")
			}
			return err
		})
	})
}

// A holder who presses twice, and operators at work on the same activation,
// wait for each other and never in a circle.
func TestActivationRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		for n := range 4 {
			_, es := o.approved(n + 1)
			for _, e := range es {
				slip, err := o.flow.StartActivation(o.ctx, o.clerk.Actor, e.ID, "")
				if err != nil {
					t.Fatal(err)
				}
				var wg sync.WaitGroup
				fault := func(name string, err error) {
					if err != nil && registry.KindOf(err) == 0 {
						t.Errorf("%s: %v", name, err)
					}
				}
				wg.Go(func() { fault("confirming", o.flow.ConfirmAddress(o.ctx, o.clerk2.Actor, slip.Activation)) })
				wg.Go(func() {
					_, err := o.flow.StartActivation(o.ctx, o.clerk.Actor, e.ID, "")
					fault("starting again", err)
				})
				wg.Go(func() { fault("refusing", o.flow.RefuseAddress(o.ctx, o.clerk2.Actor, slip.Activation)) })
				wg.Wait()

				paper, mailed := o.started(e.ID)
				for range 4 {
					wg.Go(func() {
						_, err := o.flow.Activate(o.ctx, workflow.ActivationInput{Paper: paper, Mail: mailed, PIN: pin, Source: "192.0.2.1"})
						fault("activating", err)
					})
				}
				wg.Wait()
				o.advance(2 * time.Hour) // the throttle of the source
				if got := o.enrolment(e.ID).Status; got != registry.KeyMade {
					t.Errorf("the enrolment is %s", got)
				}
			}
		}
	})
}

// Two letters asked for at once are one letter.
func TestUnlockRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		app, es, _ := o.issued(1)
		holder, err := o.flow.CloudHolder(o.ctx, app.Declaration.Organisation.INN, registry.Head)
		if err != nil {
			t.Fatal(err)
		}
		cert := o.certificate(es[0])
		for round := range 4 {
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					if err := o.flow.RequestUnlock(o.ctx, holder, fmt.Sprintf("192.0.2.%d", round*10+i)); err != nil {
						t.Errorf("asking: %v", err)
					}
				})
			}
			for range 2 {
				wg.Go(func() {
					if _, err := o.flow.UnlockInOffice(o.ctx, o.clerk.Actor, cert.ID); err != nil && registry.KindOf(err) != registry.Conflict {
						t.Errorf("in the office: %v", err)
					}
				})
			}
			wg.Wait()
			o.advance(5 * time.Hour)
		}
	})
}

// An operator's key is an administrator's business, like its making.
func TestAClerkGivesNoCodeForAnOperatorsKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		var e registry.EnrolmentID
		o.read(func(tx *store.Tx) error {
			es, err := tx.EnrolmentsOfOperator(o.approver.Operator.ID)
			e = es[0].ID
			return err
		})
		paper, mailed, err := o.flow.ConsoleActivation(o.ctx, workflow.ByConsole("test"), e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.flow.Activate(o.ctx, workflow.ActivationInput{Paper: paper, Mail: mailed, PIN: pin, Source: "192.0.2.1"}); err != nil {
			t.Fatal(err)
		}
		o.work()
		cert := o.certificate(o.enrolment(e))
		_, err = o.flow.UnlockInOffice(o.ctx, o.clerk.Actor, cert.ID)
		wantKind(t, err, registry.Forbidden)
		if _, err = o.flow.UnlockInOffice(o.ctx, o.admin.Actor, cert.ID); err != nil {
			t.Error(err)
		}
	})
}

// A remark is bounded and clean like every other reason.
func TestRemarksAreBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		id := o.submitted(1)
		if err := o.flow.Take(ctx, o.clerk.Actor, id); err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.flow.AskDocuments(ctx, o.clerk.Actor, id, 0, strings.Repeat("а", 501)), registry.Invalid)
		if err := o.flow.AskDocuments(ctx, o.clerk.Actor, id, 0, "Ку\x00бөлүк\xff"); err != nil {
			t.Fatal(err)
		}
		if got := o.application(id).Remark; got != "Кубөлүк" {
			t.Errorf("the remark is %q", got)
		}
		doc := o.documents(id)["DT-REG-CERT"].ID
		if err := o.flow.WaiveDocument(ctx, o.clerk.Actor, doc, 0, "Бар\x00"); err != nil {
			t.Error(err)
		}
	})
}

// The fee of an order is that of the channel it was sent by, however long the
// decision takes.
func TestA21_TheFeeIsThatOfTheChannelItWasSentBy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOfficeWith(t, s, func(c *workflow.Config) {
			p := *c.Pack
			p.Money.OfficeToo = false
			c.Pack = &p
		})
		d := declaration(1)
		d.Operation, d.Channel, d.Trusted, d.Office = registry.Renewal, registry.Remote, nil, ""
		d.Predecessor = &registry.Predecessor{Serial: "ab12", NotAfter: o.now().Add(time.Hour)}
		org := o.organisation(1)
		var id registry.ApplicationID
		o.write(func(tx *store.Tx) (err error) {
			if id, err = tx.AddApplication(store.NewApplication{Number: "26-9999", LinkHash: "-", Declaration: d, Now: o.now()}); err != nil {
				return err
			}
			app, err := tx.Application(id)
			if err != nil {
				return err
			}
			now := o.now()
			app.Status, app.OrganisationID, app.SubmittedAt = registry.Submitted, org, &now
			return tx.MoveApplication(app, registry.Draft, now)
		})
		quote := func() (q registry.Quote) {
			app := o.application(id)
			o.read(func(tx *store.Tx) (err error) {
				q, err = o.flow.Quote(tx, app, o.now())
				return err
			})
			return q
		}
		before := quote().Total
		o.advance(2 * time.Hour)
		if got := quote().Total; before == 0 || got != before {
			t.Errorf("%d tyiyn before the predecessor ended, %d after", before, got)
		}
	})
}

// With the link that was replaced end the sessions that it opened.
func TestAReplacedLinkEndsItsSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		id := o.submitted(1)
		old, err := o.flow.ReplaceLink(ctx, o.clerk2.Actor, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.flow.CheckLink(ctx, id, workflow.LinkHash(old)); err != nil {
			t.Error(err)
		}
		wantKind(t, o.flow.CheckLink(ctx, o.submitted(2), workflow.LinkHash(old)), registry.Unauthenticated)
		if _, err := o.flow.ReplaceLink(ctx, o.clerk.Actor, id); err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.flow.CheckLink(ctx, id, workflow.LinkHash(old)), registry.Unauthenticated)
		o.read(func(tx *store.Tx) error {
			hands, err := tx.Hands(id)
			for _, h := range hands {
				if h.OperatorID == o.clerk2.Operator.ID {
					return err
				}
			}
			t.Error("whoever has seen the link is no party to the file")
			return err
		})
	})
}

// Money for one of two files pays for one, and a large payment that is decided
// from two desks at once is credited once.
func TestMoneyRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		first, second := o.verified(1), o.verified(1)
		org := o.application(first).OrganisationID
		var fee registry.Tyiyn
		app := o.application(first)
		o.read(func(tx *store.Tx) error {
			q, err := o.flow.Quote(tx, app, o.now())
			fee = q.Total
			return err
		})
		o.pay(org, fee, "PP-1")
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i, id := range []registry.ApplicationID{first, second} {
			by := []*colleague{o.approver, o.approver2}[i]
			wg.Go(func() { errs[i] = o.decide(by, id, registry.ActApprove, "") })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("approving: %v and %v", errs[0], errs[1])
		}
		for _, err := range errs {
			if err != nil {
				wantKind(t, err, registry.Conflict)
			}
		}

		if _, err := o.flow.TopUp(ctx, o.clerk.Actor, workflow.Payment{
			Organisation: org, Amount: o.pack.Money.LargeTopUp, Reference: "PP-2", PaidOn: registry.DateOf(o.now(), o.pack.Zone()), Way: registry.BankTransfer,
		}); err != nil {
			t.Fatal(err)
		}
		for i, by := range []*colleague{o.clerk2, o.approver} {
			wg.Go(func() { errs[i] = o.flow.DecideTopUp(ctx, by.Actor, 2, true) })
		}
		wg.Wait()
		o.read(func(tx *store.Tx) error {
			b, err := tx.Balance(org)
			if b != o.pack.Money.LargeTopUp || (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("balance %d after %v and %v", b, errs[0], errs[1])
			}
			return err
		})
	})
}
