package workflow_test

import (
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// A holder is attached to a further organisation by an approver, may choose it
// after the login, and no longer once a clerk detached them; whoever is nobody's
// holder, or may act for it already, is not attached.
func TestLG12_HolderAttachedAndDetached(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		own, theirs := o.onFile(1, 1), o.onFile(2, 1)
		inn := declaration(2).Organisation.INN
		attach := func(who *colleague, number, basis string) error {
			return o.flow.AttachHolder(o.ctx, who.Actor, inn, number, basis)
		}
		session := func() error {
			return o.flow.CheckSession(o.ctx, 0, "", own.Serial, theirs.OrganisationID)
		}
		number, order := string(own.PersonalNumber), "Буйрук № 7, 20.11.2026"
		for _, who := range []*colleague{o.clerk, o.auditor, o.admin} {
			wantKind(t, attach(who, number, order), registry.Forbidden)
		}
		wantKind(t, o.flow.AttachHolder(o.ctx, workflow.ByHolder(own), inn, number, order), registry.Forbidden)
		wantKey(t, attach(o.approver, number, " "), "error.reason.required")
		wantKind(t, attach(o.approver, "123", order), registry.Invalid)
		wantKey(t, attach(o.approver, string(o.approver.Operator.Person.PersonalNumber), order), "error.holder.own")
		wantKey(t, attach(o.approver, string(person(3001, "Директор").PersonalNumber), order), "error.holder.no_certificate")
		wantKey(t, attach(o.approver, string(theirs.PersonalNumber), order), "error.holder.attached")
		wantKind(t, errOf(o.flow.ChooseCompany(o.ctx, own.Serial, theirs.OrganisationID)), registry.Forbidden)
		wantKey(t, session(), "error.session.company")

		if n := winners(4, func(int) error { return attach(o.approver, number, order) }); n != 1 {
			t.Errorf("attached %d times", n)
		}
		if got, err := o.flow.ChooseCompany(o.ctx, own.Serial, theirs.OrganisationID); err != nil || got.INN != inn {
			t.Errorf("the choice: %v, %v", got, err)
		}
		if err := session(); err != nil {
			t.Error(err)
		}
		o.read(func(tx *store.Tx) error {
			to, err := tx.LinksTo(theirs.OrganisationID)
			if err != nil {
				return err
			}
			of, err := tx.LinksOf(own.PersonalNumber)
			if len(to) != 1 || len(of) != 1 || to[0] != of[0] || to[0].Basis != order || to[0].HolderName != own.HolderName || to[0].CreatedBy != o.approver.Operator.ID || to[0].Role != registry.Head {
				t.Errorf("the links: %+v, %+v", to, of)
			}
			return err
		})

		for _, who := range []*colleague{o.auditor, o.admin} {
			wantKind(t, o.flow.DetachHolder(o.ctx, who.Actor, inn, own.PersonalNumber), registry.Forbidden)
		}
		if n := winners(4, func(int) error {
			return o.flow.DetachHolder(o.ctx, o.clerk.Actor, inn, own.PersonalNumber)
		}); n != 1 {
			t.Errorf("detached %d times", n)
		}
		wantKey(t, session(), "error.session.company")
		if err := o.flow.CheckSession(o.ctx, 0, "", own.Serial, own.OrganisationID); err != nil {
			t.Errorf("the holder's own organisation: %v", err)
		}
		about := workflow.Organisation(theirs.OrganisationID)
		if a, d := o.journalled(about, "holder.attached"), o.journalled(about, "holder.detached"); a != 1 || d != 1 {
			t.Errorf("%d and %d entries", a, d)
		}
		for _, kind := range []string{"holder_attached", "holder_detached"} {
			if to := o.letters(kind); len(to) != 1 || to[0] != declaration(2).Organisation.Email {
				t.Errorf("%s went to %q", kind, to)
			}
		}
	})
}

// Where the INN that a holder types is the company they act for, as at UBR,
// nobody is attached to a second one.
func TestLG12_NobodyIsAttachedWhereNoCompanyIsChosen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newUBROffice(t, s)
		own := o.onFile(1, 1)
		o.onFile(2, 1)
		err := o.flow.AttachHolder(o.ctx, o.approver.Actor, declaration(2).Organisation.INN, string(own.PersonalNumber), "Буйрук № 7")
		wantKey(t, err, "error.holder.no_choice")
	})
}

// Who acts for an organisation by a certificate of it does so no longer when it
// is revoked, whichever certificate they logged in with (UB-27).
func TestUB27_NoSessionForACompanyWhoseCertificateIsRevoked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newIssuingOffice(t, s)
		p := person(1001, "Директор")
		own, other := o.certified(1, p), o.certified(2, p)
		session := func() error {
			return o.flow.CheckSession(o.ctx, 0, "", own.Serial, other.OrganisationID)
		}
		if err := session(); err != nil {
			t.Fatal(err)
		}
		o.write(func(tx *store.Tx) error {
			return tx.SetCertificateStatus(other.ID, registry.CertIssued, registry.CertRevoked, 3, o.now())
		})
		wantKey(t, session(), "error.session.company")
	})
}
