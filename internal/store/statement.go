package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Turnover is what came to an account and what left it from one instant up to
// another, both as positive sums.
func (tx *Tx) Turnover(id registry.OrganisationID, from, to time.Time) (in, out registry.Tyiyn, err error) {
	var r struct{ Plus, Minus int64 }
	err = tx.one(&r, `SELECT CAST(COALESCE(SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END), 0) AS BIGINT) AS plus,
		CAST(COALESCE(SUM(CASE WHEN amount < 0 THEN -amount ELSE 0 END), 0) AS BIGINT) AS minus
		FROM account_entries WHERE organisation_id = ? AND created_at >= ? AND created_at < ?`, id, from, to)
	return registry.Tyiyn(r.Plus), registry.Tyiyn(r.Minus), err
}

// BalanceAt is what an account held just before an instant.
func (tx *Tx) BalanceAt(id registry.OrganisationID, at time.Time) (registry.Tyiyn, error) {
	var b int64
	err := tx.query(&b, `SELECT balance FROM account_entries WHERE organisation_id = ? AND created_at < ? ORDER BY id DESC LIMIT 1`, id, at)
	return registry.Tyiyn(b), err
}

// Corrected says which of some entries were undone by another.
func (tx *Tx) Corrected(ids []registry.EntryID) (map[registry.EntryID]bool, error) {
	out := map[registry.EntryID]bool{}
	if len(ids) == 0 {
		return out, nil
	}
	var undone []registry.EntryID
	if err := tx.query(&undone, `SELECT corrects FROM account_entries WHERE kind = 'correction' AND corrects IN ?`, ids); err != nil {
		return nil, err
	}
	for _, id := range undone {
		out[id] = true
	}
	return out, nil
}

// ApplicationNumbers are the numbers of applications by id.
func (tx *Tx) ApplicationNumbers(ids []registry.ApplicationID) (map[registry.ApplicationID]string, error) {
	out := map[registry.ApplicationID]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		ID     int64
		Number string
	}
	if err := tx.query(&rows, `SELECT id, number FROM applications WHERE id IN ?`, ids); err != nil {
		return nil, err
	}
	for _, r := range rows {
		out[registry.ApplicationID(r.ID)] = r.Number
	}
	return out, nil
}
