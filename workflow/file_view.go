package workflow

import (
	"context"
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// View is a file with its content, every byte of it verified.
type View struct {
	registry.File
	Content []byte
}

// Look says why a scan is looked at and from where.
type Look struct {
	Purpose string // an auditor's
	// Page is the pattern of the address of the page that led to it; empty:
	// unknown.
	Page string
}

// ViewFile shows a scan to a clerk, an approver, or an auditor who states the
// purpose. The journal entry is committed before a byte leaves the vault; a
// file that cannot be opened was looked for all the same.
func (f *Flow) ViewFile(ctx context.Context, who Actor, id registry.FileID, look Look) (*View, error) {
	if err := who.is(registry.Clerk, registry.Approver, registry.Auditor); err != nil {
		return nil, err
	}
	var personal map[string]string
	if who.Operator.Role == registry.Auditor {
		stated, err := someReason(look.Purpose, "purpose")
		if err != nil {
			return nil, registry.Refuse(registry.Invalid, "error.document.purpose").On("purpose")
		}
		personal = map[string]string{"purpose": stated}
	}
	v := new(View)
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
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
		return f.record(tx, who, "file.viewed", viewDetails(doc, file, look.Page), personal,
			File(file.ID), Document(doc.ID), Application(doc.ApplicationID))
	})
	if err != nil {
		return nil, fmt.Errorf("viewing file %d: %w", id, err)
	}
	if v.Content, err = f.vault.Open(ctx, v.File); err != nil {
		return nil, fmt.Errorf("viewing file %d: %w", id, err)
	}
	return v, nil
}

func viewDetails(doc *registry.Document, file *registry.File, page string) map[string]any {
	out := map[string]any{"code": doc.Code, "sha256": file.SHA256}
	if page != "" {
		out["page"] = page
	}
	return out
}
