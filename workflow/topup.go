package workflow

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Payment is money that came in, as a clerk enters it.
type Payment struct {
	Organisation registry.OrganisationID
	Amount       registry.Tyiyn
	Reference    string // number of the payment document
	PaidOn       registry.Date
	Way          registry.PaymentWay
}

const maxReference = 64

// TopUp enters a payment, by a clerk: it reaches the account at once, or, from
// the pack's large sum on, waits for a second person. The reference of a
// payment that stands is refused, whoever enters it and however it is spelt.
func (f *Flow) TopUp(ctx context.Context, who Actor, p Payment) (pending bool, err error) {
	if err := who.is(registry.Clerk); err != nil {
		return false, err
	}
	if p.Reference, err = someRemark(p.Reference, "reference"); err != nil {
		return false, err
	}
	p.Reference = strings.Join(strings.Fields(p.Reference), " ")
	if errs := f.checkPayment(p); len(errs) > 0 {
		return false, errs
	}
	pending = f.pack.Money.LargeTopUp > 0 && p.Amount >= f.pack.Money.LargeTopUp
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		if _, err := tx.Organisation(p.Organisation); err != nil {
			return err
		}
		now := f.now()
		t := registry.TopUp{
			OrganisationID: p.Organisation, Amount: p.Amount, Reference: p.Reference, PaidOn: p.PaidOn.String(), Way: p.Way,
			Status: registry.TopUpPending, CreatedBy: who.Operator.ID, CreatedAt: now,
		}
		if !pending {
			t.Status = registry.TopUpConfirmed
		}
		if t.ID, err = tx.AddTopUp(t); err != nil {
			return err
		}
		if !pending {
			if err := f.credit(tx, &t); err != nil {
				return err
			}
		}
		return f.record(tx, who, "account.top_up", map[string]any{
			"top_up": t.ID, "amount_tyiyn": t.Amount, "reference": t.Reference, "status": t.Status,
		}, nil, Organisation(p.Organisation))
	})
	if errors.Is(err, store.ErrUnique) {
		return false, registry.Refuse(registry.Conflict, "error.payment.duplicate").On("reference")
	}
	if err != nil {
		return false, fmt.Errorf("topping up: %w", err)
	}
	f.wakeNow(ctx)
	return pending, nil
}

func (f *Flow) checkPayment(p Payment) registry.Errors {
	var errs registry.Errors
	if p.Amount <= 0 {
		errs = append(errs, registry.Refuse(registry.Invalid, "error.account.amount").On("amount"))
	}
	if p.Reference == "" || utf8.RuneCountInString(p.Reference) > maxReference {
		errs = append(errs, registry.Refuse(registry.Invalid, "error.account.reference", "max", maxReference).On("reference"))
	}
	if p.PaidOn.IsZero() || p.PaidOn.Compare(registry.DateOf(f.now(), f.pack.Zone())) > 0 {
		errs = append(errs, registry.Refuse(registry.Invalid, "error.account.paid_on").On("paid_on"))
	}
	switch p.Way {
	case registry.BankTransfer, registry.CashDesk, registry.Terminal:
	default:
		errs = append(errs, registry.Refuse(registry.Invalid, "error.account.way").On("way"))
	}
	return errs
}

// credit puts a confirmed payment on the account and wakes the orders of the
// organisation that waited for money.
func (f *Flow) credit(tx *store.Tx, t *registry.TopUp) error {
	_, err := tx.AddAccountEntry(registry.Entry{
		OrganisationID: t.OrganisationID, Kind: registry.EntryTopUp, Amount: t.Amount, Reference: t.Reference, PaidOn: t.PaidOn, Way: t.Way,
		CreatedBy: t.CreatedBy, ConfirmedBy: t.DecidedBy, CreatedAt: f.now(), TopUpID: t.ID,
	})
	return err
}

// DecideTopUp confirms or rejects a large payment: pending → confirmed or
// rejected, by a clerk or an approver who did not enter it.
func (f *Flow) DecideTopUp(ctx context.Context, who Actor, id int64, confirm bool) error {
	if err := who.is(registry.Clerk, registry.Approver); err != nil {
		return err
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		t, err := tx.TopUp(id)
		if err != nil {
			return err
		}
		author, err := tx.Operator(t.CreatedBy)
		if err != nil {
			return err
		}
		if author.Person.PersonalNumber == who.Operator.Person.PersonalNumber {
			return registry.Refuse(registry.Forbidden, "error.account.second_person")
		}
		t.Status = registry.TopUpRejected
		if confirm {
			t.Status = registry.TopUpConfirmed
		}
		t.DecidedBy = who.Operator.ID
		if err := tx.DecideTopUp(id, t.Status, who.Operator.ID, f.now()); err != nil {
			return err
		}
		if confirm {
			if err := f.credit(tx, t); err != nil {
				return err
			}
		}
		return f.record(tx, who, "account.top_up_decided", map[string]any{"top_up": id, "status": t.Status}, nil, Organisation(t.OrganisationID))
	})
	if err != nil {
		return fmt.Errorf("deciding on top-up %d: %w", id, err)
	}
	f.wakeNow(ctx)
	return nil
}

// CorrectTopUp undoes a mistaken top-up with a counter-entry, once, by a clerk
// or an approver who did not enter it; the payment may then be entered again.
// Money that is spent already cannot be taken back.
func (f *Flow) CorrectTopUp(ctx context.Context, who Actor, id registry.EntryID, note string) error {
	if err := who.is(registry.Clerk, registry.Approver); err != nil {
		return err
	}
	note, err := someReason(note, "note")
	if err != nil {
		return err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		e, err := tx.AccountEntry(id)
		if err != nil {
			return err
		}
		if e.Kind != registry.EntryTopUp {
			return registry.Refuse(registry.Conflict, "error.account.not_a_top_up")
		}
		author, err := tx.Operator(e.CreatedBy)
		if err != nil {
			return err
		}
		if author.Person.PersonalNumber == who.Operator.Person.PersonalNumber {
			return registry.Refuse(registry.Forbidden, "error.account.second_person")
		}
		balance, err := tx.LockBalance(e.OrganisationID, f.now())
		if err != nil {
			return err
		}
		if balance < e.Amount {
			return registry.Refuse(registry.Conflict, "error.account.spent", "balance", balance)
		}
		if _, err := tx.AddAccountEntry(registry.Entry{
			OrganisationID: e.OrganisationID, Kind: registry.EntryCorrection, Amount: -e.Amount, Corrects: e.ID, Note: note,
			CreatedBy: who.Operator.ID, CreatedAt: f.now(),
		}); err != nil {
			return err
		}
		if err := tx.CorrectTopUp(e.Reference); err != nil {
			return err
		}
		return f.record(tx, who, "account.corrected", map[string]any{"entry": id, "amount_tyiyn": -e.Amount}, nil, Organisation(e.OrganisationID))
	})
	if errors.Is(err, store.ErrUnique) {
		return registry.Refuse(registry.Conflict, "error.account.corrected_already")
	}
	if err != nil {
		return fmt.Errorf("correcting entry %d: %w", id, err)
	}
	return nil
}
