package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type accountRow struct {
	ID             int64
	OrganisationID int64
	Kind           string
	Amount         int64
	Balance        int64
	Reference      string
	PaidOn         string
	Way            string
	ApplicationID  *int64
	EnrolmentID    *int64
	Corrects       *int64
	Note           string
	CreatedBy      *int64
	ConfirmedBy    *int64
	CreatedAt      time.Time
}

const accountColumns = `SELECT id, organisation_id, kind, amount, balance, reference, paid_on, way, application_id, enrolment_id, corrects, note,
	created_by, confirmed_by, created_at FROM account_entries`

func (r accountRow) entry() registry.Entry {
	return registry.Entry{
		ID: registry.EntryID(r.ID), OrganisationID: registry.OrganisationID(r.OrganisationID), Kind: registry.EntryKind(r.Kind),
		Amount: registry.Tyiyn(r.Amount), Balance: registry.Tyiyn(r.Balance), Reference: r.Reference, PaidOn: r.PaidOn, Way: registry.PaymentWay(r.Way),
		ApplicationID: orZero[registry.ApplicationID](r.ApplicationID), EnrolmentID: orZero[registry.EnrolmentID](r.EnrolmentID),
		Corrects: orZero[registry.EntryID](r.Corrects), Note: r.Note,
		CreatedBy: orZero[registry.OperatorID](r.CreatedBy), ConfirmedBy: orZero[registry.OperatorID](r.ConfirmedBy), CreatedAt: r.CreatedAt.UTC(),
	}
}

// Balance is what an organisation has on its account.
func (tx *Tx) Balance(id registry.OrganisationID) (registry.Tyiyn, error) {
	var b int64
	err := tx.query(&b, `SELECT balance FROM account_balances WHERE organisation_id = ?`, id)
	return registry.Tyiyn(b), err
}

// LockBalance is Balance inside Write; nobody else changes it until the
// transaction ends.
func (tx *Tx) LockBalance(id registry.OrganisationID, now time.Time) (registry.Tyiyn, error) {
	var b int64
	locked := `SELECT balance FROM account_balances WHERE organisation_id = ?` + tx.forUpdate()
	if found, err := tx.scan(&b, locked, id); err != nil || found {
		return registry.Tyiyn(b), err
	}
	if _, err := tx.exec(`INSERT INTO account_balances (organisation_id, balance, updated_at) VALUES (?, 0, ?) ON CONFLICT DO NOTHING`, id, now); err != nil {
		return 0, err
	}
	err := tx.query(&b, locked, id)
	return registry.Tyiyn(b), err
}

// AddAccountEntry moves money: the balance and the entry that explains it. A
// balance never goes below zero: that is ErrCheck, so look first, under
// LockBalance. e.Balance is filled in. A second entry for a top-up,
// charge, reversal or correction is ErrUnique. When there is more on an account,
// its orders that wait for money are to be looked at.
func (tx *Tx) AddAccountEntry(e registry.Entry) (registry.EntryID, error) {
	const move = `UPDATE account_balances SET balance = balance + ?, updated_at = ? WHERE organisation_id = ? RETURNING balance`
	found, err := tx.scan(&e.Balance, move, e.Amount, e.CreatedAt, e.OrganisationID)
	if err == nil && !found { // the first movement makes the account
		if _, err = tx.LockBalance(e.OrganisationID, e.CreatedAt); err == nil {
			err = tx.one(&e.Balance, move, e.Amount, e.CreatedAt, e.OrganisationID)
		}
	}
	if err != nil {
		return 0, err
	}
	id, err := tx.insert(`INSERT INTO account_entries (organisation_id, kind, amount, balance, reference, paid_on, way, application_id, enrolment_id,
		corrects, note, created_by, confirmed_by, created_at, top_up_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.OrganisationID, e.Kind, e.Amount, e.Balance, e.Reference, e.PaidOn, e.Way, nullable(e.ApplicationID), nullable(e.EnrolmentID),
		nullable(e.Corrects), e.Note, nullable(e.CreatedBy), nullable(e.ConfirmedBy), e.CreatedAt, nullable(e.TopUpID))
	if err == nil && e.Amount > 0 {
		// Orders may have waited for this.
		_, err = tx.exec(`UPDATE order_holds SET look_at = ? WHERE organisation_id = ?`, e.CreatedAt, e.OrganisationID)
	}
	return registry.EntryID(id), err
}

// AccountEntry returns one movement, or NotFound.
func (tx *Tx) AccountEntry(id registry.EntryID) (*registry.Entry, error) {
	var r accountRow
	if err := tx.one(&r, accountColumns+` WHERE id = ?`, id); err != nil {
		return nil, err
	}
	e := r.entry()
	return &e, nil
}

// Statement is an account's movements from one instant up to another, the
// earliest first, at most limit, after the entry with id after, and the
// balance before the period.
func (tx *Tx) Statement(id registry.OrganisationID, from, to time.Time, after registry.EntryID, limit int) (opening registry.Tyiyn, entries []registry.Entry, err error) {
	var open int64
	if err := tx.query(&open, `SELECT balance FROM account_entries WHERE organisation_id = ? AND created_at < ? ORDER BY id DESC LIMIT 1`, id, from); err != nil {
		return 0, nil, err
	}
	var rows []accountRow
	if err := tx.query(&rows, accountColumns+` WHERE organisation_id = ? AND created_at >= ? AND created_at < ? AND id > ? ORDER BY id LIMIT ?`,
		id, from, to, after, limit); err != nil {
		return 0, nil, err
	}
	for _, r := range rows {
		entries = append(entries, r.entry())
	}
	return registry.Tyiyn(open), entries, nil
}

// Involved says whether a person may not decide on a file (four eyes): they
// touched it; or they, as operators, entered or confirmed money of its
// organisation since the file was created, or before it the money that is still
// on the account: what came first is spent first.
func (tx *Tx) Involved(app *registry.Application, who registry.PersonalNumber) (hand, money bool, err error) {
	var found struct{ Hand, Money bool }
	err = tx.query(&found, `SELECT
		EXISTS (SELECT 1 FROM application_hands WHERE application_id = ? AND personal_number = ?) AS hand,
		EXISTS (SELECT 1 FROM (
				SELECT created_by, confirmed_by, created_at, kind,
					SUM(CASE WHEN kind = 'top_up' THEN amount ELSE 0 END) OVER (ORDER BY id DESC) - amount AS newer
				FROM account_entries WHERE organisation_id = ? AND kind IN ('top_up','correction')
			) AS e JOIN operators o ON o.id = e.created_by OR o.id = e.confirmed_by
			WHERE o.personal_number = ? AND (e.created_at >= ? OR
				e.kind = 'top_up' AND e.newer < (SELECT balance FROM account_balances WHERE organisation_id = ?))) AS money`,
		app.ID, who, app.OrganisationID, who, app.CreatedAt, app.OrganisationID)
	return found.Hand, found.Money, err
}

type topUpRow struct {
	ID             int64
	OrganisationID int64
	Amount         int64
	Reference      string
	PaidOn         string
	Way            string
	Status         string
	CreatedBy      int64
	CreatedAt      time.Time
	DecidedBy      *int64
	DecidedAt      *time.Time
}

const topUpColumns = `SELECT id, organisation_id, amount, reference, paid_on, way, status, created_by, created_at, decided_by, decided_at FROM top_ups`

func (r topUpRow) topUp() registry.TopUp {
	return registry.TopUp{
		ID: r.ID, OrganisationID: registry.OrganisationID(r.OrganisationID), Amount: registry.Tyiyn(r.Amount), Reference: r.Reference,
		PaidOn: r.PaidOn, Way: registry.PaymentWay(r.Way), Status: registry.TopUpStatus(r.Status), CreatedBy: registry.OperatorID(r.CreatedBy),
		CreatedAt: r.CreatedAt.UTC(), DecidedBy: orZero[registry.OperatorID](r.DecidedBy), DecidedAt: utc(r.DecidedAt),
	}
}

// AddTopUp stores a payment as entered. The reference of a payment that stands
// is ErrUnique, however it is spelt (registry.FoldReference).
func (tx *Tx) AddTopUp(t registry.TopUp) (int64, error) {
	return tx.insert(`INSERT INTO top_ups (organisation_id, amount, reference, reference_key, paid_on, way, status, created_by, created_at, decided_by, decided_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.OrganisationID, t.Amount, t.Reference, registry.FoldReference(t.Reference), t.PaidOn, t.Way, t.Status, t.CreatedBy, t.CreatedAt, nullable(t.DecidedBy), t.DecidedAt)
}

// TopUp returns one payment, or NotFound.
func (tx *Tx) TopUp(id int64) (*registry.TopUp, error) {
	var r topUpRow
	if err := tx.one(&r, topUpColumns+` WHERE id = ?`, id); err != nil {
		return nil, err
	}
	t := r.topUp()
	return &t, nil
}

// PendingTopUps returns the payments that wait for a second person, the
// earliest first, at most limit.
func (tx *Tx) PendingTopUps(limit int) ([]registry.TopUp, error) {
	var rows []topUpRow
	if err := tx.query(&rows, topUpColumns+` WHERE status = 'pending' ORDER BY id LIMIT ?`, limit); err != nil {
		return nil, err
	}
	out := make([]registry.TopUp, len(rows))
	for i, r := range rows {
		out[i] = r.topUp()
	}
	return out, nil
}

// DecideTopUp confirms or rejects a payment that is still pending.
func (tx *Tx) DecideTopUp(id int64, to registry.TopUpStatus, by registry.OperatorID, now time.Time) error {
	return changed(tx.exec(`UPDATE top_ups SET status = ?, decided_by = ?, decided_at = ? WHERE id = ? AND status = 'pending'`, to, by, now, id))
}

// CorrectTopUp marks the payment with a reference as undone, so that it may be
// entered again.
func (tx *Tx) CorrectTopUp(reference string) error {
	return changed(tx.exec(`UPDATE top_ups SET status = 'corrected' WHERE reference = ? AND status = 'confirmed'`, reference))
}
