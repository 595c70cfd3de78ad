package workflow

import (
	"context"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// RemoveFile takes a file off its document, which is judged anew: → received,
// or missing where it was the last. By a clerk. The content stays in the vault
// for the auditor.
func (f *Flow) RemoveFile(ctx context.Context, who Actor, id registry.FileID) error {
	var doc registry.DocumentID
	err := f.store.Read(ctx, func(tx *store.Tx) error {
		file, err := tx.File(id)
		if err != nil {
			return err
		}
		doc = file.DocumentID
		return nil
	})
	if err != nil {
		return err
	}
	return f.changeDocument(ctx, who, doc, 0, registry.DocRemove, func(c *docChange) error {
		if err := c.tx.RemoveFile(id, c.now); err != nil {
			return err
		}
		c.about = append(c.about, File(id))
		c.unjudged()
		empty, err := c.empty()
		if empty {
			c.doc.Status, c.doc.OriginalSeen = registry.DocMissing, false
		}
		return err
	})
}
