package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/migrations"
)

type operatorRow struct {
	ID         int64
	Requisites string
	Role       string
	Office     string
	Email      string
	Language   string
	Disabled   bool
	CreatedAt  time.Time
	Version    int64
}

const operatorColumns = `SELECT id, requisites, role, office, email, language, disabled, created_at, version FROM operators`

func (r operatorRow) operator() (*registry.Operator, error) {
	o := &registry.Operator{
		ID: registry.OperatorID(r.ID), Role: registry.Role(r.Role), Office: registry.OfficeCode(r.Office),
		Email: r.Email, Language: registry.Language(r.Language), Disabled: r.Disabled,
		CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
	}
	return o, decode(r.Requisites, &o.Person)
}

// Operator returns one by id, or NotFound.
func (tx *Tx) Operator(id registry.OperatorID) (*registry.Operator, error) {
	var r operatorRow
	if err := tx.one(&r, operatorColumns+` WHERE id = ?`, id); err != nil {
		return nil, err
	}
	return r.operator()
}

// LockOperator makes others who lock the same operator inside Write wait until
// the transaction ends.
func (tx *Tx) LockOperator(id registry.OperatorID) error {
	var r operatorRow
	return tx.one(&r, operatorColumns+` WHERE id = ?`+tx.forUpdate(), id)
}

// OperatorByPersonalNumber returns one, or NotFound.
func (tx *Tx) OperatorByPersonalNumber(n registry.PersonalNumber) (*registry.Operator, error) {
	var r operatorRow
	if err := tx.one(&r, operatorColumns+` WHERE personal_number = ?`, n); err != nil {
		return nil, err
	}
	return r.operator()
}

// Operators returns all, by id.
func (tx *Tx) Operators() ([]*registry.Operator, error) {
	var rows []operatorRow
	if err := tx.query(&rows, operatorColumns+` ORDER BY id`); err != nil {
		return nil, err
	}
	out := make([]*registry.Operator, len(rows))
	for i, r := range rows {
		o, err := r.operator()
		if err != nil {
			return nil, err
		}
		out[i] = o
	}
	return out, nil
}

// LockAdministrators keeps others from changing the administrators' accounts
// until the transaction ends. Rows that name an administrator may be added
// meanwhile.
func (tx *Tx) LockAdministrators() error {
	if tx.dialect != migrations.PostgreSQL {
		return nil
	}
	_, err := tx.exec(`SELECT 1 FROM operators WHERE role = ? ORDER BY id FOR NO KEY UPDATE`, registry.Administrator)
	return err
}

// AddOperator adds one; a personal number that has an account already is
// ErrUnique.
func (tx *Tx) AddOperator(o registry.Operator, now time.Time) (registry.OperatorID, error) {
	text, err := encode(o.Person)
	if err != nil {
		return 0, err
	}
	id, err := tx.insert(`INSERT INTO operators (personal_number, requisites, role, office, email, language, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, o.Person.PersonalNumber, text, o.Role, o.Office, o.Email, o.Language, now)
	return registry.OperatorID(id), err
}

// SetOperatorRole changes a role, if the account is still at version.
func (tx *Tx) SetOperatorRole(id registry.OperatorID, role registry.Role, version int64) error {
	return changed(tx.exec(`UPDATE operators SET role = ?, version = version + 1 WHERE id = ? AND version = ?`, role, id, version))
}

// SetOperatorDisabled disables or enables an account, if it is not so already.
func (tx *Tx) SetOperatorDisabled(id registry.OperatorID, disabled bool) error {
	return changed(tx.exec(`UPDATE operators SET disabled = ?, version = version + 1 WHERE id = ? AND disabled = ?`, disabled, id, !disabled))
}

// ReleaseAssignments gives what an operator had in hand back to the queue.
func (tx *Tx) ReleaseAssignments(id registry.OperatorID, now time.Time) error {
	_, err := tx.exec(`UPDATE applications SET assignee = NULL, assigned_at = NULL, updated_at = ?, version = version + 1 WHERE assignee = ? AND is_open`, now, id)
	return err
}
