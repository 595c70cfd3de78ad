package workflow

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// ReissueStart is what begins a reissue of a certificate.
type ReissueStart struct {
	Serial  registry.Serial
	Reason  registry.ReissueReason
	Storage registry.Storage
	Office  registry.OfficeCode
	// Changed requisites, for the reason that they changed (UB-21).
	Changed []registry.Requisite
	// InvalidSince is since when the key is suspected, if known.
	InvalidSince *time.Time
}

// StartReissue begins the reissue of a certificate as a draft with everything
// that is on file (UB-29, A-12), by a clerk, or by a holder from the cabinet.
// A holder's start for one of the reasons of UB-21…25 is a report: the clock of
// the revocation runs from here, and a key in danger is out of use at once.
// A clerk's becomes one with the submission. Where a reissue is under way already
// a clerk is led to it; a holder gets it too, without a new link, and their reason
// goes into the report.
func (f *Flow) StartReissue(ctx context.Context, who Actor, in ReissueStart) (*Draft, error) {
	if who.Certificate == nil {
		if err := who.is(registry.Clerk); err != nil {
			return nil, err
		}
	}
	d := &Draft{Link: newLink()}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		cert, err := tx.CertificateBySerial(in.Serial)
		if err != nil {
			return err
		}
		if cert.Profile != registry.HolderProfile || who.Certificate != nil && !MayReport(who.Certificate, cert) {
			return registry.Refuse(registry.NotFound, "error.not_found")
		}
		decl, err := f.reissueOf(tx, cert, in)
		if err != nil {
			return err
		}
		open, untouched, err := f.lockReissue(tx, cert)
		if err != nil {
			return err
		}
		if open != nil && who.Certificate == nil {
			return registry.Refuse(registry.Conflict, "error.reissue.open", "number", open.Number)
		}
		if open != nil {
			d.ID, d.Number, d.Link = open.ID, open.Number, ""
			return f.reissueAgain(tx, who, open, untouched, decl, in.InvalidSince)
		}
		if err := f.beginDraft(tx, who, d, *decl, nil); err != nil {
			return err
		}
		if who.Certificate == nil {
			return nil
		}
		app, err := tx.LockApplication(d.ID)
		if err != nil {
			return err
		}
		return f.reportReissue(tx, who, app, who.Certificate.HolderName, in.InvalidSince)
	})
	if err != nil {
		return nil, fmt.Errorf("beginning the reissue of %s: %w", in.Serial, orBeaten(err))
	}
	return d, nil
}

// reissueAgain takes up what a holder says further of a certificate that is being
// reissued: into the report, and into the draft if it is untouched.
func (f *Flow) reissueAgain(tx *store.Tx, who Actor, open *registry.Application, untouched bool, decl *registry.Declaration, since *time.Time) error {
	said := open.Declaration
	said.Reason, said.Changed, said.Storage, said.Office = decl.Reason, decl.Changed, decl.Storage, decl.Office
	if untouched {
		if err := tx.SaveDeclaration(open, &said, nil, f.now()); err != nil {
			return err
		}
	}
	open.Declaration = said
	return f.reportReissue(tx, who, open, who.Certificate.HolderName, since)
}

// lockReissue locks a certificate and finds the application in which it is being
// reissued; nil: there is none. The application is locked first, as everywhere;
// untouched says that it is, and a holder's draft that nobody has worked on.
func (f *Flow) lockReissue(tx *store.Tx, cert *registry.Certificate) (open *registry.Application, untouched bool, err error) {
	if open, err = f.openReissue(tx, cert); err != nil {
		return nil, false, err
	}
	if open != nil {
		if open, err = tx.LockApplication(open.ID); err != nil {
			return nil, false, err
		}
		untouched = open.Status == registry.Draft && open.CreatedBy == 0 && len(open.Input) == 0
	}
	if _, err = tx.LockCertificate(cert.ID); err != nil {
		return nil, false, err
	}
	if open == nil || !open.Status.Open() { // one that began or ended this moment
		open, err = f.openReissue(tx, cert)
		return open, false, err
	}
	return open, untouched, nil
}

// openReissue is the application in which a certificate is being reissued; nil:
// there is none.
func (f *Flow) openReissue(tx *store.Tx, cert *registry.Certificate) (*registry.Application, error) {
	org, err := tx.Organisation(cert.OrganisationID)
	if err != nil {
		return nil, err
	}
	apps, err := tx.OpenReissues(org.INN)
	if err != nil {
		return nil, err
	}
	for _, app := range apps {
		if p := app.Declaration.Predecessor; p != nil && p.Serial == cert.Serial {
			return app, nil
		}
	}
	return nil, nil
}

// reissueOf is the declaration of a reissue: what the certificate was issued
// on, brought up to what is on file. Consents and the trusted person are asked
// for anew.
func (f *Flow) reissueOf(tx *store.Tx, cert *registry.Certificate, in ReissueStart) (*registry.Declaration, error) {
	op, ok := f.pack.Operation(registry.Reissue)
	if !ok {
		return nil, registry.Refuse(registry.Invalid, "error.authorities.operation").On("reason")
	}
	known := false
	for _, r := range op.Reasons {
		known = known || r.Code == in.Reason
	}
	if !known {
		return nil, registry.Refuse(registry.Invalid, "error.authorities.reason").On("reason")
	}
	if !slices.Contains(f.pack.Storages, in.Storage) {
		return nil, registry.Refuse(registry.Invalid, "error.authorities.storage").On("storage")
	}
	var decl registry.Declaration
	app, err := tx.ApplicationOf(cert)
	if err != nil {
		return nil, err
	}
	if app != nil {
		decl = app.Declaration
	}
	org, err := tx.Organisation(cert.OrganisationID)
	if err != nil {
		return nil, err
	}
	decl.Organisation = org.OrganisationRequisites
	for _, p := range []*registry.PersonRequisites{&decl.Head, decl.Accountant} {
		if err := freshen(tx, p); err != nil {
			return nil, err
		}
	}
	decl.Operation, decl.Channel, decl.Storage, decl.Office, decl.Reason = registry.Reissue, registry.Office, in.Storage, in.Office, in.Reason
	decl.Trusted, decl.Extra, decl.Replaced, decl.Changed, decl.Alone = nil, nil, nil, nil, ""
	if in.Reason == registry.ReasonRequisitesChanged {
		decl.Changed = in.Changed
	}
	decl.Predecessor = registry.PredecessorOf(cert)
	return &decl, f.reasonFits(&decl)
}

// freshen brings a person up to what is on file.
func freshen(tx *store.Tx, p *registry.PersonRequisites) error {
	if p == nil || p.PersonalNumber == "" {
		return nil
	}
	onFile, err := tx.Person(p.PersonalNumber)
	if registry.KindOf(err) == registry.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	*p = *onFile
	p.Consent = false
	return nil
}

// reasonFits refuses "the term has ended" for one that has not (UB-20), and
// changed requisites that nobody names (UB-21).
func (f *Flow) reasonFits(d *registry.Declaration) error {
	switch {
	case d.Reason == registry.ReasonExpired && !f.now().After(d.Predecessor.NotAfter):
		return registry.Refuse(registry.Invalid, "error.reissue.not_expired", "date", d.Predecessor.NotAfter).On("reason")
	case d.Reason == registry.ReasonRequisitesChanged && len(d.Changed) == 0 && len(d.Replaced) == 0:
		return registry.Refuse(registry.Invalid, "error.reissue.what_changed").On("changed")
	}
	return nil
}

// reportReissue enters the report that a reissue is (UB-21…25): the old
// certificate is revoked, or will be; one whose key is in danger is out of use
// at once. An expired one is not (UB-20, A-35), nor one that is revoked
// already; a report that is open goes on, and the worse cause holds.
func (f *Flow) reportReissue(tx *store.Tx, who Actor, app *registry.Application, reporter string, since *time.Time) error {
	decl := app.Declaration
	if decl.Operation != registry.Reissue || decl.Predecessor == nil {
		return nil
	}
	if err := f.knowPredecessor(tx, &decl); err != nil {
		return err
	}
	if err := f.reasonFits(&decl); err != nil {
		return err
	}
	cause, must := f.pack.ReissueCause(registry.FactsOf(&decl), f.now())
	if !must {
		return nil
	}
	old, err := tx.CertificateBySerial(decl.Predecessor.Serial)
	if registry.KindOf(err) == registry.NotFound {
		return nil // not one of ours
	}
	if err != nil {
		return err
	}
	if old, err = tx.LockCertificate(old.ID); err != nil {
		return err
	}
	_, err = f.receiveMore(tx, who, old, ReportInput{
		Serial: old.Serial, Way: registry.ByReissue, Reporter: reporter, Cause: cause.Code, InvalidSince: since,
		Identified: []registry.Identification{registry.HandedInReissue}, Suspend: registry.KeyAtRisk(cause.RFC5280),
	}, app.ID)
	return err
}
