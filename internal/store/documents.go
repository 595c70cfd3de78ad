package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type documentRow struct {
	ID            int64
	ApplicationID int64
	Position      int
	Item          string
	Required      bool
	Checked       string
	Status        string
	Reason        string
	OriginalSeen  bool
	LinkedTo      *int64
	ValidUntil    string
	JudgedBy      *int64
	JudgedAt      *time.Time
	UpdatedAt     time.Time
	Version       int64
}

const documentColumns = `SELECT id, application_id, position, item, required, status, reason,
	original_seen, checked, linked_to, valid_until, judged_by, judged_at, updated_at, version FROM documents`

func (r documentRow) document() (*registry.Document, error) {
	d := &registry.Document{
		ID: registry.DocumentID(r.ID), ApplicationID: registry.ApplicationID(r.ApplicationID), Position: r.Position,
		Required: r.Required, Status: registry.DocumentStatus(r.Status), Reason: r.Reason, OriginalSeen: r.OriginalSeen,
		LinkedTo: orZero[registry.DocumentID](r.LinkedTo), ValidUntil: r.ValidUntil, JudgedBy: orZero[registry.OperatorID](r.JudgedBy),
		JudgedAt: utc(r.JudgedAt), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
	}
	if err := decode(r.Item, &d.ChecklistItem); err != nil {
		return nil, err
	}
	return d, decode(r.Checked, &d.Checked)
}

// Document returns one by id, or NotFound.
func (tx *Tx) Document(id registry.DocumentID) (*registry.Document, error) {
	var r documentRow
	if err := tx.one(&r, documentColumns+` WHERE id = ?`, id); err != nil {
		return nil, err
	}
	return r.document()
}

// Documents returns an application's list in its order.
func (tx *Tx) Documents(id registry.ApplicationID) ([]*registry.Document, error) {
	var rows []documentRow
	if err := tx.query(&rows, documentColumns+` WHERE application_id = ? ORDER BY position, id`, id); err != nil {
		return nil, err
	}
	out := make([]*registry.Document, len(rows))
	for i, r := range rows {
		d, err := r.document()
		if err != nil {
			return nil, err
		}
		out[i] = d
	}
	return out, nil
}

// DocumentStates is Documents without what each says about itself: the texts,
// the reason it is asked for and what was checked; and the SHA-256 of the files
// of each, the oldest first.
func (tx *Tx) DocumentStates(id registry.ApplicationID) (docs []*registry.Document, hashes map[registry.DocumentID][]string, err error) {
	var rows []struct {
		ID           int64
		Code         string
		Subject      string
		Form         string
		Required     bool
		Status       string
		Reason       string
		OriginalSeen bool
		LinkedTo     *int64
		Version      int64
		File         *string
	}
	if err := tx.query(&rows, `SELECT d.id, d.code, d.subject, d.form, d.required, d.status, d.reason, d.original_seen, d.linked_to, d.version, f.sha256 AS file
		FROM documents d LEFT JOIN files f ON f.document_id = d.id AND f.removed_at IS NULL
		WHERE d.application_id = ? ORDER BY d.position, d.id, f.id`, id); err != nil {
		return nil, nil, err
	}
	hashes = map[registry.DocumentID][]string{}
	for i, r := range rows {
		d := registry.DocumentID(r.ID)
		if r.File != nil {
			hashes[d] = append(hashes[d], *r.File)
		}
		if i > 0 && rows[i-1].ID == r.ID {
			continue
		}
		doc := &registry.Document{
			ID: d, ApplicationID: id, Required: r.Required, Status: registry.DocumentStatus(r.Status), Reason: r.Reason,
			OriginalSeen: r.OriginalSeen, LinkedTo: orZero[registry.DocumentID](r.LinkedTo), Version: r.Version,
		}
		doc.Code, doc.Subject, doc.Form = r.Code, registry.Subject(r.Subject), registry.DocumentForm(r.Form)
		docs = append(docs, doc)
	}
	return docs, hashes, nil
}

// AddDocument adds an item to an application's list.
func (tx *Tx) AddDocument(d registry.Document, now time.Time) (registry.DocumentID, error) {
	item, err := encode(d.ChecklistItem)
	if err != nil {
		return 0, err
	}
	id, err := tx.insert(`INSERT INTO documents (application_id, code, subject, form, position, item, status, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, d.ApplicationID, d.Code, d.Subject, d.Form, d.Position, item, d.Status, now)
	return registry.DocumentID(id), err
}

// SetDocumentItem brings the order, texts and reason of an item up to date
// when the answers change, and asks for it.
func (tx *Tx) SetDocumentItem(d *registry.Document) error {
	item, err := encode(d.ChecklistItem)
	if err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE documents SET position = ?, form = ?, item = ?, required = TRUE WHERE id = ?`, d.Position, d.Form, item, d.ID)
	return err
}

// ReleaseDocument says that the answers no longer require an item. It keeps
// its files and its history, and is asked for again as it was.
func (tx *Tx) ReleaseDocument(id registry.DocumentID) error {
	_, err := tx.exec(`UPDATE documents SET required = FALSE WHERE id = ?`, id)
	return err
}

// JudgeDocument writes an item's state, if it is still at its version.
func (tx *Tx) JudgeDocument(d *registry.Document, now time.Time) error {
	done := d.Checked
	if done == nil {
		done = []string{}
	}
	checked, err := encode(done)
	if err != nil {
		return err
	}
	err = changed(tx.exec(`UPDATE documents SET status = ?, reason = ?, original_seen = ?, checked = ?, linked_to = ?, valid_until = ?, judged_by = ?, judged_at = ?,
		updated_at = ?, version = version + 1 WHERE id = ? AND version = ?`,
		d.Status, d.Reason, d.OriginalSeen, checked, nullable(d.LinkedTo), d.ValidUntil, nullable(d.JudgedBy), d.JudgedAt, now, d.ID, d.Version))
	if err != nil {
		return err
	}
	d.Version++
	d.UpdatedAt = now
	return nil
}

// LinkableDocuments returns accepted papers of the same kind in other
// applications with the same INN that were approved, where nothing changes any
// more, the newest first, at most limit.
func (tx *Tx) LinkableDocuments(inn registry.INN, d *registry.Document, limit int) ([]*registry.Document, error) {
	var rows []documentRow
	err := tx.query(&rows, documentColumns+` WHERE code = ? AND subject = ? AND status = 'accepted' AND linked_to IS NULL
		AND application_id IN (SELECT a.id FROM applications a JOIN organisations o ON o.id = a.organisation_id WHERE o.inn = ? AND a.id <> ?
			AND a.status IN ('approved','completed'))
		ORDER BY id DESC LIMIT ?`, d.Code, d.Subject, inn, d.ApplicationID, limit)
	if err != nil {
		return nil, err
	}
	out := make([]*registry.Document, len(rows))
	for i, r := range rows {
		if out[i], err = r.document(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type fileRow struct {
	ID         int64
	DocumentID int64
	Name       string
	MediaType  string
	Size       int64
	SHA256     string `gorm:"column:sha256"`
	Pages      int
	Width      int
	Height     int
	BlobKey    string
	KeyID      string
	UploadedBy *int64
	ByClient   bool
	UploadedAt time.Time
}

const fileColumns = `SELECT f.id, f.document_id, f.name, f.media_type, f.size, f.sha256, f.pages, f.width, f.height, f.blob_key, f.key_id,
	f.uploaded_by, f.by_client, f.uploaded_at FROM files f`

func (r fileRow) file() registry.File {
	return registry.File{
		ID: registry.FileID(r.ID), DocumentID: registry.DocumentID(r.DocumentID), Name: r.Name, MediaType: r.MediaType,
		Size: r.Size, SHA256: r.SHA256, Pages: r.Pages, Width: r.Width, Height: r.Height, BlobKey: r.BlobKey, KeyID: r.KeyID,
		UploadedBy: orZero[registry.OperatorID](r.UploadedBy), ByClient: r.ByClient, UploadedAt: r.UploadedAt.UTC(),
	}
}

// File returns one that was not removed, or NotFound.
func (tx *Tx) File(id registry.FileID) (*registry.File, error) {
	var r fileRow
	if err := tx.one(&r, fileColumns+` WHERE f.id = ? AND f.removed_at IS NULL`, id); err != nil {
		return nil, err
	}
	f := r.file()
	return &f, nil
}

// FilesOf returns the files of an application's documents, by document.
func (tx *Tx) FilesOf(id registry.ApplicationID) (map[registry.DocumentID][]registry.File, error) {
	var rows []fileRow
	err := tx.query(&rows, fileColumns+` JOIN documents d ON d.id = f.document_id
		WHERE d.application_id = ? AND f.removed_at IS NULL ORDER BY f.id`, id)
	if err != nil {
		return nil, err
	}
	out := map[registry.DocumentID][]registry.File{}
	for _, r := range rows {
		out[registry.DocumentID(r.DocumentID)] = append(out[registry.DocumentID(r.DocumentID)], r.file())
	}
	return out, nil
}

// FilesOfDocument returns a document's files, the oldest first.
func (tx *Tx) FilesOfDocument(id registry.DocumentID) ([]registry.File, error) {
	var rows []fileRow
	if err := tx.query(&rows, fileColumns+` WHERE f.document_id = ? AND f.removed_at IS NULL ORDER BY f.id`, id); err != nil {
		return nil, err
	}
	out := make([]registry.File, len(rows))
	for i, r := range rows {
		out[i] = r.file()
	}
	return out, nil
}

// HasBlob says whether any file, removed or not, has its content under a key
// of the vault.
func (tx *Tx) HasBlob(key string) (bool, error) {
	var n int
	err := tx.query(&n, `SELECT COUNT(*) FROM files WHERE blob_key = ?`, key)
	return n > 0, err
}

// AddFile adds a file whose content the vault already keeps.
func (tx *Tx) AddFile(f registry.File) (registry.FileID, error) {
	id, err := tx.insert(`INSERT INTO files (document_id, name, media_type, size, sha256, pages, width, height, blob_key, key_id, uploaded_by, by_client, uploaded_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.DocumentID, f.Name, f.MediaType, f.Size, f.SHA256, f.Pages, f.Width, f.Height, f.BlobKey, f.KeyID, nullable(f.UploadedBy), f.ByClient, f.UploadedAt)
	return registry.FileID(id), err
}

// RemoveFile takes a file off its document; its content stays in the vault
// for the auditor.
func (tx *Tx) RemoveFile(id registry.FileID, now time.Time) error {
	return changed(tx.exec(`UPDATE files SET removed_at = ? WHERE id = ? AND removed_at IS NULL`, now, id))
}
