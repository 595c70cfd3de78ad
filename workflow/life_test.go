package workflow_test

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// From the draft to the first login everything is in the journal, which proves
// itself; whoever changes a word of it as the database's owner is found out.
func TestTheJournalOfAWholeLife(t *testing.T) {
	storetest.EachOwned(t, func(t *testing.T, s *store.Store, owner *storetest.Owner) {
		ctx := t.Context()
		o := newIssuingOffice(t, s)
		app, _, browser := o.issued(1)
		if _, err := o.login(app, registry.Head, pin, browser, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		secret, key, err := journal.GenerateKey(rand.Reader, "ca.example.kg/journal")
		if err != nil {
			t.Fatal(err)
		}
		signer, err := journal.NewSigner(secret)
		if err != nil {
			t.Fatal(err)
		}
		known, err := journal.NewVerifier(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.SequenceJournal(ctx, 10_000, true); err != nil {
			t.Fatal(err)
		}
		kept, err := s.SealJournal(ctx, signer, journal.Verifiers{known}, o.now())
		if err != nil {
			t.Fatal(err)
		}
		verify := func() (journal.Report, string) {
			t.Helper()
			var b bytes.Buffer
			if err := s.ReadJournal(ctx, false, func(src journal.Source) error {
				return journal.Export(&b, src, journal.ExportOptions{VerifierKey: key})
			}); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			report, err := journal.Verify(&b, journal.VerifyOptions{Keys: []string{key}, Kept: []string{kept.Note}})
			if err != nil {
				t.Fatal(err)
			}
			return report, text
		}
		report, text := verify()
		if !report.OK() {
			t.Fatal(report.String())
		}
		for _, kind := range []string{
			"application.drafted", "application.submit", "application.take", "application.verify", "account.top_up", "application.approve",
			"enrolment.opened", "activation.started", "activation.address_confirmed", "enrolment.key_made", "enrolment.issuing", "enrolment.issued",
			"enrolment.handed_over", "login.holder", "consent.recorded",
		} {
			if !strings.Contains(text, kind) {
				t.Errorf("the journal does not tell of %s", kind)
			}
		}
		head := app.Declaration.Head
		for _, personal := range []string{string(head.PersonalNumber), head.NameRu.Surname, head.Email, pin} {
			if strings.Contains(text, personal) {
				t.Errorf("the journal tells %s openly", personal)
			}
		}

		owner.Disarm(t)
		owner.Do(t, `UPDATE journal_entries SET actor_id = '6' WHERE kind = 'application.approve'`)
		if report, _ := verify(); report.OK() {
			t.Error("another approver in the journal is not noticed")
		}
	})
}

// The life of a certificate begins with the upload of its papers, also of those
// of an earlier application that stand in; the other signatory's own are not in
// it.
func TestA12_TheLifeHasTheEarlierPapers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		first := o.submitted(1)
		codes := []string{"DT-REG-CERT", "DT-HEAD-ID", "DT-ACC-ID"}
		earlier := o.documents(first)
		for i, code := range codes {
			if _, err := o.upload(o.clerk.Actor, earlier[code].ID, i+1); err != nil {
				t.Fatal(err)
			}
			if err := o.flow.AcceptDocument(o.ctx, o.clerk.Actor, earlier[code].ID, 0, workflow.Acceptance{OriginalSeen: true}); err != nil {
				t.Fatal(err)
			}
		}
		o.settle(first)
		o.put(first, registry.Completed)
		id := o.submitted(1)
		if err := o.flow.Take(o.ctx, o.clerk.Actor, id); err != nil {
			t.Fatal(err)
		}
		now := o.documents(id)
		for _, code := range codes {
			if err := o.flow.LinkDocument(o.ctx, o.clerk.Actor, now[code].ID, 0, earlier[code].ID); err != nil {
				t.Fatal(err)
			}
		}
		o.settle(id)
		if err := o.flow.Verify(o.ctx, o.clerk.Actor, id, 0); err != nil {
			t.Fatal(err)
		}
		o.pay(o.application(id).OrganisationID, 1_000_000, "ref")
		if err := o.decide(o.approver, id, registry.ActApprove, ""); err != nil {
			t.Fatal(err)
		}
		for _, e := range o.enrolments(id) {
			o.activate(e.ID, "")
		}
		o.work()
		for i, want := range [][]bool{{true, true, false}, {true, false, true}} { // the head's, the accountant's
			cert := o.certificate(o.enrolments(id)[i])
			var life *store.Life
			o.read(func(tx *store.Tx) (err error) {
				life, err = tx.Life(cert.Serial)
				return err
			})
			for k, code := range codes {
				about := workflow.Document(earlier[code].ID)
				told := slices.ContainsFunc(life.Entries, func(e journal.Entry) bool { return e.Kind == "document.upload" && slices.Contains(e.Subjects, about) })
				if told != want[k] {
					t.Errorf("the life of the %s's tells of the upload of %s: %v", cert.Role, code, told)
				}
			}
		}
	})
}
