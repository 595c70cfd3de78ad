package workflow

import (
	"context"
	"errors"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// endOrder is what the end of an order before its acceptance takes with it: its
// enrolments are cancelled, the keys that wait are destroyed, its certificates
// may be ordered for again. Nothing was charged. For other applications it does
// nothing.
func (f *Flow) endOrder(c *change, why registry.OrderEnding) error {
	if c.app.Declaration.Channel != registry.Remote {
		return nil
	}
	list, err := c.tx.Enrolments(c.app.ID)
	if err != nil {
		return err
	}
	for _, found := range list {
		e, err := c.tx.LockEnrolment(found.ID)
		if err != nil {
			return err
		}
		if e.Status.Done() {
			continue
		}
		if err := f.moveEnrolment(c.tx, c.who, e, registry.Cancelled, map[string]any{"order": why}); err != nil {
			return err
		}
		key, err := c.tx.CloudKeyOfEnrolment(e.ID)
		if err != nil {
			return err
		}
		if key != nil {
			if err := f.destroyKey(c.tx, c.who, key, "order "+string(why)); err != nil {
				return err
			}
		}
	}
	if err := c.tx.FreeOrder(c.app.ID); err != nil {
		return err
	}
	c.details["ending"] = why
	c.app.CompletedAt = &c.now
	c.app.DueAt, c.app.PausedAt = nil, nil
	return c.tx.EndOrder(c.app.ID, why)
}

// mayWithdraw refuses a client who is none of an order's signatories.
func (f *Flow) mayWithdraw(c *change) error {
	if c.app.Declaration.Channel != registry.Remote || c.who.Certificate == nil {
		return nil
	}
	order, err := c.tx.Order(c.app.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(order.Signatories, func(s registry.OrderSignatory) bool { return s.PersonalNumber == c.who.Certificate.PersonalNumber }) {
		return nil
	}
	return registry.Refuse(registry.Forbidden, "error.order.not_signatory")
}

// releaseEnrolments lets the enrolments of an accepted order be issued: their
// keys were made when the order was signed. fees are their parts of the fee.
func (f *Flow) releaseEnrolments(c *change, fees map[registry.SignatoryRole]registry.Tyiyn) error {
	list, err := c.tx.Enrolments(c.app.ID)
	if err != nil {
		return err
	}
	for _, found := range list {
		e, err := c.tx.LockEnrolment(found.ID)
		if err != nil {
			return err
		}
		s, err := c.tx.Signatory(e.SignatoryID)
		if err != nil {
			return err
		}
		if err := c.tx.ReleaseEnrolment(e, fees[s.Role], f.machine(), c.now); err != nil {
			return err
		}
		details := map[string]any{"role": s.Role, "fee_tyiyn": fees[s.Role]}
		if err := f.record(c.tx, c.who, "enrolment.released", details, nil, Enrolment(e.ID), Application(c.app.ID)); err != nil {
			return err
		}
	}
	return nil
}

// endUnsigned ends orders that lack a signature though a certificate that they
// renew has ended: draft → withdrawn, by the program. What comes after the end
// does not count (DT-21).
func (f *Flow) endUnsigned(ctx context.Context) (bool, error) {
	const batch = 50
	var ids []registry.ApplicationID
	err := f.store.Read(ctx, func(tx *store.Tx) (err error) {
		ids, err = tx.UnsignedOrders(f.now(), batch)
		return err
	})
	for _, id := range ids {
		err = errors.Join(err, f.changeApplication(ctx, BySystem(), id, 0, registry.ActLapse, func(c *change) error {
			order, err := c.tx.Order(id)
			if err != nil {
				return err
			}
			if c.from != registry.Draft || !c.now.After(order.SignBy) {
				return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
			}
			return f.endOrder(c, registry.OrderUnsigned)
		}))
	}
	return len(ids) == batch && err == nil, err
}

// freeOrdered lets the certificate go that a cancelled enrolment of an accepted
// order was to renew; when all are cancelled the order came to nothing.
func (f *Flow) freeOrdered(tx *store.Tx, e *registry.Enrolment) error {
	if err := tx.FreeOrdered(e.ID); err != nil {
		return err
	}
	app, err := tx.Application(e.ApplicationID)
	if err != nil || app.Declaration.Channel != registry.Remote {
		return err
	}
	all, err := tx.Enrolments(app.ID)
	if err != nil || slices.ContainsFunc(all, func(e *registry.Enrolment) bool { return e.Status != registry.Cancelled }) {
		return err
	}
	return tx.EndOrder(app.ID, registry.OrderCancelled)
}
