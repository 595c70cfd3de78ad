package workflow

import (
	"context"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// ViewOwnFile shows a scan to a holder who may act for the organisation whose
// application it belongs to; page is where they came from, as in Look. Like ViewFile it is journalled before a byte
// leaves the vault.
func (f *Flow) ViewOwnFile(ctx context.Context, who Actor, org registry.OrganisationID, id registry.FileID, page string) (*View, error) {
	if who.Certificate == nil {
		return nil, registry.Refuse(registry.Forbidden, "error.forbidden")
	}
	v := new(View)
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		companies, err := tx.CompaniesOf(who.Certificate.PersonalNumber, f.now())
		if err != nil {
			return err
		}
		file, err := tx.File(id)
		if err != nil {
			return err
		}
		v.File = *file
		doc, err := tx.Document(file.DocumentID)
		if err != nil {
			return err
		}
		app, err := tx.Application(doc.ApplicationID)
		if err != nil {
			return err
		}
		if org == 0 || app.OrganisationID != org || !slices.Contains(companies, org) {
			return registry.Refuse(registry.NotFound, "error.not_found")
		}
		return f.record(tx, who, "file.viewed", viewDetails(doc, file, page), nil,
			File(file.ID), Document(doc.ID), Application(app.ID), Organisation(org))
	})
	if err != nil {
		return nil, fmt.Errorf("viewing file %d: %w", id, err)
	}
	if v.Content, err = f.vault.Open(ctx, v.File); err != nil {
		return nil, fmt.Errorf("viewing file %d: %w", id, err)
	}
	return v, nil
}
