package workflow_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
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

// Two approvers decide one file, each as they like, while its applicant
// withdraws it and a clerk edits it: one of them is first.
func TestDecisionRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		o.pay(o.organisation(1), 40_00000, "PP-1")
		acts := []registry.Action{registry.ActApprove, registry.ActRefuse, registry.ActSendBack}
		for _, one := range acts {
			for _, other := range acts {
				id := o.verified(1)
				seen := o.application(id).Version
				decide := func(by *colleague, act registry.Action) func() error {
					return func() error { return o.decideOn(by, id, seen, act, "Себеби бар") }
				}
				won := oneOf(t, fmt.Sprintf("%s and %s", one, other), decide(o.approver, one), decide(o.approver2, other))
				if won < 0 {
					continue
				}
				want := map[registry.Action]registry.ApplicationStatus{
					registry.ActApprove: registry.Approved, registry.ActRefuse: registry.Refused, registry.ActSendBack: registry.InReview,
				}[[]registry.Action{one, other}[won]]
				if got := o.application(id).Status; got != want {
					t.Errorf("%s and %s: the file is %s, want %s", one, other, got, want)
				}
				o.read(func(tx *store.Tx) error {
					kept, err := tx.Decisions(id)
					if len(kept) != 1 {
						t.Errorf("%s and %s: %d decisions are kept", one, other, len(kept))
					}
					return err
				})
			}
		}
		for _, act := range acts {
			for what, other := range map[string]func(id registry.ApplicationID, version int64) error{
				"withdraw": func(id registry.ApplicationID, version int64) error {
					return o.flow.Withdraw(ctx, workflow.ByApplicant(id), id, version)
				},
				"edit": func(id registry.ApplicationID, version int64) error {
					return o.flow.Edit(ctx, o.clerk.Actor, id, version, declaration(1), nil)
				},
			} {
				id := o.verified(1)
				version := o.application(id).Version
				oneOf(t, fmt.Sprintf("%s and %s", act, what), func() error { return o.decideOn(o.approver, id, version, act, "Себеби бар") },
					func() error { return other(id, version) })
			}
		}
	})
}

// A clerk's two windows and a colleague at one file.
func TestFileInHandRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		for round := range 4 {
			id := o.submitted(1)
			if err := o.flow.Take(ctx, o.clerk.Actor, id); err != nil {
				t.Fatal(err)
			}
			back := func() error { return o.flow.GiveBack(ctx, o.clerk.Actor, id) }
			oneOf(t, "giving back", back, back)
			if err := o.flow.Take(ctx, o.clerk.Actor, id); err != nil {
				t.Fatal(err)
			}
			version := o.application(id).Version
			oneOf(t, "giving back and assigning", back,
				func() error { return o.flow.Assign(ctx, o.approver.Actor, id, version, o.clerk2.Operator.ID) })
			// Discarding and handing in one draft.
			draft, err := o.flow.NewDraft(ctx, o.clerk.Actor, declaration(round+2), nil)
			if err != nil {
				t.Fatal(err)
			}
			version = o.application(draft.ID).Version
			oneOf(t, "handing in and discarding", func() error { return o.flow.Submit(ctx, o.clerk.Actor, draft.ID, version) },
				func() error { return o.flow.Withdraw(ctx, o.clerk2.Actor, draft.ID, version) })
		}
	})
}

// Every judgement of a document, by two clerks who saw the same version.
func TestDocumentRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		first := o.submitted(1)
		earlier := o.documents(first)["DT-REG-CERT"].ID
		if _, err := o.upload(o.clerk.Actor, earlier, 1); err != nil {
			t.Fatal(err)
		}
		o.settle(first)
		o.put(first, registry.Completed)

		id := o.submitted(1)
		doc := o.documents(id)["DT-REG-CERT"].ID
		version := func() int64 { return o.documents(id)["DT-REG-CERT"].Version }
		acts := map[string]struct {
			from registry.DocumentStatus
			do   func(who workflow.Actor, version int64) error
		}{
			"accept": {registry.DocReceived, func(who workflow.Actor, v int64) error {
				return o.flow.AcceptDocument(ctx, who, doc, v, workflow.Acceptance{})
			}},
			"reject": {registry.DocReceived, func(who workflow.Actor, v int64) error {
				return o.flow.RejectDocument(ctx, who, doc, v, "окулбайт")
			}},
			"waive": {registry.DocMissing, func(who workflow.Actor, v int64) error {
				return o.flow.WaiveDocument(ctx, who, doc, v, "бар")
			}},
			"reopen": {registry.DocAccepted, func(who workflow.Actor, v int64) error {
				return o.flow.ReopenDocument(ctx, who, doc, v)
			}},
			"link": {registry.DocMissing, func(who workflow.Actor, v int64) error {
				return o.flow.LinkDocument(ctx, who, doc, v, earlier)
			}},
		}
		if _, err := o.upload(o.clerk.Actor, doc, 2); err != nil {
			t.Fatal(err)
		}
		for name, a := range acts {
			for other, b := range acts {
				if a.from != b.from {
					continue
				}
				o.putDocument(doc, a.from)
				v := version()
				oneOf(t, name+" and "+other, func() error { return a.do(o.clerk.Actor, v) }, func() error { return b.do(o.clerk2.Actor, v) })
			}
		}

		// What is brought, and not scanned.
		o.storage = registry.Rutoken
		brought := o.documents(o.submitted(2))["DT-RUTOKEN2"]
		oneOf(t, "bringing", func() error { return o.flow.MarkReceived(ctx, o.clerk.Actor, brought.ID, brought.Version) },
			func() error { return o.flow.MarkReceived(ctx, o.clerk2.Actor, brought.ID, brought.Version) })

		// One file, removed from two windows.
		o.putDocument(doc, registry.DocMissing)
		file, err := o.upload(o.clerk.Actor, doc, 3)
		if err != nil {
			t.Fatal(err)
		}
		remove := func() error { return o.flow.RemoveFile(ctx, o.clerk.Actor, file) }
		oneOf(t, "removing a file", remove, remove)
	})
}

// A paper beyond the list, demanded twice from one page; and a link that two
// clerks replace: one of the new ones opens, the old one does not.
func TestDemandAndLinkRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ubr, err := authorities.Load("ubr")
		if err != nil {
			t.Fatal(err)
		}
		o := newOfficeWith(t, s, func(c *workflow.Config) { c.Pack = ubr })
		ctx := context.Background()
		id := o.submitted(1)
		version := o.application(id).Version
		demand := func(who workflow.Actor) func() error {
			return func() error { return o.flow.DemandDocument(ctx, who, id, version, "Лицензия", "керек") }
		}
		oneOf(t, "demanding", demand(o.clerk.Actor), demand(o.clerk2.Actor))

		before, err := o.flow.ReplaceLink(ctx, o.clerk.Actor, id)
		if err != nil {
			t.Fatal(err)
		}
		links := make([]string, 4)
		var all sync.WaitGroup
		for i := range links {
			all.Go(func() {
				var err error
				if links[i], err = o.flow.ReplaceLink(ctx, o.clerk.Actor, id); err != nil {
					t.Errorf("replacing the link: %v", err)
				}
			})
		}
		all.Wait()
		open := 0
		for _, link := range links {
			if o.flow.CheckLink(ctx, id, workflow.LinkHash(link)) == nil {
				open++
			}
		}
		if open != 1 || o.flow.CheckLink(ctx, id, workflow.LinkHash(before)) == nil {
			t.Errorf("%d links open the file", open)
		}
	})
}

// A proposal is decided once, whoever presses; what it proposes is done once.
func TestProposalRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		third := o.hire(registry.Administrator, 8)
		for i, second := range []bool{true, false, true, false} {
			person := employee(20 + i)
			if err := o.flow.Propose(ctx, o.admin.Actor, workflow.ProposeOperator, workflow.NewOperator{
				Person: person, Role: registry.Clerk, Office: o.pack.HeadOffice, Email: fmt.Sprintf("new%d@tamga.example", i),
			}); err != nil {
				t.Fatal(err)
			}
			id := int64(i + 1)
			won := oneOf(t, "deciding on a proposal", func() error { return o.flow.DecideProposal(ctx, o.admin2.Actor, id, true) },
				func() error { return o.flow.DecideProposal(ctx, third.Actor, id, second) })
			n := 0
			o.read(func(tx *store.Tx) error {
				all, err := tx.Operators()
				for _, op := range all {
					if op.Person.PersonalNumber == person.PersonalNumber {
						n++
					}
				}
				return err
			})
			want := 1
			if won == 1 && !second {
				want = 0
			}
			if n != want {
				t.Errorf("round %d: %d accounts were made, want %d", i, n, want)
			}
		}
	})
}

// A counter-entry, and news, from two desks.
func TestCounterEntryAndNewsRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := context.Background()
		org := o.organisation(1)
		o.pay(org, 1000, "PP-1")
		undo := func(by *colleague) func() error {
			return func() error { return o.flow.CorrectTopUp(ctx, by.Actor, 1, "башка уюмдуку") }
		}
		oneOf(t, "undoing a payment", undo(o.clerk), undo(o.approver))
		o.read(func(tx *store.Tx) error {
			b, err := tx.Balance(org)
			if b != 0 {
				t.Errorf("the balance is %d", b)
			}
			return err
		})

		news, err := o.flow.PublishNews(ctx, o.admin.Actor, newsText("Майрам"))
		if err != nil {
			t.Fatal(err)
		}
		edit := func(by *colleague, version int64) func() error {
			return func() error { return o.flow.EditNews(ctx, by.Actor, news, version, newsText("Жаңы")) }
		}
		oneOf(t, "editing news", edit(o.admin, 1), edit(o.admin2, 1))
		oneOf(t, "editing and removing news", edit(o.admin, 2), func() error { return o.flow.RemoveNews(ctx, o.admin2.Actor, news, 2) })
	})
}

// The whole table of what approvers do, walked: every status × decision × role.
func TestDecisionMovesAreObeyed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		id := o.verified(1)
		o.pay(o.application(id).OrganisationID, 4000000, "PP-1")
		for _, status := range registry.ApplicationStatuses {
			for _, act := range []registry.Action{registry.ActApprove, registry.ActRefuse, registry.ActSendBack} {
				for role, who := range o.everybody(id) {
					o.put(id, status)
					_, want := registry.MoveApplication(status, act, role)
					in := decisionInput(o, id, act)
					in.Remark = "Себеби бар"
					_, got := o.flow.AskDecision(t.Context(), who, in)
					if (got == nil) != (want == nil) || want != nil && registry.KindOf(want) != registry.KindOf(got) {
						t.Errorf("%s of a file in %s by %q: got %v, the table says %v", act, status, role, got, want)
					}
					if role != registry.ByApprover || want == nil {
						continue
					}
					// Nor is it done when the question was asked in time.
					o.put(id, registry.Verified)
					in.Version = o.application(id).Version
					q, err := o.flow.AskDecision(t.Context(), who, in)
					if err != nil {
						t.Fatal(err)
					}
					o.put(id, status)
					err = o.flow.Decide(t.Context(), who, in, q.Challenge, o.approver.sign(t, q.Expected))
					if registry.KindOf(err) != registry.Conflict || o.application(id).Status != status {
						t.Errorf("%s signed of a file that is %s since: %v", act, status, err)
					}
				}
			}
		}
	})
}
