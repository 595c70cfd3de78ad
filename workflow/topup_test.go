package workflow_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

func payment(o *office, org registry.OrganisationID, sum registry.Tyiyn, reference string) workflow.Payment {
	return workflow.Payment{Organisation: org, Amount: sum, Reference: reference, PaidOn: registry.DateOf(o.now(), o.pack.Zone()), Way: registry.BankTransfer}
}

func TestTopUpReferenceOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		org, other := o.organisation(1), o.organisation(2)
		o.pay(org, 100000, "PP 17")
		for _, p := range []workflow.Payment{
			payment(o, org, 100000, "PP 17"), payment(o, other, 5, " PP   17 "), payment(o, other, 5, "pp 17"),
			payment(o, other, 5, "РР 17"), payment(o, other, 5, "рP 17"), // in Cyrillic, and half
		} {
			_, err := o.flow.TopUp(t.Context(), o.clerk.Actor, p)
			wantKind(t, err, registry.Conflict)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { _, _ = o.flow.TopUp(t.Context(), o.clerk.Actor, payment(o, org, 700, "PP 18")) })
		}
		wg.Wait()
		o.read(func(tx *store.Tx) error {
			b, err := tx.Balance(org)
			if b != 100700 {
				t.Errorf("balance %d", b)
			}
			return err
		})
	})
}

func TestTopUpGuards(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	org := o.organisation(1)
	for _, c := range []*colleague{o.approver, o.auditor, o.admin} {
		_, err := o.flow.TopUp(t.Context(), c.Actor, payment(o, org, 1, "x"))
		wantKind(t, err, registry.Forbidden)
	}
	bad := payment(o, org, 0, "")
	bad.Way, bad.PaidOn = "cheque", bad.PaidOn.AddDays(1)
	_, err := o.flow.TopUp(t.Context(), o.clerk.Actor, bad)
	wantKind(t, err, registry.Invalid)
}

func TestLargeTopUpNeedsASecondPerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		org := o.organisation(1)
		large := o.pack.Money.LargeTopUp
		pending, err := o.flow.TopUp(t.Context(), o.clerk.Actor, payment(o, org, large, "PP 1"))
		if err != nil || !pending {
			t.Fatalf("pending %v, %v", pending, err)
		}
		var id int64
		o.read(func(tx *store.Tx) error {
			b, err := tx.Balance(org)
			if b != 0 {
				t.Errorf("balance before confirmation %d", b)
			}
			list, err2 := tx.PendingTopUps(10)
			if len(list) != 1 {
				t.Fatalf("%d pending", len(list))
			}
			id = list[0].ID
			return firstError(err, err2)
		})
		wantKind(t, o.flow.DecideTopUp(t.Context(), o.clerk.Actor, id, true), registry.Forbidden)
		if err := o.flow.DecideTopUp(t.Context(), o.clerk2.Actor, id, true); err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.flow.DecideTopUp(t.Context(), o.approver.Actor, id, true), registry.Conflict)
		o.read(func(tx *store.Tx) error {
			b, err := tx.Balance(org)
			if b != large {
				t.Errorf("balance %d", b)
			}
			return err
		})
	})
}

func TestCorrectionIsACounterEntryOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		org := o.organisation(1)
		o.pay(org, 1000, "PP 1")
		var first registry.Entry
		o.read(func(tx *store.Tx) error {
			_, es, err := tx.Statement(org, o.now().AddDate(-1, 0, 0), o.now().AddDate(1, 0, 0), 0, 10)
			first = es[0]
			return err
		})
		wantKind(t, o.flow.CorrectTopUp(t.Context(), o.clerk2.Actor, first.ID, "wrong organisation"), registry.Forbidden)
		wantKind(t, o.flow.CorrectTopUp(t.Context(), o.clerk.Actor, first.ID, " "), registry.Invalid)
		if err := o.flow.CorrectTopUp(t.Context(), o.clerk.Actor, first.ID, "wrong organisation"); err != nil {
			t.Fatal(err)
		}
		wantKind(t, o.flow.CorrectTopUp(t.Context(), o.clerk.Actor, first.ID, "again"), registry.Conflict)
		o.pay(org, 10, "PP 2")
		wantKind(t, o.flow.CorrectTopUp(t.Context(), o.clerk.Actor, first.ID, "again"), registry.Conflict)
		o.read(func(tx *store.Tx) error {
			opening, es, err := tx.Statement(org, o.now().AddDate(-1, 0, 0), o.now().AddDate(1, 0, 0), 0, 10)
			if got := fmt.Sprint(int64(opening), len(es), int64(es[len(es)-1].Balance)); got != "0 3 10" {
				t.Errorf("statement: %s", got)
			}
			return err
		})
	})
}

// A payment that was entered for another organisation, or with another sum,
// and undone or rejected, is entered again as the bank has it.
func TestReferenceIsFreeAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		wrong, right := o.organisation(1), o.organisation(2)
		o.pay(wrong, 1000, "PP 1")
		var entered registry.EntryID
		o.read(func(tx *store.Tx) error {
			_, es, err := tx.Statement(wrong, o.now().AddDate(-1, 0, 0), o.now().AddDate(1, 0, 0), 0, 10)
			entered = es[0].ID
			return err
		})
		if err := o.flow.CorrectTopUp(t.Context(), o.clerk.Actor, entered, "wrong organisation"); err != nil {
			t.Fatal(err)
		}
		o.pay(right, 1000, "PP 1")
		_, err := o.flow.TopUp(t.Context(), o.clerk.Actor, payment(o, wrong, 1000, "PP 1"))
		wantKind(t, err, registry.Conflict)

		large := payment(o, wrong, o.pack.Money.LargeTopUp, "PP 2")
		if _, err := o.flow.TopUp(t.Context(), o.clerk.Actor, large); err != nil {
			t.Fatal(err)
		}
		var pending int64
		o.read(func(tx *store.Tx) error {
			list, err := tx.PendingTopUps(10)
			pending = list[0].ID
			return err
		})
		if err := o.flow.DecideTopUp(t.Context(), o.clerk2.Actor, pending, false); err != nil {
			t.Fatal(err)
		}
		if _, err := o.flow.TopUp(t.Context(), o.clerk.Actor, large); err != nil {
			t.Errorf("the reference of a rejected payment is still taken: %v", err)
		}
	})
}
