package store

import (
	"strconv"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type reportRow struct {
	ID            int64
	Number        string
	CertificateID int64
	Status        string
	Way           string
	Cause         string
	RFC5280       int `gorm:"column:rfc5280"`
	Reporter      string
	Identified    string
	Note          string
	InvalidSince  *time.Time
	ReportedAt    time.Time
	DueAt         time.Time
	CreatedAt     time.Time
	CreatedBy     *int64
	ApplicationID *int64
	SuspendedAt   *time.Time
	SuspendedBy   *int64
	Escalated     int
	ConcludedAt   *time.Time
	Remark        string
	Version       int64
}

const reportColumns = `SELECT id, number, certificate_id, status, way, cause, rfc5280, reporter, identified, note, invalid_since, reported_at, due_at,
	created_at, created_by, application_id, suspended_at, suspended_by, escalated, concluded_at, remark, version FROM revocation_reports`

func (r reportRow) report() (*registry.Report, error) {
	out := &registry.Report{
		ID: registry.ReportID(r.ID), Number: r.Number, CertificateID: registry.CertificateID(r.CertificateID), Status: registry.ReportStatus(r.Status),
		Way: registry.ReportWay(r.Way), Cause: r.Cause, Code: r.RFC5280, Reporter: r.Reporter, Note: r.Note, InvalidSince: utc(r.InvalidSince),
		ReportedAt: r.ReportedAt.UTC(), DueAt: r.DueAt.UTC(), CreatedAt: r.CreatedAt.UTC(), CreatedBy: orZero[registry.OperatorID](r.CreatedBy),
		ApplicationID: orZero[registry.ApplicationID](r.ApplicationID), SuspendedAt: utc(r.SuspendedAt), SuspendedBy: orZero[registry.OperatorID](r.SuspendedBy),
		Escalated: r.Escalated, ConcludedAt: utc(r.ConcludedAt), Remark: r.Remark, Version: r.Version,
	}
	return out, decode(r.Identified, &out.Identified)
}

func (tx *Tx) report(where string, args ...any) (*registry.Report, error) {
	var r reportRow
	if err := tx.one(&r, reportColumns+where, args...); err != nil {
		return nil, err
	}
	return r.report()
}

func (tx *Tx) reports(where string, args ...any) ([]*registry.Report, error) {
	var rows []reportRow
	if err := tx.query(&rows, reportColumns+where, args...); err != nil {
		return nil, err
	}
	out := make([]*registry.Report, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.report(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Report returns one by id, or NotFound.
func (tx *Tx) Report(id registry.ReportID) (*registry.Report, error) {
	return tx.report(` WHERE id = ?`, id)
}

// ReportByNumber returns one by the number people see, or NotFound.
func (tx *Tx) ReportByNumber(number string) (*registry.Report, error) {
	return tx.report(` WHERE number = ?`, number)
}

// LockReport reads one inside Write and keeps others from changing it until
// the transaction ends. Its certificate is locked before it.
func (tx *Tx) LockReport(id registry.ReportID) (*registry.Report, error) {
	return tx.report(` WHERE id = ?`+tx.forUpdate(), id)
}

// OpenReportOf returns the report of a certificate that nobody has decided on
// yet, or NotFound; there is one at most.
func (tx *Tx) OpenReportOf(id registry.CertificateID) (*registry.Report, error) {
	return tx.report(` WHERE certificate_id = ? AND status = 'received'`, id)
}

// ReportsOf returns a certificate's, the newest first.
func (tx *Tx) ReportsOf(id registry.CertificateID) ([]*registry.Report, error) {
	return tx.reports(` WHERE certificate_id = ? ORDER BY id DESC`, id)
}

// OpenReports returns those that wait for a decision, due first, at most limit.
func (tx *Tx) OpenReports(limit int) ([]*registry.Report, error) {
	return tx.reports(` WHERE status = 'received' ORDER BY due_at, id LIMIT ?`, limit)
}

// ConcludedReports returns those decided on, the newest first, at most limit.
func (tx *Tx) ConcludedReports(limit int) ([]*registry.Report, error) {
	return tx.reports(` WHERE status <> 'received' ORDER BY id DESC LIMIT ?`, limit)
}

// ReportsToEscalate returns open ones of which people were told less than an
// instant asks for, at most limit: the clock of each has run for more than the
// next share.
func (tx *Tx) ReportsToEscalate(limit int) ([]*registry.Report, error) {
	return tx.reports(` WHERE status = 'received' AND escalated < 100 ORDER BY due_at, id LIMIT ?`, limit)
}

// ReportsOver returns open ones whose certificate's term has ended, at most
// limit.
func (tx *Tx) ReportsOver(now time.Time, limit int) ([]*registry.Report, error) {
	return tx.reports(` WHERE status = 'received' AND certificate_id IN (SELECT id FROM certificates WHERE not_after < ?) ORDER BY id LIMIT ?`, now, limit)
}

// AddReport adds one that was received. A certificate that has an open one is
// ErrUnique.
func (tx *Tx) AddReport(r registry.Report) (registry.ReportID, error) {
	identified, err := encode(r.Identified)
	if err != nil {
		return 0, err
	}
	id, err := tx.insert(`INSERT INTO revocation_reports (number, certificate_id, status, way, cause, rfc5280, reporter, identified, note, invalid_since,
		reported_at, due_at, created_at, created_by, application_id) VALUES (?, ?, 'received', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Number, r.CertificateID, r.Way, r.Cause, r.Code, r.Reporter, identified, r.Note, r.InvalidSince,
		r.ReportedAt, r.DueAt, r.CreatedAt, nullable(r.CreatedBy), nullable(r.ApplicationID))
	if err != nil {
		return 0, err
	}
	return registry.ReportID(id), tx.markReport(&r)
}

func (tx *Tx) markReport(r *registry.Report) error {
	marks := []string{markWay + string(r.Way), markCause + r.Cause, markCode + strconv.Itoa(r.Code)}
	for _, o := range []registry.OperatorID{r.CreatedBy, r.SuspendedBy} {
		if o != 0 {
			marks = append(marks, byOperator(o))
		}
	}
	return tx.markCertificate(r.CertificateID, marks...)
}

// SaveReport writes what a transition has changed of an open report, if it is
// still at its version.
func (tx *Tx) SaveReport(r *registry.Report) error {
	err := changed(tx.exec(`UPDATE revocation_reports SET status = ?, cause = ?, rfc5280 = ?, invalid_since = ?, suspended_at = ?, suspended_by = ?, concluded_at = ?, remark = ?,
		version = version + 1 WHERE id = ? AND version = ? AND status = 'received'`,
		r.Status, r.Cause, r.Code, r.InvalidSince, r.SuspendedAt, nullable(r.SuspendedBy), r.ConcludedAt, r.Remark, r.ID, r.Version))
	if err != nil {
		return err
	}
	r.Version++
	return tx.markReport(r)
}

// EscalateReport notes the share of the clock that people are told of, if
// nobody else did meanwhile. The version stays: nothing that is decided on has
// changed.
func (tx *Tx) EscalateReport(id registry.ReportID, from, to int) error {
	return changed(tx.exec(`UPDATE revocation_reports SET escalated = ? WHERE id = ? AND escalated = ? AND status = 'received'`, to, id, from))
}

// AddRevocationDecision stores a signed decision on a report; there is one at
// most.
func (tx *Tx) AddRevocationDecision(d registry.RevocationDecision) error {
	_, err := tx.insert(`INSERT INTO revocation_decisions (report_id, action, operator_id, envelope, signature, serial, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		d.ReportID, d.Action, nullable(d.OperatorID), d.Envelope, d.Signature, d.Serial, d.CreatedAt)
	return err
}

// RevocationDecision returns the decision on a report, or NotFound.
func (tx *Tx) RevocationDecision(id registry.ReportID) (*registry.RevocationDecision, error) {
	var r struct {
		ID         int64
		ReportID   int64
		Action     string
		OperatorID *int64
		Envelope   []byte
		Signature  []byte
		Serial     string
		CreatedAt  time.Time
	}
	if err := tx.one(&r, `SELECT id, report_id, action, operator_id, envelope, signature, serial, created_at FROM revocation_decisions WHERE report_id = ?`, id); err != nil {
		return nil, err
	}
	return &registry.RevocationDecision{
		ID: r.ID, ReportID: registry.ReportID(r.ReportID), Action: registry.ReportAction(r.Action), OperatorID: orZero[registry.OperatorID](r.OperatorID),
		Envelope: r.Envelope, Signature: r.Signature, Serial: registry.Serial(r.Serial), CreatedAt: r.CreatedAt.UTC(),
	}, nil
}
