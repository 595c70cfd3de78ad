package workflow

import (
	"context"
	"errors"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Submit hands in a draft: draft → submitted, by a clerk or the applicant. The
// declaration has to be valid. From here the file belongs to an organisation;
// what is on file of it changes at approval only.
func (f *Flow) Submit(ctx context.Context, who Actor, id registry.ApplicationID, version int64) error {
	return f.changeApplication(ctx, who, id, version, registry.ActSubmit, func(c *change) error {
		decl := &c.app.Declaration
		if errs := f.judge(decl); len(errs) > 0 {
			return errs
		}
		if err := f.ownPredecessor(c.tx, decl); err != nil {
			return err
		}
		if err := f.noOpenOrder(c.tx, decl); err != nil {
			return err
		}
		org, err := f.organisationOf(c.tx, decl)
		if err != nil {
			return err
		}
		c.app.OrganisationID = org
		if err := c.tx.SetSignatories(c.app.ID, decl.Signatories()); err != nil {
			return err
		}
		if err := f.recordConsents(c); err != nil {
			return err
		}
		if err := f.syncChecklist(c.tx, c.app); err != nil {
			return err
		}
		// Submitting a reissue for a reason of UB-21…25 is a report.
		if err := f.reportReissue(c.tx, c.who, c.app, decl.Head.Name(decl.Language).String(), nil); err != nil {
			return err
		}
		c.app.SubmittedAt = &c.now
		c.app.PackHash = f.pack.Hash()
		c.app.Assignee, c.app.AssignedAt = 0, nil
		f.runClock(c.app, c.now)
		return nil
	})
}

// organisationOf finds the organisation on file by its tax number, or adds it.
func (f *Flow) organisationOf(tx *store.Tx, d *registry.Declaration) (registry.OrganisationID, error) {
	org, err := tx.OrganisationByINN(d.Organisation.INN)
	if err == nil {
		return org.ID, nil
	}
	var refusal *registry.Error
	if !errors.As(err, &refusal) || refusal.Kind != registry.NotFound {
		return 0, err
	}
	return tx.SaveOrganisation(d.Organisation, f.now())
}
