package store

import (
	"strconv"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
)

// ChartRows is how many rows of a period a chart is made of at most: its
// newest.
const ChartRows = 20_000

// RevokedCount is how many certificates were revoked for a reason (RFC 5280
// §5.3.1).
type RevokedCount struct{ Reason, N int }

// RevokedBetween counts revocations by reason, from the newest ChartRows of a
// stretch of time.
func (tx *Tx) RevokedBetween(from, to time.Time) (out []RevokedCount, err error) {
	err = tx.query(&out, `SELECT reason, COUNT(*) AS n FROM (SELECT status_reason AS reason FROM certificates WHERE status = 'revoked' AND status_at >= ? AND status_at < ?
		ORDER BY status_at DESC, id DESC LIMIT `+strconv.Itoa(ChartRows)+`) r GROUP BY reason ORDER BY reason`, from, to)
	return out, err
}

// ReportTimes are the instants of a report that took its certificate out of
// use.
type ReportTimes struct {
	ReportedAt, DueAt time.Time
	// OutAt is when the certificate was suspended or revoked, PublicAt when the
	// world could first know of it; nil: not yet.
	OutAt, PublicAt *time.Time
}

// ReportTimesBetween returns those of the reports of a stretch of time that
// were not a mistake, the newest ChartRows.
func (tx *Tx) ReportTimesBetween(from, to time.Time) ([]ReportTimes, error) {
	var rows []struct {
		ReportedAt, DueAt                  time.Time
		Status                             string
		SuspendedAt, ConcludedAt, PublicAt *time.Time
	}
	if err := tx.query(&rows, `SELECT r.reported_at, r.due_at, r.status, r.suspended_at, r.concluded_at, p.public_at
		FROM (SELECT * FROM revocation_reports WHERE reported_at >= ? AND reported_at < ? ORDER BY reported_at DESC, id DESC LIMIT `+strconv.Itoa(ChartRows)+`) r
		JOIN certificates c ON c.id = r.certificate_id
		LEFT JOIN status_changes p ON p.id = (SELECT s.id FROM status_changes s WHERE s.serial = c.serial AND s.status <> 'issued'
			AND s.at >= COALESCE(r.suspended_at, r.concluded_at) ORDER BY s.id LIMIT 1)
		WHERE r.status IN ('received', 'revoked')`, from, to); err != nil {
		return nil, err
	}
	out := make([]ReportTimes, len(rows))
	for i, r := range rows {
		out[i] = ReportTimes{ReportedAt: r.ReportedAt, DueAt: r.DueAt, OutAt: r.SuspendedAt, PublicAt: r.PublicAt}
		if r.SuspendedAt == nil && r.Status == string(registry.ReportRevoked) {
			out[i].OutAt = r.ConcludedAt
		}
	}
	return out, nil
}

// DecisionCount is how many decisions of a kind an operator has made.
type DecisionCount struct {
	ActorID string
	Kind    string // of the journal
	N       int
}

// DecisionKinds are the journal's kinds of what operators decide.
var DecisionKinds = [...]string{"application.approve", "application.refuse", "application.send_back", "report.revoked", "report.rejected", "report.lifted", "batch.signed", "batch.rejected"}

// DecisionsBetween counts operators' decisions, the newest ChartRows of each
// kind.
func (tx *Tx) DecisionsBetween(from, to time.Time) (out []DecisionCount, err error) {
	for _, kind := range DecisionKinds {
		var rows []DecisionCount
		if err := tx.query(&rows, `SELECT actor_id, '`+kind+`' AS kind, COUNT(*) AS n FROM (SELECT actor_id FROM journal_entries
			WHERE kind = ? AND at >= ? AND at < ? AND actor_kind = ? ORDER BY at DESC, id DESC LIMIT `+strconv.Itoa(ChartRows)+`) e GROUP BY actor_id ORDER BY actor_id`,
			kind, from, to, string(journal.ActorOperator)); err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// approvedSQL are the applications approved from one instant up to another, by
// the journal, the newest ChartRows.
var approvedSQL = `(SELECT CAST(s.subject_id AS BIGINT) AS id FROM (SELECT id FROM journal_entries WHERE kind = 'application.approve' AND at >= ? AND at < ?
	ORDER BY at DESC, id DESC LIMIT ` + strconv.Itoa(ChartRows) + `) e JOIN journal_subjects s ON s.entry_id = e.id AND s.position = 0)`

// ApprovedTimes are the instants of an application that was approved.
type ApprovedTimes struct {
	Channel     registry.Channel
	SubmittedAt *time.Time
	VerifiedAt  *time.Time
	DecidedAt   *time.Time
}

// ApprovedBetween returns those of a stretch of time.
func (tx *Tx) ApprovedBetween(from, to time.Time) (out []ApprovedTimes, err error) {
	err = tx.query(&out, `SELECT a.channel, a.submitted_at, a.verified_at, a.decided_at FROM `+approvedSQL+` x JOIN applications a ON a.id = x.id`, from, to)
	return out, err
}

// WaivedCount is how often a document was asked for, and waived.
type WaivedCount struct {
	Code        string
	All, Waived int
}

// WaivedBetween counts the documents of the applications approved in a stretch
// of time by their rule.
func (tx *Tx) WaivedBetween(from, to time.Time) (out []WaivedCount, err error) {
	err = tx.query(&out, `SELECT d.code, COUNT(*) AS "all", SUM(CASE WHEN d.status = 'waived' THEN 1 ELSE 0 END) AS waived FROM `+approvedSQL+` x
		JOIN documents d ON d.application_id = x.id WHERE d.required GROUP BY d.code ORDER BY d.code`, from, to)
	return out, err
}
