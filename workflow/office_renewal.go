package workflow

import (
	"context"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// CompareWithFile adds to a declaration what differs from the certificate that
// is renewed or reissued (DT-24…29, DT-10): whatever is ticked, the list of
// documents asks for the proof.
func (f *Flow) CompareWithFile(ctx context.Context, d *registry.Declaration) error {
	err := f.store.Read(ctx, func(tx *store.Tx) error { return f.compare(tx, d) })
	if err != nil {
		return fmt.Errorf("comparing a declaration with what is on file: %w", err)
	}
	return nil
}

func (f *Flow) compare(tx *store.Tx, d *registry.Declaration) error {
	if d.Operation == registry.FirstIssue || d.Predecessor == nil || d.Predecessor.Serial == "" {
		return nil
	}
	cert, err := tx.CertificateBySerial(d.Predecessor.Serial)
	if registry.KindOf(err) == registry.NotFound || err == nil && (cert.Profile != registry.HolderProfile || cert.EnrolmentID == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	before, err := f.declarationOf(tx, cert)
	if err != nil {
		return err
	}
	changed := append(f.pack.Changes(before, d), d.Changed...)
	replaced := append(registry.Replacements(before, d), d.Replaced...)
	d.Changed, d.Replaced = nil, nil
	for _, r := range registry.Requisites {
		if slices.Contains(changed, r) {
			d.Changed = append(d.Changed, r)
		}
	}
	for _, r := range [...]registry.SignatoryRole{registry.Head, registry.Accountant, registry.HeadAsAccountant} {
		if slices.Contains(replaced, r) {
			d.Replaced = append(d.Replaced, r)
		}
	}
	return nil
}

// noOpenOrder refuses to renew in the office what a remote order renews
// already: the client would pay twice.
func (f *Flow) noOpenOrder(tx *store.Tx, d *registry.Declaration) error {
	if d.Predecessor == nil || d.Predecessor.Serial == "" || d.Operation == registry.FirstIssue {
		return nil
	}
	cert, err := tx.CertificateBySerial(d.Predecessor.Serial)
	if registry.KindOf(err) == registry.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	app, err := tx.LiveOrder(cert.ID)
	if registry.KindOf(err) == registry.NotFound || err == nil && app.Status == registry.Completed {
		return nil
	}
	if err != nil {
		return err
	}
	return registry.Refuse(registry.Conflict, "error.order.open", "number", app.Number).On("predecessor.serial")
}

// signatoryPredecessor is what the year of a person who renews in the office is
// reckoned from: of their own certificates for the organisation that are not
// revoked the one that ends last. nil: they have none; who comes in the place of
// somebody else does not wait for that one's end.
func (f *Flow) signatoryPredecessor(tx *store.Tx, e *registry.Enrolment, d *registry.Declaration) (*registry.Predecessor, error) {
	declared, err := tx.CertificateBySerial(d.Predecessor.Serial)
	if registry.KindOf(err) == registry.NotFound {
		return d.Predecessor, nil // of another authority, or older than this program
	}
	if err != nil {
		return nil, err
	}
	s, err := tx.Signatory(e.SignatoryID)
	if err != nil {
		return nil, err
	}
	const looked = 200
	all, err := tx.CertificatesOf(declared.OrganisationID, looked)
	if err != nil {
		return nil, err
	}
	var own *registry.Certificate
	for _, c := range all {
		if c.Profile != registry.HolderProfile || c.PersonalNumber != s.Person.PersonalNumber || c.Status == registry.CertRevoked || c.EnrolmentID == e.ID {
			continue
		}
		if own == nil || c.NotAfter.After(own.NotAfter) {
			own = c
		}
	}
	if own == nil {
		return nil, nil
	}
	return &registry.Predecessor{Serial: own.Serial, NotBefore: own.NotBefore, NotAfter: own.NotAfter}, nil
}
