package workflow_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"path/filepath"
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
	for _, db := range []struct{ driver, dsn, triggers string }{
		{"sqlite", filepath.Join(t.TempDir(), "tamga.db"), `DROP TRIGGER journal_entries_no_update`},
		{"pgx", storetest.PostgresDSN(t), `ALTER TABLE journal_entries DISABLE TRIGGER USER`},
	} {
		t.Run(db.driver, func(t *testing.T) {
			ctx := context.Background()
			s, err := store.Open(ctx, store.Config{DSN: db.dsn})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			if err := s.Migrate(ctx); err != nil {
				t.Fatal(err)
			}
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

			owner, err := sql.Open(db.driver, db.dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer owner.Close()
			for _, q := range []string{db.triggers, `UPDATE journal_entries SET actor_id = '6' WHERE kind = 'application.approve'`} {
				if _, err := owner.ExecContext(ctx, q); err != nil {
					t.Fatal(err)
				}
			}
			if report, _ := verify(); report.OK() {
				t.Error("another approver in the journal is not noticed")
			}
		})
	}
}
