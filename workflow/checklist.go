package workflow

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Checklist is the list that the pack asks of a declaration, judged by the
// channel that is really open to it when it is sent.
func (f *Flow) Checklist(d *registry.Declaration, sentAt time.Time) []registry.ChecklistItem {
	facts, _ := f.pack.Effective(registry.FactsOf(d), sentAt)
	return f.pack.Checklist(facts)
}

// sentAt is when an application was sent, or now: what closed the remote way
// afterwards closes it no more.
func (f *Flow) sentAt(app *registry.Application) time.Time {
	if app.SubmittedAt != nil {
		return *app.SubmittedAt
	}
	return f.now()
}

// syncChecklist brings an application's documents up to date with its
// answers: new items are added as missing, items no longer asked for are kept
// with their files but stand in nobody's way.
func (f *Flow) syncChecklist(tx *store.Tx, app *registry.Application) error {
	have, err := tx.Documents(app.ID)
	if err != nil {
		return err
	}
	type key struct {
		code    string
		subject registry.Subject
	}
	left := map[key]*registry.Document{}
	for _, d := range have {
		left[key{d.Code, d.Subject}] = d
	}
	for i, item := range f.Checklist(&app.Declaration, f.sentAt(app)) {
		doc := registry.Document{ApplicationID: app.ID, ChecklistItem: item, Position: i, Status: registry.DocMissing}
		old, ok := left[key{item.Code, item.Subject}]
		if !ok {
			if _, err := tx.AddDocument(doc, f.now()); err != nil {
				return err
			}
			continue
		}
		delete(left, key{item.Code, item.Subject})
		doc.ID = old.ID
		if err := tx.SetDocumentItem(&doc); err != nil {
			return err
		}
	}
	for _, d := range left {
		if err := tx.ReleaseDocument(d.ID); err != nil {
			return err
		}
	}
	return nil
}
