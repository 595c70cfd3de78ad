package workflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// orderBatch is how many orders a round of background work takes up.
const orderBatch = 50

// wakePaid puts orders whose money has come on top of the queue: verified
// stays, by the program. Where it is still too little the order goes on
// waiting for the rest.
func (f *Flow) wakePaid(ctx context.Context) (more bool, err error) {
	return f.eachOrder(ctx, func(tx *store.Tx) ([]registry.ApplicationID, error) { return tx.OrdersToLookAt(orderBatch) }, f.wake1)
}

// wakeNow does so at once, after a payment; what it leaves undone the
// background work does.
func (f *Flow) wakeNow(ctx context.Context) {
	if _, err := f.wakePaid(ctx); err != nil {
		f.log.Warn("looking at orders after a payment", "err", err)
	}
}

func (f *Flow) wake1(ctx context.Context, id registry.ApplicationID) error {
	short := errors.New("too little")
	err := f.changeApplication(ctx, BySystem(), id, 0, registry.ActPaid, func(c *change) error {
		hold, err := c.tx.OrderHold(id)
		if err != nil {
			return err
		}
		if hold == nil {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		missing, err := f.missingOf(c)
		if err != nil {
			return err
		}
		if missing > 0 {
			return short
		}
		if c.app.Queue != nil {
			c.app.Queue.Rank = registry.OrderPaid
		}
		return c.tx.FreeOrder(id)
	})
	if !errors.Is(err, short) {
		return err
	}
	return f.store.Write(ctx, func(tx *store.Tx) error {
		app, err := tx.LockApplication(id)
		if err != nil {
			return err
		}
		missing, err := f.missingOf(&change{tx: tx, app: app, now: f.now()})
		if err != nil || missing <= 0 {
			return err // more has come: the next round sees it
		}
		return tx.StillMissing(id, missing)
	})
}

// missingOf locks the account and says what an order lacks at the prices of the
// day.
func (f *Flow) missingOf(c *change) (registry.Tyiyn, error) {
	quote, err := f.Quote(c.tx, c.app, c.now)
	if err != nil {
		return 0, err
	}
	balance, err := c.tx.LockBalance(c.app.OrganisationID, c.now)
	return registry.ChargeOf(balance, quote.Total).Missing, err
}

// lapseUnpaid ends orders that nobody paid for within the pack's days, and
// tells their clients before.
func (f *Flow) lapseUnpaid(ctx context.Context) (more bool, err error) {
	now := f.now()
	more1, err1 := f.eachOrder(ctx, func(tx *store.Tx) ([]registry.ApplicationID, error) { return tx.OrdersToLapse(now, orderBatch) }, f.lapse)
	more2, err2 := f.eachOrder(ctx, func(tx *store.Tx) ([]registry.ApplicationID, error) { return tx.OrdersToWarn(now, orderBatch) }, f.warnOfLapse)
	return more1 || more2, errors.Join(err1, err2)
}

// lapse ends an order for want of money: verified → withdrawn, by the program.
// Nothing was charged; the keys made with it are destroyed, and the
// certificates may be ordered for again.
func (f *Flow) lapse(ctx context.Context, id registry.ApplicationID) error {
	return f.changeApplication(ctx, BySystem(), id, 0, registry.ActLapse, func(c *change) error {
		hold, err := c.tx.OrderHold(id)
		if err != nil {
			return err
		}
		if hold == nil || hold.LapseAt.After(c.now) {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		c.details["missing_tyiyn"] = hold.Missing
		if err := f.endOrder(c, registry.OrderLapsed); err != nil {
			return err
		}
		return f.notifyApplicant(c, letterOrderLapsed)
	})
}

// warnOfLapse tells the client of an order that it will lapse, once.
func (f *Flow) warnOfLapse(ctx context.Context, id registry.ApplicationID) error {
	return f.store.Write(ctx, func(tx *store.Tx) error {
		app, err := tx.LockApplication(id)
		if err != nil {
			return err
		}
		hold, err := tx.OrderHold(id)
		if err != nil || hold == nil {
			return err
		}
		if err := tx.OrderWarned(id); err != nil {
			return err
		}
		details := map[string]any{"missing_tyiyn": hold.Missing, "lapse_at": hold.LapseAt}
		if err := f.record(tx, BySystem(), "order.lapse_warned", details, nil, Application(id)); err != nil {
			return err
		}
		d := app.Declaration
		if d.Organisation.Email == "" {
			return nil
		}
		return f.post(tx, letterOrderLapsing, d.Organisation.Email, d.Language, "", map[string]any{
			"number": app.Number, "org": d.Organisation.FullName(d.Language), "missing": hold.Missing, "lapse_at": hold.LapseAt,
			"ways": f.paymentWays(d.Language),
		})
	})
}

// eachOrder does something to each of a round of orders; one that somebody else
// has moved meanwhile is left to them.
func (f *Flow) eachOrder(ctx context.Context, find func(*store.Tx) ([]registry.ApplicationID, error), do func(context.Context, registry.ApplicationID) error) (more bool, err error) {
	var ids []registry.ApplicationID
	if err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		ids, err = find(tx)
		return err
	}); err != nil {
		return false, err
	}
	var failed error
	for _, id := range ids {
		if err := do(ctx, id); err != nil && registry.KindOf(err) != registry.Conflict {
			failed = errors.Join(failed, fmt.Errorf("order %d: %w", id, err))
		}
	}
	return len(ids) == orderBatch && failed == nil, failed
}
