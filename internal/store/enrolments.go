package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type enrolmentRow struct {
	ID            int64
	ApplicationID *int64
	SignatoryID   *int64
	OperatorID    *int64
	Status        string
	CSR           []byte `gorm:"column:csr"`
	Serial        string
	Failure       string
	Detail        string
	Attempt       int
	NextAttemptAt *time.Time
	LeasedUntil   *time.Time
	Fee           int64
	CreatedAt     time.Time
	UpdatedAt     time.Time
	Version       int64
}

const enrolmentColumns = `SELECT id, application_id, signatory_id, operator_id, status, csr, serial, failure, detail, attempt,
	next_attempt_at, leased_until, fee, created_at, updated_at, version FROM enrolments`

func (r enrolmentRow) enrolment() *registry.Enrolment {
	return &registry.Enrolment{
		ID: registry.EnrolmentID(r.ID), ApplicationID: orZero[registry.ApplicationID](r.ApplicationID),
		SignatoryID: orZero[registry.SignatoryID](r.SignatoryID), OperatorID: orZero[registry.OperatorID](r.OperatorID),
		Status: registry.EnrolmentStatus(r.Status), CSR: r.CSR, Serial: registry.Serial(r.Serial),
		Failure: r.Failure, Detail: r.Detail, Attempt: r.Attempt,
		NextAttemptAt: utc(r.NextAttemptAt), LeasedUntil: utc(r.LeasedUntil), Fee: registry.Tyiyn(r.Fee),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
	}
}

func (tx *Tx) enrolment(where string, args ...any) (*registry.Enrolment, error) {
	var r enrolmentRow
	if err := tx.one(&r, enrolmentColumns+where, args...); err != nil {
		return nil, err
	}
	return r.enrolment(), nil
}

func (tx *Tx) enrolments(where string, args ...any) ([]*registry.Enrolment, error) {
	var rows []enrolmentRow
	if err := tx.query(&rows, enrolmentColumns+where, args...); err != nil {
		return nil, err
	}
	out := make([]*registry.Enrolment, len(rows))
	for i, r := range rows {
		out[i] = r.enrolment()
	}
	return out, nil
}

// Enrolment returns one by id, or NotFound.
func (tx *Tx) Enrolment(id registry.EnrolmentID) (*registry.Enrolment, error) {
	return tx.enrolment(` WHERE id = ?`, id)
}

// LockEnrolment reads an enrolment inside Write and keeps others from changing
// it until the transaction ends.
func (tx *Tx) LockEnrolment(id registry.EnrolmentID) (*registry.Enrolment, error) {
	return tx.enrolment(` WHERE id = ?`+tx.forUpdate(), id)
}

// Enrolments returns those of an application, in the order of its signatories.
func (tx *Tx) Enrolments(id registry.ApplicationID) ([]*registry.Enrolment, error) {
	return tx.enrolments(` WHERE application_id = ? ORDER BY id`, id)
}

// EnrolmentsOfOperator returns an operator's, the newest first.
func (tx *Tx) EnrolmentsOfOperator(id registry.OperatorID) ([]*registry.Enrolment, error) {
	return tx.enrolments(` WHERE operator_id = ? ORDER BY id DESC`, id)
}

// FailedEnrolments returns what an approver has to look at, the oldest first.
func (tx *Tx) FailedEnrolments(limit int) ([]*registry.Enrolment, error) {
	return tx.enrolments(` WHERE status = 'failed' ORDER BY updated_at, id LIMIT ?`, limit)
}

// RenewalsBeingMade returns the enrolments of a person's accepted renewals for
// an organisation whose key is made and whose certificate is not.
func (tx *Tx) RenewalsBeingMade(org registry.OrganisationID, person registry.PersonalNumber) ([]*registry.Enrolment, error) {
	return tx.enrolments(` WHERE status IN ('key_made','issuing','failed') AND signatory_id IN (SELECT s.id FROM signatories s
		JOIN applications a ON a.id = s.application_id WHERE a.organisation_id = ? AND a.status = 'approved' AND a.operation = 'RENEWAL'
		AND s.personal_number = ?) ORDER BY id`, org, person)
}

// AddEnrolment adds one that awaits its key.
func (tx *Tx) AddEnrolment(e registry.Enrolment, now time.Time) (registry.EnrolmentID, error) {
	id, err := tx.insert(`INSERT INTO enrolments (application_id, signatory_id, operator_id, status, fee, created_at, updated_at)
		VALUES (?, ?, ?, 'awaiting_key', ?, ?, ?)`,
		nullable(e.ApplicationID), nullable(e.SignatoryID), nullable(e.OperatorID), e.Fee, now, now)
	return registry.EnrolmentID(id), err
}

// AddEnrolments is AddEnrolment of an application's signatories; the ids are
// filled in.
func (tx *Tx) AddEnrolments(all []*registry.Enrolment, now time.Time) error {
	rows := make([][]any, len(all))
	for i, e := range all {
		rows[i] = []any{e.ApplicationID, e.SignatoryID, registry.AwaitingKey, e.Fee, now, now}
	}
	var added []struct{ ID, SignatoryID int64 }
	if err := tx.query(&added, `INSERT INTO enrolments (application_id, signatory_id, status, fee, created_at, updated_at) VALUES `+
		placeholders(len(rows), 6)+` RETURNING id, signatory_id`, flat(rows)...); err != nil {
		return err
	}
	ids := make(map[registry.SignatoryID]registry.EnrolmentID, len(added))
	for _, a := range added {
		ids[registry.SignatoryID(a.SignatoryID)] = registry.EnrolmentID(a.ID)
	}
	for _, e := range all {
		e.ID = ids[e.SignatoryID]
	}
	return allChanged(len(all))(int64(len(added)), nil)
}

// MoveEnrolment writes all that changes of e, if the row is still at e's
// version and in the status from. The lease ends, unless the worker that holds
// it goes on to issuing.
func (tx *Tx) MoveEnrolment(e *registry.Enrolment, from registry.EnrolmentStatus, now time.Time) error {
	if e.Status != registry.Issuing {
		e.LeasedUntil = nil
	}
	err := changed(tx.exec(`UPDATE enrolments SET status = ?, csr = ?, serial = ?, failure = ?, detail = ?, attempt = ?, next_attempt_at = ?,
		leased_until = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ? AND status = ?`,
		e.Status, e.CSR, e.Serial, e.Failure, e.Detail, e.Attempt, e.NextAttemptAt, e.LeasedUntil, now, e.ID, e.Version, from))
	if err != nil {
		return err
	}
	e.Version++
	e.UpdatedAt = now
	return nil
}

// LeaseEnrolments takes at most n enrolments that the program has to go on
// with, until the lease ends; other workers do not see them before that. now
// is the machine's clock. An enrolment that was looked at too early is back in
// the queue by itself.
func (tx *Tx) LeaseEnrolments(n int, now time.Time, lease time.Duration) ([]*registry.Enrolment, error) {
	due, err := tx.enrolments(` WHERE status IN ('key_made','issuing') AND next_attempt_at <= ? AND (leased_until IS NULL OR leased_until < ?)
		ORDER BY next_attempt_at, id LIMIT ?`+tx.skipLocked(), now, now, n)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	until := now.Add(lease)
	ids := make([]registry.EnrolmentID, len(due))
	for i, e := range due {
		e.Attempt++
		e.LeasedUntil = &until
		ids[i] = e.ID
	}
	_, err = tx.exec(`UPDATE enrolments SET leased_until = ?, attempt = attempt + 1 WHERE id IN ?`, until, ids)
	return due, err
}

// DeferEnrolment ends a worker's lease and says when the next try is due and
// why this one came to nothing. A worker whose lease is no longer its own
// changes nothing.
func (tx *Tx) DeferEnrolment(e *registry.Enrolment, next time.Time) error {
	return changed(tx.exec(`UPDATE enrolments SET failure = ?, detail = ?, next_attempt_at = ?, leased_until = NULL
		WHERE id = ? AND attempt = ? AND status = ?`, e.Failure, e.Detail, next, e.ID, e.Attempt, e.Status))
}

// ReleaseLeases ends the leases that a program left which was the only one on
// this database.
func (tx *Tx) ReleaseLeases() error {
	for _, table := range []string{"enrolments", "outbox"} {
		if _, err := tx.exec(`UPDATE ` + table + ` SET leased_until = NULL WHERE leased_until IS NOT NULL`); err != nil {
			return err
		}
	}
	return nil
}

// Signatory returns the person that an enrolment is for.
func (tx *Tx) Signatory(id registry.SignatoryID) (*registry.Signatory, error) {
	var r struct {
		ID         int64
		Role       string
		Requisites string
	}
	if err := tx.one(&r, `SELECT id, role, requisites FROM signatories WHERE id = ?`, id); err != nil {
		return nil, err
	}
	s := &registry.Signatory{ID: registry.SignatoryID(r.ID), Role: registry.SignatoryRole(r.Role)}
	return s, decode(r.Requisites, &s.Person)
}

// SetEnrolmentSerial gives an enrolment that is being issued the serial of a
// fresh intent.
func (tx *Tx) SetEnrolmentSerial(e *registry.Enrolment, now time.Time) error {
	err := changed(tx.exec(`UPDATE enrolments SET serial = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ? AND status = 'issuing'`,
		e.Serial, now, e.ID, e.Version))
	if err != nil {
		return err
	}
	e.Version++
	e.UpdatedAt = now
	return nil
}

// WorkDue says whether enrolments or outbox items are due at an instant of the
// machine's clock, so that a worker with nothing to do writes nothing.
func (tx *Tx) WorkDue(now time.Time) (enrolments, outbox bool, err error) {
	var found struct{ Enrolments, Outbox bool }
	err = tx.query(&found, `SELECT
		EXISTS (SELECT 1 FROM enrolments WHERE status IN ('key_made','issuing') AND next_attempt_at <= ? AND (leased_until IS NULL OR leased_until < ?)) AS enrolments,
		EXISTS (SELECT 1 FROM outbox WHERE status = 'ready' AND run_at <= ? AND (leased_until IS NULL OR leased_until < ?)) AS outbox`, now, now, now, now)
	return found.Enrolments, found.Outbox, err
}

// HurryEnrolments makes everything due that was put off, because what it
// waited for is back.
func (tx *Tx) HurryEnrolments(now time.Time) error {
	_, err := tx.exec(`UPDATE enrolments SET next_attempt_at = ? WHERE status IN ('key_made','issuing') AND next_attempt_at > ? AND leased_until IS NULL`, now, now)
	return err
}
