package workflow

import (
	"context"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// AttachHolder lets a person act for a further organisation (LG-11, LG-12), by an
// approver who is not that person: whoever logs in with a certificate of theirs
// may then choose it. typed is the person's number; basis names the paper that it
// rests on. The organisation is told by e-mail.
func (f *Flow) AttachHolder(ctx context.Context, who Actor, inn registry.INN, typed, basis string) error {
	if err := who.is(registry.Approver); err != nil {
		return err
	}
	if !f.pack.Login.CompanyStep {
		return registry.Refuse(registry.Conflict, "error.holder.no_choice") // they log in by an organisation's INN
	}
	person, err := registry.ParsePersonalNumber(typed, f.now())
	if err != nil {
		return fieldError(err, "personal_number")
	}
	if basis, err = someReason(basis, "basis"); err != nil {
		return err
	}
	if person == who.Operator.Person.PersonalNumber {
		return registry.Refuse(registry.Forbidden, "error.holder.own").On("personal_number")
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		org, err := tx.OrganisationByINN(inn)
		if err != nil {
			return err
		}
		cert, err := f.attachable(tx, person, org.ID)
		if err != nil {
			return err
		}
		if err := tx.LinkHolder(registry.HolderLink{
			PersonalNumber: person, OrganisationID: org.ID, Role: cert.Role, Basis: basis, CreatedBy: who.Operator.ID, CreatedAt: f.now(),
		}); err != nil {
			return err
		}
		if err := f.tellOfHolder(tx, letterHolderAttached, org, cert.HolderName); err != nil {
			return err
		}
		return f.record(tx, who, "holder.attached", nil, map[string]string{"personal_number": string(person), "basis": basis}, Organisation(org.ID), Certificate(cert.Serial))
	})
	if err != nil {
		return fmt.Errorf("attaching a holder: %w", err)
	}
	return nil
}

// attachable finds the newest certificate that the person can log in with, now
// or later. Where they may act for the organisation already there is nothing to
// attach.
func (f *Flow) attachable(tx *store.Tx, person registry.PersonalNumber, org registry.OrganisationID) (*registry.Certificate, error) {
	companies, err := tx.CompaniesOf(person, f.now())
	if err != nil {
		return nil, err
	}
	if slices.Contains(companies, org) {
		return nil, registry.Refuse(registry.Conflict, "error.holder.attached").On("personal_number")
	}
	certs, err := tx.CertificatesOfPerson(person)
	if err != nil {
		return nil, err
	}
	for _, c := range slices.Backward(certs) {
		if c.Profile == registry.HolderProfile && c.Status != registry.CertRevoked && c.ValidityAt(f.now()) != registry.Expired {
			return c, nil
		}
	}
	return nil, registry.Refuse(registry.NotFound, "error.holder.no_certificate").On("personal_number")
}

// DetachHolder takes that back, by a clerk or an approver: sessions in which the
// person acts for the organisation end with their next request.
func (f *Flow) DetachHolder(ctx context.Context, who Actor, inn registry.INN, person registry.PersonalNumber) error {
	if err := who.is(registry.Clerk, registry.Approver); err != nil {
		return err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		org, err := tx.OrganisationByINN(inn)
		if err != nil {
			return err
		}
		links, err := tx.LinksTo(org.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(links, func(l registry.HolderLink) bool { return l.PersonalNumber == person })
		if i < 0 {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		if err := tx.UnlinkHolder(person, org.ID); err != nil {
			return err
		}
		if err := f.tellOfHolder(tx, letterHolderDetached, org, links[i].HolderName); err != nil {
			return err
		}
		return f.record(tx, who, "holder.detached", nil, map[string]string{"personal_number": string(person)}, Organisation(org.ID))
	})
	if err != nil {
		return fmt.Errorf("detaching a holder: %w", err)
	}
	return nil
}

// tellOfHolder writes to the organisation, in the language of its last
// application.
func (f *Flow) tellOfHolder(tx *store.Tx, kind letter, org *registry.Organisation, holder string) error {
	if org.Email == "" {
		return nil
	}
	apps, err := tx.ApplicationsOf(org.ID, 1)
	if err != nil {
		return err
	}
	lang := registry.Kyrgyz
	if len(apps) > 0 && apps[0].Declaration.Language != "" {
		lang = apps[0].Declaration.Language
	}
	return f.post(tx, kind, org.Email, lang, "", map[string]any{"org": org.FullName(lang), "holder": holder})
}
