package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type dataRequestRow struct {
	ID             int64
	Number         string
	PersonalNumber string
	AskedBy        string
	Way            string
	Identified     string
	Note           string
	Status         string
	ReceivedAt     time.Time
	DueAt          time.Time
	CreatedBy      int64
	CreatedAt      time.Time
	ExportedSHA256 string `gorm:"column:exported_sha256"`
	ExportedAt     *time.Time
	ExportedBy     *int64
	ConcludedAt    *time.Time
	ConcludedBy    *int64
	Remark         string
	Version        int64
}

const dataRequestColumns = `SELECT id, number, personal_number, asked_by, way, identified, note, status, received_at, due_at, created_by, created_at,
	exported_sha256, exported_at, exported_by, concluded_at, concluded_by, remark, version FROM data_requests`

func (r dataRequestRow) request() *registry.DataRequest {
	return &registry.DataRequest{
		ID: registry.DataRequestID(r.ID), Number: r.Number, PersonalNumber: registry.PersonalNumber(r.PersonalNumber), AskedBy: r.AskedBy,
		Way: registry.DataRequestWay(r.Way), Identified: r.Identified, Note: r.Note, Status: registry.DataRequestStatus(r.Status),
		ReceivedAt: r.ReceivedAt.UTC(), DueAt: r.DueAt.UTC(), CreatedBy: registry.OperatorID(r.CreatedBy), CreatedAt: r.CreatedAt.UTC(),
		ExportedSHA256: r.ExportedSHA256, ExportedAt: utc(r.ExportedAt), ExportedBy: orZero[registry.OperatorID](r.ExportedBy),
		ConcludedAt: utc(r.ConcludedAt), ConcludedBy: orZero[registry.OperatorID](r.ConcludedBy), Remark: r.Remark, Version: r.Version,
	}
}

func (tx *Tx) dataRequest(where string, args ...any) (*registry.DataRequest, error) {
	var r dataRequestRow
	if err := tx.one(&r, dataRequestColumns+where, args...); err != nil {
		return nil, err
	}
	return r.request(), nil
}

func (tx *Tx) dataRequests(where string, args ...any) ([]*registry.DataRequest, error) {
	var rows []dataRequestRow
	if err := tx.query(&rows, dataRequestColumns+where, args...); err != nil {
		return nil, err
	}
	out := make([]*registry.DataRequest, len(rows))
	for i, r := range rows {
		out[i] = r.request()
	}
	return out, nil
}

// DataRequest returns one by its number, or NotFound.
func (tx *Tx) DataRequest(number string) (*registry.DataRequest, error) {
	return tx.dataRequest(` WHERE number = ?`, number)
}

// LockDataRequest reads one inside Write and keeps others from changing it
// until the transaction ends.
func (tx *Tx) LockDataRequest(number string) (*registry.DataRequest, error) {
	return tx.dataRequest(` WHERE number = ?`+tx.forUpdate(), number)
}

// OpenDataRequests returns those whose clock runs, the one due first on top, at
// most limit.
func (tx *Tx) OpenDataRequests(limit int) ([]*registry.DataRequest, error) {
	return tx.dataRequests(` WHERE status = 'received' ORDER BY due_at, id LIMIT ?`, limit)
}

// ConcludedDataRequests returns the others, the newest first, at most limit.
func (tx *Tx) ConcludedDataRequests(limit int) ([]*registry.DataRequest, error) {
	return tx.dataRequests(` WHERE status <> 'received' ORDER BY id DESC LIMIT ?`, limit)
}

// DataRequestsOf are all about a person, the oldest first.
func (tx *Tx) DataRequestsOf(n registry.PersonalNumber) ([]*registry.DataRequest, error) {
	return tx.dataRequests(` WHERE personal_number = ? ORDER BY id`, n)
}

// AddDataRequest adds one. A person who has an open one already is ErrUnique.
func (tx *Tx) AddDataRequest(r *registry.DataRequest) error {
	id, err := tx.insert(`INSERT INTO data_requests (number, personal_number, asked_by, way, identified, note, status, received_at, due_at, created_by, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Number, r.PersonalNumber, r.AskedBy, r.Way, r.Identified, r.Note, r.Status, r.ReceivedAt, r.DueAt, r.CreatedBy, r.CreatedAt)
	r.ID = registry.DataRequestID(id)
	return err
}

// SaveDataRequest writes the status, the export and the conclusion of r, if the
// row is still at r's version.
func (tx *Tx) SaveDataRequest(r *registry.DataRequest) error {
	err := changed(tx.exec(`UPDATE data_requests SET status = ?, exported_sha256 = ?, exported_at = ?, exported_by = ?, concluded_at = ?, concluded_by = ?, remark = ?,
		version = version + 1 WHERE id = ? AND version = ?`,
		r.Status, r.ExportedSHA256, r.ExportedAt, nullable(r.ExportedBy), r.ConcludedAt, nullable(r.ConcludedBy), r.Remark, r.ID, r.Version))
	if err == nil {
		r.Version++
	}
	return err
}

// ApplicationsOfPerson are those in which a person signs or has consented to
// the processing of their data, the oldest first.
func (tx *Tx) ApplicationsOfPerson(n registry.PersonalNumber) ([]*registry.Application, error) {
	return tx.applications(` WHERE id IN (SELECT application_id FROM signatories WHERE personal_number = ?)
		OR id IN (SELECT application_id FROM consents WHERE personal_number = ?) ORDER BY id`, n, n)
}

// CertificatesOfPerson are all that were issued to a person, the oldest first.
func (tx *Tx) CertificatesOfPerson(n registry.PersonalNumber) ([]*registry.Certificate, error) {
	return tx.certificates(` WHERE personal_number = ? ORDER BY id`, n)
}

// LooksAtDocuments are the looks at some documents, the oldest first.
func (tx *Tx) LooksAtDocuments(ids []string) ([]Access, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []journalRow
	if err := tx.query(&rows, `SELECT `+journalColumns+` FROM journal_entries e WHERE e.kind IN ?
		AND e.id IN (SELECT s.entry_id FROM journal_subjects s WHERE s.kind = 'document' AND s.subject_id IN ?) ORDER BY e.id`, AccessKinds, ids); err != nil {
		return nil, err
	}
	return tx.looks(rows)
}
