package workflow

import (
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Declared is what a form declares, with what the form leaves open filled in.
func (f *Flow) Declared(in registry.FormInput) registry.Declaration {
	return f.defaults(registry.ReadDeclaration(in, f.pack.Zone()))
}

// knowPredecessor takes the term and the fate of a certificate that is ours
// from the register, whatever was typed.
func (f *Flow) knowPredecessor(tx *store.Tx, d *registry.Declaration) error {
	if d.Predecessor == nil || d.Predecessor.Serial == "" {
		return nil
	}
	cert, err := tx.CertificateBySerial(d.Predecessor.Serial)
	if registry.KindOf(err) == registry.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	d.Predecessor = registry.PredecessorOf(cert)
	return nil
}

// ownPredecessor refuses a predecessor that is ours but not of this
// organisation: a renewal would begin when somebody else's certificate ends.
func (f *Flow) ownPredecessor(tx *store.Tx, d *registry.Declaration) error {
	if d.Predecessor == nil {
		return nil
	}
	cert, err := tx.CertificateBySerial(d.Predecessor.Serial)
	if registry.KindOf(err) == registry.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if cert.Profile == registry.HolderProfile {
		org, err := tx.Organisation(cert.OrganisationID)
		if err != nil || org.INN == d.Organisation.INN {
			return err
		}
	}
	return registry.Refuse(registry.Invalid, "error.application.other_predecessor").On("predecessor.serial")
}
