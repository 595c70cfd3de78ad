package workflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/scan"
	"github.com/tamga-ca/tamga/internal/store"
)

// MaxFileSize of an uploaded file in bytes.
const MaxFileSize = scan.MaxSize

// maxFiles bounds the files of one document.
const maxFiles = 30

// errSameFile ends a transition that would add what is there already.
var errSameFile = errors.New("the document has this file")

// AddFile adds a file to a document: any status that takes files → received,
// by a clerk, or by the applicant while the document is wanted. The content is
// stored first and the row second; what a failure leaves in the vault,
// SweepFiles removes. The same content twice is one file.
func (f *Flow) AddFile(ctx context.Context, who Actor, id registry.DocumentID, name string, content io.Reader) (registry.FileID, error) {
	file, err := f.keep(ctx, who, id, name, content)
	if err != nil {
		return 0, fmt.Errorf("adding a file to document %d: %w", id, err)
	}
	err = f.changeDocument(ctx, who, id, 0, registry.DocUpload, func(c *docChange) error {
		have, err := c.tx.FilesOfDocument(id)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(have, func(x registry.File) bool { return x.SHA256 == file.SHA256 }); i >= 0 {
			if c.doc.Status == registry.DocRejected {
				return registry.Refuse(registry.Conflict, "error.document.same_rejected")
			}
			file.ID = have[i].ID
			return errSameFile
		}
		if len(have) >= maxFiles {
			return registry.Refuse(registry.Conflict, "error.document.too_many_files", "n", maxFiles)
		}
		c.unjudged()
		file.UploadedAt = c.now
		if file.ID, err = c.tx.AddFile(file); err != nil {
			return err
		}
		c.about = append(c.about, File(file.ID))
		c.details["sha256"], c.details["size"], c.details["media_type"] = file.SHA256, file.Size, file.MediaType
		return nil
	})
	if errors.Is(err, errSameFile) {
		return file.ID, nil
	}
	return file.ID, err
}

// keep judges an upload and stores its content. It refuses a stranger before
// the first byte is read.
func (f *Flow) keep(ctx context.Context, who Actor, id registry.DocumentID, name string, content io.Reader) (registry.File, error) {
	if err := f.store.Read(ctx, func(tx *store.Tx) error { return f.mayUpload(tx, who, id) }); err != nil {
		return registry.File{}, err
	}
	in, err := scan.Inspect(ctx, content, MaxFileSize)
	if err != nil {
		return registry.File{}, err
	}
	blob, key, err := f.vault.Put(ctx, id, in.Content)
	if err != nil {
		return registry.File{}, err
	}
	file := registry.File{
		DocumentID: id, Name: scan.CleanName(name, in.MediaType), MediaType: in.MediaType, Size: in.Size, SHA256: in.SHA256,
		Pages: in.Pages, Width: in.Width, Height: in.Height, BlobKey: blob, KeyID: key, ByClient: who.Operator == nil,
	}
	if who.Operator != nil {
		file.UploadedBy = who.Operator.ID
	}
	return file, nil
}

// mayUpload is the guard of AddFile, to be judged again inside it.
func (f *Flow) mayUpload(tx *store.Tx, who Actor, id registry.DocumentID) error {
	if err := who.current(tx); err != nil {
		return err
	}
	doc, err := tx.Document(id)
	if err != nil {
		return err
	}
	app, err := tx.Application(doc.ApplicationID)
	if err != nil {
		return err
	}
	if err := who.owns(app); err != nil {
		return err
	}
	if _, err := app.Move(registry.ActUpload, who.as()); err != nil {
		return err
	}
	if !doc.Required {
		return registry.Refuse(registry.Conflict, "error.document.not_required")
	}
	if !doc.Form.Scanned() {
		return registry.Refuse(registry.Conflict, "error.document.not_scanned")
	}
	_, err = registry.MoveDocument(doc.Status, registry.DocUpload, who.as())
	return err
}
