package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type orderHoldRow struct {
	ApplicationID  int64
	OrganisationID int64
	Missing        int64
	HeldAt         time.Time
	LapseAt        time.Time
	WarnAt         *time.Time
}

// OrderHold returns what is known of an order that waits for money; nil: it
// does not.
func (tx *Tx) OrderHold(id registry.ApplicationID) (*registry.OrderHold, error) {
	var r orderHoldRow
	found, err := tx.scan(&r, `SELECT application_id, organisation_id, missing, held_at, lapse_at, warn_at FROM order_holds WHERE application_id = ?`, id)
	if err != nil || !found {
		return nil, err
	}
	return &registry.OrderHold{
		ApplicationID: id, OrganisationID: registry.OrganisationID(r.OrganisationID), Missing: registry.Tyiyn(r.Missing),
		HeldAt: r.HeldAt.UTC(), LapseAt: r.LapseAt.UTC(), WarnAt: utc(r.WarnAt),
	}, nil
}

// HoldOrder has an order wait for money. One that does already is ErrUnique.
func (tx *Tx) HoldOrder(h registry.OrderHold) error {
	_, err := tx.exec(`INSERT INTO order_holds (application_id, organisation_id, missing, held_at, lapse_at, warn_at) VALUES (?, ?, ?, ?, ?, ?)`,
		h.ApplicationID, h.OrganisationID, h.Missing, h.HeldAt, h.LapseAt, h.WarnAt)
	return err
}

// StillMissing notes what an order that waits for money lacks now; it is not
// looked at again until more comes.
func (tx *Tx) StillMissing(id registry.ApplicationID, missing registry.Tyiyn) error {
	return changed(tx.exec(`UPDATE order_holds SET missing = ?, look_at = NULL WHERE application_id = ?`, missing, id))
}

// FreeOrder ends the waiting of an order for money, if it did wait.
func (tx *Tx) FreeOrder(id registry.ApplicationID) error {
	_, err := tx.exec(`DELETE FROM order_holds WHERE application_id = ?`, id)
	return err
}

// OrdersToLookAt returns orders for which money has come, at most limit.
func (tx *Tx) OrdersToLookAt(limit int) (ids []registry.ApplicationID, err error) {
	err = tx.query(&ids, `SELECT application_id FROM order_holds WHERE look_at IS NOT NULL ORDER BY look_at, application_id LIMIT ?`, limit)
	return ids, err
}

// OrdersToWarn returns orders whose client is to be told that they will lapse,
// at most limit.
func (tx *Tx) OrdersToWarn(now time.Time, limit int) (ids []registry.ApplicationID, err error) {
	err = tx.query(&ids, `SELECT application_id FROM order_holds WHERE warn_at <= ? ORDER BY warn_at, application_id LIMIT ?`, now, limit)
	return ids, err
}

// OrderWarned notes that the client was told, once.
func (tx *Tx) OrderWarned(id registry.ApplicationID) error {
	return changed(tx.exec(`UPDATE order_holds SET warn_at = NULL WHERE application_id = ? AND warn_at IS NOT NULL`, id))
}

// OrdersToLapse returns orders that were not paid for in time, at most limit.
func (tx *Tx) OrdersToLapse(now time.Time, limit int) (ids []registry.ApplicationID, err error) {
	err = tx.query(&ids, `SELECT application_id FROM order_holds WHERE lapse_at <= ? ORDER BY lapse_at, application_id LIMIT ?`, now, limit)
	return ids, err
}

// NextOrder finds the first order of the queue that nobody has and that does
// not wait for money, inside Write, and keeps others from taking it; NotFound
// where there is none.
func (tx *Tx) NextOrder() (*registry.Application, error) {
	return tx.application(` WHERE order_rank IN (0, 1) AND assignee IS NULL AND order_rank IS NOT NULL ORDER BY order_rank, order_at, id LIMIT 1` + tx.skipLocked())
}
