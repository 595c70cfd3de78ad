package store

import (
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type applicationRow struct {
	ID             int64
	Number         string
	Status         string
	OrganisationID *int64
	Declaration    string
	Input          string
	PackHash       string
	Fee            int64
	Assignee       *int64
	AssignedAt     *time.Time
	CreatedBy      *int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
	SubmittedAt    *time.Time
	VerifiedAt     *time.Time
	DecidedAt      *time.Time
	CompletedAt    *time.Time
	DueAt          *time.Time
	PausedAt       *time.Time
	OrderRank      *int
	OrderAt        *time.Time
	Remark         string
	Version        int64
}

const applicationColumns = `SELECT id, number, status, organisation_id, declaration, input, pack_hash, fee, assignee, assigned_at,
	created_by, created_at, updated_at, submitted_at, verified_at, decided_at, completed_at, due_at, paused_at,
	order_rank, order_at, remark, version FROM applications`

func (r applicationRow) application() (*registry.Application, error) {
	a := &registry.Application{
		ID: registry.ApplicationID(r.ID), Number: r.Number, Status: registry.ApplicationStatus(r.Status),
		OrganisationID: orZero[registry.OrganisationID](r.OrganisationID), PackHash: r.PackHash, Fee: registry.Tyiyn(r.Fee),
		Assignee: orZero[registry.OperatorID](r.Assignee), AssignedAt: utc(r.AssignedAt),
		CreatedBy: orZero[registry.OperatorID](r.CreatedBy), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
		SubmittedAt: utc(r.SubmittedAt), VerifiedAt: utc(r.VerifiedAt), DecidedAt: utc(r.DecidedAt), CompletedAt: utc(r.CompletedAt),
		DueAt: utc(r.DueAt), PausedAt: utc(r.PausedAt), Remark: r.Remark, Version: r.Version,
	}
	if r.OrderRank != nil && r.OrderAt != nil {
		a.Queue = &registry.QueuePlace{Rank: registry.OrderRank(*r.OrderRank), At: r.OrderAt.UTC()}
	}
	if err := decode(r.Declaration, &a.Declaration); err != nil {
		return nil, err
	}
	return a, decode(r.Input, &a.Input)
}

func (tx *Tx) application(where string, args ...any) (*registry.Application, error) {
	var r applicationRow
	if err := tx.one(&r, applicationColumns+where, args...); err != nil {
		return nil, err
	}
	return r.application()
}

// Application returns one by id, or NotFound.
func (tx *Tx) Application(id registry.ApplicationID) (*registry.Application, error) {
	return tx.application(` WHERE id = ?`, id)
}

// ApplicationByNumber returns one by the number people see, or NotFound.
func (tx *Tx) ApplicationByNumber(number string) (*registry.Application, error) {
	return tx.application(` WHERE number = ?`, number)
}

// ApplicationOf returns the one that a certificate was issued for; nil for an
// employee's, and for one that was issued elsewhere.
func (tx *Tx) ApplicationOf(cert *registry.Certificate) (*registry.Application, error) {
	if cert.EnrolmentID == 0 {
		return nil, nil
	}
	e, err := tx.Enrolment(cert.EnrolmentID)
	if err != nil || e.ApplicationID == 0 {
		return nil, err
	}
	return tx.Application(e.ApplicationID)
}

// ApplicationByLink returns one by the hash of its secret link, or NotFound.
func (tx *Tx) ApplicationByLink(hash string) (*registry.Application, error) {
	return tx.application(` WHERE link_hash = ?`, hash)
}

// LockApplication reads an application inside Write and keeps others from
// changing it until the transaction ends.
func (tx *Tx) LockApplication(id registry.ApplicationID) (*registry.Application, error) {
	return tx.application(` WHERE id = ?`+tx.forUpdate(), id)
}

// ApplicationsOf returns an organisation's applications, the newest first, at
// most limit.
func (tx *Tx) ApplicationsOf(id registry.OrganisationID, limit int) ([]*registry.Application, error) {
	return tx.applications(` WHERE organisation_id = ? ORDER BY id DESC LIMIT ?`, id, limit)
}

// OpenReissues returns the applications of an organisation, drafts too, in which
// certificates are being reissued, the oldest first.
func (tx *Tx) OpenReissues(inn registry.INN) ([]*registry.Application, error) {
	return tx.applications(` WHERE inn = ? AND is_open AND operation = 'REISSUE' ORDER BY id`, inn)
}

func (tx *Tx) applications(where string, args ...any) ([]*registry.Application, error) {
	var rows []applicationRow
	if err := tx.query(&rows, applicationColumns+where, args...); err != nil {
		return nil, err
	}
	out := make([]*registry.Application, len(rows))
	for i, r := range rows {
		a, err := r.application()
		if err != nil {
			return nil, err
		}
		out[i] = a
	}
	return out, nil
}

// NextNumber gives the next number of a counter, from 1.
func (tx *Tx) NextNumber(counter string) (int64, error) {
	var n int64
	err := tx.query(&n, `INSERT INTO counters (name, value) VALUES (?, 1)
		ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value`, counter)
	return n, err
}

// NewApplication says what AddApplication stores.
type NewApplication struct {
	Number      string
	LinkHash    string // hash of the secret link's token
	Declaration registry.Declaration
	Input       registry.FormInput
	CreatedBy   registry.OperatorID // 0: the applicant itself
	Now         time.Time
}

// AddApplication adds a draft.
func (tx *Tx) AddApplication(n NewApplication) (registry.ApplicationID, error) {
	decl, input, err := encodeForms(&n.Declaration, n.Input)
	if err != nil {
		return 0, err
	}
	d := n.Declaration
	id, err := tx.insert(`INSERT INTO applications (number, link_hash, status, is_open, operation, channel, storage, office, inn, title_ru, title_ky,
		declaration, input, language, created_by, created_at, updated_at, queue_at, assignee, assigned_at)
		VALUES (?, ?, 'draft', TRUE, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		n.Number, n.LinkHash, d.Operation, d.Channel, d.Storage, d.Office, d.Organisation.INN,
		d.Organisation.FullName(registry.Russian), d.Organisation.FullName(registry.Kyrgyz),
		decl, input, d.Language, nullable(n.CreatedBy), n.Now, n.Now, farFuture, nullable(n.CreatedBy), n.Now)
	if err != nil {
		return 0, fmt.Errorf("adding application: %w", err)
	}
	return registry.ApplicationID(id), tx.setApplicationTerms(registry.ApplicationID(id), n.Number, &d)
}

// farFuture sorts applications whose clock does not run behind all others.
var farFuture = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func encodeForms(d *registry.Declaration, in registry.FormInput) (decl, input string, err error) {
	if decl, err = encode(d); err != nil {
		return "", "", err
	}
	if in == nil {
		in = registry.FormInput{}
	}
	input, err = encode(in)
	return decl, input, err
}

func (tx *Tx) setApplicationTerms(id registry.ApplicationID, number string, d *registry.Declaration) error {
	texts := []string{number, d.Organisation.NameRu, d.Organisation.NameKy, d.Organisation.NameLatin, d.Organisation.FormRu, d.Organisation.FormKy, string(d.Organisation.INN)}
	for _, s := range d.Signatories() {
		texts = append(texts, s.Person.NameRu.String(), s.Person.NameKy.String(), string(s.Person.PersonalNumber))
	}
	return tx.setTerms("application", int64(id), texts...)
}

// SaveDeclaration stores what is declared and the form as typed, if the
// application is still at version.
func (tx *Tx) SaveDeclaration(a *registry.Application, d *registry.Declaration, in registry.FormInput, now time.Time) error {
	decl, input, err := encodeForms(d, in)
	if err != nil {
		return err
	}
	err = changed(tx.exec(`UPDATE applications SET operation = ?, channel = ?, storage = ?, office = ?, inn = ?, title_ru = ?, title_ky = ?,
		declaration = ?, input = ?, language = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ?`,
		d.Operation, d.Channel, d.Storage, d.Office, d.Organisation.INN,
		d.Organisation.FullName(registry.Russian), d.Organisation.FullName(registry.Kyrgyz),
		decl, input, d.Language, now, a.ID, a.Version))
	if err != nil {
		return err
	}
	a.Declaration, a.Input, a.UpdatedAt = *d, in, now
	a.Version++
	return tx.setApplicationTerms(a.ID, a.Number, d)
}

// MoveApplication writes the status, the clocks, the assignee, the fee and the
// place in the queue of a, if the row is still at a's version and in the status
// from. What does not wait for the authority any more leaves the queue.
func (tx *Tx) MoveApplication(a *registry.Application, from registry.ApplicationStatus, now time.Time) error {
	queue := farFuture
	if a.DueAt != nil && a.PausedAt == nil {
		queue = *a.DueAt
	}
	var rank *registry.OrderRank
	var at *time.Time
	if a.Queue != nil && a.Status.Queued() {
		rank, at = &a.Queue.Rank, &a.Queue.At
	} else {
		a.Queue = nil
	}
	err := changed(tx.exec(`UPDATE applications SET status = ?, is_open = ?, organisation_id = ?, pack_hash = ?, fee = ?, assignee = ?, assigned_at = ?,
		submitted_at = ?, verified_at = ?, decided_at = ?, completed_at = ?, due_at = ?, paused_at = ?, queue_at = ?, order_rank = ?, order_at = ?, remark = ?,
		updated_at = ?, version = version + 1 WHERE id = ? AND version = ? AND status = ?`,
		a.Status, a.Status.Open(), nullable(a.OrganisationID), a.PackHash, a.Fee, nullable(a.Assignee), a.AssignedAt,
		a.SubmittedAt, a.VerifiedAt, a.DecidedAt, a.CompletedAt, a.DueAt, a.PausedAt, queue, rank, at, a.Remark,
		now, a.ID, a.Version, from))
	if err != nil {
		return err
	}
	a.Version++
	a.UpdatedAt = now
	return nil
}

// SetApplicationLink replaces the hash of the secret link; the old link is
// dead.
func (tx *Tx) SetApplicationLink(id registry.ApplicationID, hash string) error {
	return changed(tx.exec(`UPDATE applications SET link_hash = ? WHERE id = ?`, hash, id))
}

// Hand is somebody who touched a file.
type Hand struct {
	PersonalNumber registry.PersonalNumber
	OperatorID     registry.OperatorID
	Act            registry.Action
	At             time.Time
}

// AddHand remembers that an operator touched a file (four eyes); the first
// act of each person is kept, and first says that this is it.
func (tx *Tx) AddHand(id registry.ApplicationID, h Hand) (first bool, err error) {
	n, err := tx.exec(`INSERT INTO application_hands (application_id, personal_number, operator_id, act, at)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, id, h.PersonalNumber, h.OperatorID, h.Act, h.At)
	return n > 0, err
}

// Hands returns who touched a file, in order.
func (tx *Tx) Hands(id registry.ApplicationID) ([]Hand, error) {
	var out []Hand
	err := tx.query(&out, `SELECT personal_number, operator_id, act, at FROM application_hands WHERE application_id = ? ORDER BY at`, id)
	for i := range out {
		out[i].At = out[i].At.UTC()
	}
	return out, err
}

// SetSignatories stores the people who are to receive certificates.
func (tx *Tx) SetSignatories(id registry.ApplicationID, people []registry.Signatory) error {
	if _, err := tx.exec(`DELETE FROM signatories WHERE application_id = ?`, id); err != nil {
		return err
	}
	for _, s := range people {
		text, err := encode(s.Person)
		if err != nil {
			return err
		}
		if _, err := tx.insert(`INSERT INTO signatories (application_id, role, personal_number, requisites) VALUES (?, ?, ?, ?)`,
			id, s.Role, s.Person.PersonalNumber, text); err != nil {
			return err
		}
	}
	return nil
}

// Signatories returns the people who are to receive certificates, head first.
func (tx *Tx) Signatories(id registry.ApplicationID) ([]registry.Signatory, error) {
	var rows []struct {
		ID         int64
		Role       string
		Requisites string
	}
	if err := tx.query(&rows, `SELECT id, role, requisites FROM signatories WHERE application_id = ? ORDER BY id`, id); err != nil {
		return nil, err
	}
	out := make([]registry.Signatory, len(rows))
	for i, r := range rows {
		out[i] = registry.Signatory{ID: registry.SignatoryID(r.ID), Role: registry.SignatoryRole(r.Role)}
		if err := decode(r.Requisites, &out[i].Person); err != nil {
			return nil, err
		}
	}
	return out, nil
}
