package workflow

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// enqueue gives an order that has just been sent its place in the seven-day
// queue.
func (f *Flow) enqueue(c *change, order *registry.Order) {
	at := order.SignBy
	if c.app.DueAt != nil && c.app.DueAt.Before(at) {
		at = *c.app.DueAt
	}
	c.app.Queue = &registry.QueuePlace{Rank: registry.OrderTurn, At: at}
}

// TakeNext puts the most urgent order that nobody has into a clerk's hands:
// submitted → in review, or one in work that was given back. Several clerks who
// ask at once get one each. NotFound where none waits.
func (f *Flow) TakeNext(ctx context.Context, who Actor) (*registry.Application, error) {
	if err := who.is(registry.Clerk); err != nil {
		return nil, err
	}
	var app *registry.Application
	err := f.store.Write(ctx, func(tx *store.Tx) (err error) {
		if err := who.current(tx); err != nil {
			return err
		}
		if app, err = tx.NextOrder(); err != nil {
			return err
		}
		return f.apply(tx, who, app, registry.ActTake, func(c *change) error {
			c.app.Assignee, c.app.AssignedAt = who.Operator.ID, &c.now
			return nil
		})
	})
	if registry.KindOf(err) == registry.NotFound {
		err = registry.Refuse(registry.NotFound, "error.queue.empty")
	}
	if err != nil {
		return nil, fmt.Errorf("taking the next order: %w", err)
	}
	return app, nil
}

// orderStands refuses what no longer may be accepted of a remote order: every
// signature still holds, and no certificate that it renews was revoked since, or
// is out of use until somebody has decided.
func (f *Flow) orderStands(tx *store.Tx, app *registry.Application) error {
	if app.Declaration.Channel != registry.Remote {
		return nil
	}
	order, proofs, err := orderProofs(tx, app.ID)
	if err != nil {
		return err
	}
	for i := range proofs {
		switch proofs[i].Certificate.Status {
		case registry.CertRevoked:
			return registry.Refuse(registry.Conflict, "error.order.old_revoked")
		case registry.CertSuspended:
			return registry.Refuse(registry.Conflict, "error.order.old_suspended")
		}
		if f.verifyProof(context.Background(), order, &proofs[i]) != nil {
			return registry.Refuse(registry.Conflict, "error.order.signature")
		}
	}
	if len(proofs) != len(order.Signatories) {
		return registry.Refuse(registry.Conflict, "error.order.signature")
	}
	return nil
}

// verifyOrder is what verifying a remote order takes beyond its papers, of
// which it has none.
func (f *Flow) verifyOrder(c *change) error {
	if c.app.Declaration.Channel != registry.Remote {
		return nil
	}
	if err := f.orderStands(c.tx, c.app); err != nil {
		return err
	}
	_, err := f.waitForMoney(c)
	return err
}

// waitForMoney has an order wait whose fee is not on the account, and tells the
// client what is missing. It keeps its status and the instant at which it was
// sent (DT-21, A-11). waits is false where the money is there.
func (f *Flow) waitForMoney(c *change) (waits bool, err error) {
	quote, err := f.Quote(c.tx, c.app, c.now)
	if err != nil {
		return false, err
	}
	balance, err := c.tx.LockBalance(c.app.OrganisationID, c.now)
	if err != nil {
		return false, err
	}
	missing := registry.ChargeOf(balance, quote.Total).Missing
	if missing <= 0 {
		return false, nil
	}
	h := registry.OrderHold{ApplicationID: c.app.ID, OrganisationID: c.app.OrganisationID, Missing: missing, HeldAt: c.now, LapseAt: never}
	if days := f.pack.Times.UnpaidDays; days > 0 {
		h.LapseAt = c.now.Add(time.Duration(days) * 24 * time.Hour)
		warn := h.LapseAt.Add(-time.Duration(f.pack.Times.UnpaidWarnDays) * 24 * time.Hour)
		h.WarnAt = &warn
	}
	if err := c.tx.HoldOrder(h); err != nil {
		return false, err
	}
	if c.app.Queue != nil {
		c.app.Queue.Rank = registry.OrderUnpaid
	}
	c.details["missing_tyiyn"] = missing
	return true, f.tellMissing(c, quote.Total, balance, missing, h.HeldAt)
}

// never is when an order lapses whose pack lets it wait for ever.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func (f *Flow) tellMissing(c *change, fee, balance, missing registry.Tyiyn, at time.Time) error {
	d := c.app.Declaration
	if d.Organisation.Email == "" {
		return nil
	}
	return f.post(c.tx, letterNotEnoughMoney, d.Organisation.Email, d.Language, "unpaid/"+c.app.Number+"/"+strconv.FormatInt(at.UnixMicro(), 36), map[string]any{
		"number": c.app.Number, "org": d.Organisation.FullName(d.Language), "fee": fee, "balance": balance, "missing": missing,
		"ways": f.paymentWays(d.Language),
	})
}

// paymentWays names the ways to pay, in a language.
func (f *Flow) paymentWays(l registry.Language) string {
	var names []string
	for _, w := range f.pack.Money.Ways {
		names = append(names, w.Label.In(l))
	}
	return strings.Join(names, ", ")
}

// holdUnpaid has a remote order wait for money whose acceptance was just
// refused for want of it: verified stays, in a transaction of its own. It
// returns the refusal itself.
func (f *Flow) holdUnpaid(ctx context.Context, who Actor, id registry.ApplicationID, refusal error) error {
	var e *registry.Error
	if !errors.As(refusal, &e) || e.Key != "error.balance.insufficient" {
		return refusal
	}
	held := errors.New("waits already")
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		app, err := tx.LockApplication(id)
		if err != nil {
			return err
		}
		hold, err := tx.OrderHold(id)
		if err != nil {
			return err
		}
		if hold != nil || app.Declaration.Channel != registry.Remote {
			return held
		}
		return f.apply(tx, who, app, registry.ActHold, func(c *change) error {
			waits, err := f.waitForMoney(c)
			if err == nil && !waits {
				return held // the money has come meanwhile
			}
			return err
		})
	})
	if err != nil && !errors.Is(err, held) && registry.KindOf(err) != registry.Conflict {
		return errors.Join(refusal, fmt.Errorf("letting order %d wait for money: %w", id, err))
	}
	return refusal
}

// backInTurn ends an order's waiting for money that an approver sent back: when
// it is verified anew, the balance is looked at anew.
func (f *Flow) backInTurn(c *change) error {
	if c.app.Queue == nil {
		return nil
	}
	c.app.Queue.Rank = registry.OrderTurn
	return c.tx.FreeOrder(c.app.ID)
}

// acceptedOrder is what the acceptance of a remote order takes beyond the fee:
// it waits for nothing any more, and the client is told from when the new
// certificate is usable (DT-23).
func (f *Flow) acceptedOrder(c *change, quote registry.Quote) error {
	if err := c.tx.FreeOrder(c.app.ID); err != nil {
		return err
	}
	d := c.app.Declaration
	if d.Organisation.Email == "" || d.Predecessor == nil {
		return nil
	}
	balance, err := c.tx.Balance(c.app.OrganisationID)
	if err != nil {
		return err
	}
	from, _ := f.pack.Term(registry.FactsOf(&d), c.now)
	return f.post(c.tx, letterOrderAccepted, d.Organisation.Email, d.Language, "accepted/"+c.app.Number, map[string]any{
		"number": c.app.Number, "org": d.Organisation.FullName(d.Language), "fee": quote.Total, "balance": balance,
		"old_not_after": d.Predecessor.NotAfter, "new_not_before": from.UTC(),
	})
}

// predecessorOf is what the year of a new certificate is reckoned from: of a
// remote order old, the certificate that this very signatory signed it with, as
// it stands now; otherwise the signatory's own. The year after a revoked one
// begins at once.
func (f *Flow) predecessorOf(tx *store.Tx, e *registry.Enrolment, old *registry.Certificate, d *registry.Declaration) (err error) {
	switch {
	case old != nil:
		d.Predecessor = registry.PredecessorOf(old)
	case d.Predecessor != nil && d.Predecessor.Serial != "" && e.SignatoryID != 0:
		d.Predecessor, err = f.signatoryPredecessor(tx, e, d)
	}
	return err
}
