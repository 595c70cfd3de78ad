package workflow

import (
	"context"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// LinkDocument lets a still-valid paper of an earlier application of the same
// organisation stand in for a scan: missing, received, rejected →
// received, by a clerk, who then judges it like any other.
func (f *Flow) LinkDocument(ctx context.Context, who Actor, id registry.DocumentID, version int64, earlier registry.DocumentID) error {
	return f.changeDocument(ctx, who, id, version, registry.DocLink, func(c *docChange) error {
		options, err := f.linkable(c.tx, c.app, c.doc)
		if err != nil {
			return err
		}
		for _, o := range options {
			if o.ID != earlier {
				continue
			}
			c.unjudged()
			c.doc.LinkedTo = earlier
			c.about = append(c.about, Document(earlier))
			return nil
		}
		return registry.Refuse(registry.Conflict, "error.document.not_linkable")
	})
}

// Linkable returns the papers on file that may stand in for a document, the
// newest first.
func (f *Flow) Linkable(ctx context.Context, id registry.DocumentID) ([]*registry.Document, error) {
	var out []*registry.Document
	err := f.store.Read(ctx, func(tx *store.Tx) error {
		doc, err := tx.Document(id)
		if err != nil {
			return err
		}
		app, err := tx.Application(doc.ApplicationID)
		if err != nil {
			return err
		}
		out, err = f.linkable(tx, app, doc)
		return err
	})
	return out, err
}

// maxLinkable bounds how far back papers on file are looked for.
const maxLinkable = 20

func (f *Flow) linkable(tx *store.Tx, app *registry.Application, doc *registry.Document) ([]*registry.Document, error) {
	if !f.pack.Documents.LinkOnFile || !doc.Form.Scanned() || doc.Form == registry.FormPackage || doc.Extra {
		return nil, nil
	}
	found, err := tx.LinkableDocuments(app.Declaration.Organisation.INN, doc, maxLinkable)
	if err != nil {
		return nil, err
	}
	var out []*registry.Document
	for _, d := range found {
		from, err := tx.Application(d.ApplicationID)
		if err != nil {
			return nil, err
		}
		if f.standsIn(d, &from.Declaration, &app.Declaration) {
			out = append(out, d)
		}
	}
	return out, nil
}

// standsIn says whether a paper of an earlier declaration is still good for
// this one: of the same person with the same passport, and in date. A paper
// made for one occasion (it has a last day to be checked) never is.
func (f *Flow) standsIn(d *registry.Document, then, now *registry.Declaration) bool {
	for _, c := range d.Checks {
		if c.Code == registry.CheckInDate {
			return false
		}
	}
	today := registry.DateOf(f.now(), f.pack.Zone()).String()
	if d.ValidUntil != "" && d.ValidUntil < today {
		return false
	}
	a, b := personOf(d.Subject, then), personOf(d.Subject, now)
	if a == nil && b == nil {
		return d.Subject == registry.OfOrganisation && then.Organisation.FullName(registry.Russian) == now.Organisation.FullName(registry.Russian) ||
			d.Subject == registry.OfManaging && then.Managing != nil && now.Managing != nil && then.Managing.INN == now.Managing.INN
	}
	if a == nil || b == nil || !registry.SamePerson(*a, *b) {
		return false
	}
	return a.Document.Series == b.Document.Series && a.Document.Number == b.Document.Number &&
		(b.Document.ValidUntil == "" || b.Document.ValidUntil >= today)
}

func personOf(s registry.Subject, d *registry.Declaration) *registry.PersonRequisites {
	switch s {
	case registry.OfHead:
		return &d.Head
	case registry.OfAccountant:
		return d.Accountant
	case registry.OfTrusted:
		return d.Trusted
	}
	return nil
}
