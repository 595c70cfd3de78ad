package workflow_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
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
