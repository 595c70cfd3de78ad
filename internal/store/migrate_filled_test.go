package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/pgtest"
	"github.com/tamga-ca/tamga/internal/registry"
)

// beforeSearch is the last version without the auditors' search.
const beforeSearch = 12

// A database that is full of certificates gets the auditors' search: what is
// there is found, once background work has come by, and the world knew of each
// change when it was first told, by an answer or by a list.
func TestMigrationOfCertificatesFromBeforeTheSearch(t *testing.T) {
	for name, dsn := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "tamga.db"), "postgres": pgtest.New(t).Owner} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			s, err := Open(ctx, Config{DSN: dsn})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			p, err := s.provider()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.UpTo(ctx, beforeSearch); err != nil {
				t.Fatal(err)
			}
			at := time.Date(2026, 3, 1, 5, 0, 0, 123456000, time.UTC)
			if err := s.Write(ctx, func(tx *Tx) error { return fillOlder(tx, at) }); err != nil {
				t.Fatal(err)
			}
			if err := s.Migrate(ctx); err != nil {
				t.Fatal(err)
			}
			if err := s.CheckVersion(ctx); err != nil {
				t.Error(err)
			}
			for n := 1; n > 0; {
				if err := s.Write(ctx, func(tx *Tx) (err error) {
					n, err = tx.MarkOlder(2)
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Read(ctx, func(tx *Tx) error { return olderFound(t, tx, at) }); err != nil {
				t.Error(err)
			}
			// What comes now is marked with its issue, beside the older ones.
			if err := s.Write(ctx, func(tx *Tx) error {
				_, err := tx.AddCertificate(registry.Certificate{
					Serial: "bb", Profile: registry.HolderProfile, OrganisationID: 1, PersonalNumber: "11405198100001", HolderName: "Асанова Гүлнара", Role: registry.Head,
					Storage: registry.ECloud, NotBefore: at, NotAfter: at.AddDate(1, 0, 0), DER: []byte{0x30}, SHA256: "bb", PublicKeyHash: "bb", IssuedAt: at.Add(time.Hour),
				})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if err := s.Read(ctx, func(tx *Tx) error {
				found, err := tx.SearchCertificates(CertificateSearch{Person: "асанова", Limit: 10})
				if !slices.Equal(found.IDs, []registry.CertificateID{6, 5, 4, 3, 2, 1}) {
					t.Errorf("found %v", found.IDs)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// fillOlder adds an organisation, an application and five certificates with
// their changes, as that version had them.
func fillOlder(tx *Tx, at time.Time) error {
	run := func(query string, args ...any) error {
		_, err := tx.exec(query, args...)
		return err
	}
	steps := []func() error{
		func() error {
			return run(`INSERT INTO organisations (inn, kind, name_ru, name_ky, requisites, created_at, updated_at) VALUES (?, 'LEGAL_ENTITY', 'x', 'x', '{}', ?, ?)`, "00503201719901", at, at)
		},
		func() error {
			return run(`INSERT INTO applications (number, link_hash, status, is_open, operation, channel, storage, office, organisation_id, inn, declaration, input, language, created_at, updated_at, queue_at)
				VALUES ('26-0001', 'x', 'approved', TRUE, 'FIRST_ISSUE', 'OFFICE', 'RUTOKEN', 'OSH', 1, '00503201719901', '{}', '{}', 'ky', ?, ?, ?)`, at, at, at)
		},
		func() error {
			return run(`INSERT INTO signatories (application_id, role, personal_number, requisites) VALUES (1, 'HEAD', '11405198100001', '{}')`)
		},
		func() error {
			return run(`INSERT INTO enrolments (application_id, signatory_id, status, csr, serial, fee, created_at, updated_at) VALUES (1, 1, 'issued', ?, 'aa1', 0, ?, ?)`, []byte{1}, at, at)
		},
	}
	for _, do := range steps {
		if err := do(); err != nil {
			return err
		}
	}
	for n := 1; n <= 5; n++ {
		status, storage, statusAt, enrolment := "issued", "ECLOUD", (*time.Time)(nil), (*int64)(nil)
		if n > 1 {
			status = "revoked"
			statusAt = &at
		}
		if n == 1 {
			storage, enrolment = "RUTOKEN", new(int64(1))
		}
		serial := fmt.Sprint("aa", n)
		if err := run(`INSERT INTO certificates (serial, profile, enrolment_id, organisation_id, personal_number, holder_name, role, storage, not_before, not_after, der, sha256, public_key_hash,
			status, status_reason, status_at, issued_at) VALUES (?, 'holder', ?, 1, '11405198100001', 'Асанова Гүлнара', 'HEAD', ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`,
			serial, enrolment, storage, at, at.AddDate(1, 0, 0), []byte{0x30}, serial, serial, status, statusAt, at.Add(time.Duration(n)*time.Minute)); err != nil {
			return err
		}
	}
	if err := run(`INSERT INTO crls (number, source, this_update, next_update, made_at, entries, size, sha256) VALUES (7, 'own', ?, ?, ?, 1, 1, ?)`,
		at, at.Add(time.Hour), at.Add(5*time.Minute), fmt.Sprintf("%064d", 7)); err != nil {
		return err
	}
	// Told by an answer alone, by the list alone, by the answer first, and by
	// nothing yet.
	for serial, c := range map[string]struct {
		answered *time.Time
		list     *int64
	}{
		"aa2": {new(at.Add(3 * time.Minute)), nil}, "aa3": {nil, new(int64(7))}, "aa4": {new(at.Add(9 * time.Minute)), new(int64(7))}, "aa5": {nil, nil},
	} {
		var answer []byte
		if c.answered != nil {
			answer = []byte{1}
		}
		if err := run(`INSERT INTO status_changes (serial, status, reason, at, ocsp_at, ocsp_answer, crl_number) VALUES (?, 'revoked', 1, ?, ?, ?, ?)`, serial, at, c.answered, answer, c.list); err != nil {
			return err
		}
	}
	return nil
}

func olderFound(t *testing.T, tx *Tx, at time.Time) error {
	t.Helper()
	for name, c := range map[string]struct {
		f    CertificateSearch
		want []registry.CertificateID
	}{
		"by name":         {CertificateSearch{Person: "Гулнара асанова"}, []registry.CertificateID{5, 4, 3, 2, 1}},
		"by number":       {CertificateSearch{Person: "11405198100001", Storage: registry.Rutoken}, []registry.CertificateID{1}},
		"by office":       {CertificateSearch{Office: "OSH"}, []registry.CertificateID{1}},
		"by channel":      {CertificateSearch{Channel: registry.Office}, []registry.CertificateID{1}},
		"by reason":       {CertificateSearch{Code: "1"}, []registry.CertificateID{5, 4, 3, 2}},
		"by state":        {CertificateSearch{State: registry.StateRevoked, At: at.Add(time.Hour)}, []registry.CertificateID{5, 4, 3, 2}},
		"by publication":  {CertificateSearch{Order: DatePublic}, []registry.CertificateID{4, 3, 2}},
		"public by 4 min": {CertificateSearch{Dates: map[CertificateDate]Between{DatePublic: {To: at.Add(4 * time.Minute)}}}, []registry.CertificateID{2}},
	} {
		c.f.Limit = 10
		found, err := tx.SearchCertificates(c.f)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if name == "by publication" { // two were told by the same list
			slices.Sort(found.IDs)
			slices.Reverse(found.IDs)
		}
		if !slices.Equal(found.IDs, c.want) {
			t.Errorf("%s: %v, want %v", name, found.IDs, c.want)
		}
	}
	lines, err := tx.CertificateLines([]registry.CertificateID{2, 3, 4, 5}, at, at)
	for i, minutes := range []time.Duration{3, 5, 5, 0} {
		if public := lines[i].PublicAt; (public == nil) != (minutes == 0) || public != nil && !public.Equal(at.Add(minutes*time.Minute)) {
			t.Errorf("%s became public at %v, not after %d minutes", lines[i].Serial, public, minutes)
		}
	}
	return err
}
