package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

var at = time.Date(2026, 4, 6, 9, 30, 0, 123456789, time.FixedZone("", 6*3600))

func organisation() registry.OrganisationRequisites {
	return registry.OrganisationRequisites{
		Kind: registry.LegalEntity, INN: "00503201719901", FormRu: "ОсОО", FormKy: "ЖЧК",
		NameRu: "Ак-Булак Агросервис", NameKy: "Ак-Булак Агросервис",
		Settlement: registry.Settlement{Ru: "г. Бишкек", Ky: "Бишкек ш."}, Phone: "+996312000101", Email: "office@akbulak.example",
	}
}

func TestOrganisationRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		var id registry.OrganisationID
		before := organisation()
		before.Phone = "+996312000100"
		// What is the same already is not written again.
		for _, o := range []registry.OrganisationRequisites{before, organisation(), organisation()} {
			if err := s.Write(ctx, func(tx *store.Tx) (err error) {
				id, err = tx.SaveOrganisation(o, at)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Read(ctx, func(tx *store.Tx) error {
			o, err := tx.OrganisationByINN("00503201719901")
			if err != nil {
				return err
			}
			if o.ID != id || o.OrganisationRequisites != organisation() || o.Version != 2 {
				t.Errorf("read back %+v", o)
			}
			if want := at.UTC().Truncate(time.Microsecond); !o.CreatedAt.Equal(want) || o.CreatedAt.Location() != time.UTC {
				t.Errorf("created at %v, want %v", o.CreatedAt, want)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestConstraintsRefuseWhatCodeWouldNot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, inn := range []registry.INN{"", "0050320171990", "005032017199011", "0050320171990a"} {
			o := organisation()
			o.INN = inn
			err := s.Write(context.Background(), func(tx *store.Tx) error {
				_, err := tx.SaveOrganisation(o, at)
				return err
			})
			if err == nil {
				t.Errorf("INN %q was stored", inn)
			}
		}
	})
}

func TestReadCannotWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.Read(context.Background(), func(tx *store.Tx) error {
			_, err := tx.SaveOrganisation(organisation(), at)
			return err
		})
		if err == nil {
			t.Error("a write inside Read succeeded")
		}
	})
}

// What no index of PostgreSQL holds and no statement binds is cut, and found by
// its beginning.
func TestLongNamesAreStored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		var word, many strings.Builder
		for i := range 6000 {
			fmt.Fprintf(&word, "%x", sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
			fmt.Fprintf(&many, "с%d ", i)
		}
		o := organisation()
		o.NameRu, o.NameKy = word.String(), many.String()
		if err := s.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.SaveOrganisation(o, at)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.Read(ctx, func(tx *store.Tx) error {
			for _, query := range []string{word.String(), word.String()[:100], "с1"} {
				found, err := tx.FindOrganisations(query, 2)
				if err != nil || len(found) != 1 {
					t.Errorf("%.10s…: %d found, %v", query, len(found), err)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// The database refuses by itself what would double money or decisions.
func TestMoneyIsGuardedByTheDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		var org registry.OrganisationID
		var clerk registry.OperatorID
		var paid int64
		payment := func() registry.TopUp {
			return registry.TopUp{
				OrganisationID: org, Amount: 5, Reference: "PP-1", PaidOn: "2026-04-06", Way: registry.BankTransfer, Status: registry.TopUpConfirmed,
				CreatedBy: clerk, CreatedAt: at,
			}
		}
		if err := s.Write(ctx, func(tx *store.Tx) (err error) {
			if org, err = tx.SaveOrganisation(organisation(), at); err != nil {
				return err
			}
			clerk, err = tx.AddOperator(registry.Operator{
				Person: registry.PersonRequisites{PersonalNumber: "20111199000001"}, Role: registry.Clerk, Office: "BISHKEK", Email: "a@b.example", Language: registry.Kyrgyz,
			}, at)
			if err != nil {
				return err
			}
			if paid, err = tx.AddTopUp(payment()); err != nil {
				return err
			}
			_, err = tx.AddAccountEntry(registry.Entry{OrganisationID: org, Kind: registry.EntryTopUp, Amount: 5, Reference: "PP-1", TopUpID: paid, CreatedAt: at})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			do   func(tx *store.Tx) error
			want error
		}{
			"a reference twice": {func(tx *store.Tx) error {
				_, err := tx.AddTopUp(payment())
				return err
			}, store.ErrUnique},
			"a payment credited twice": {func(tx *store.Tx) error {
				_, err := tx.AddAccountEntry(registry.Entry{OrganisationID: org, Kind: registry.EntryTopUp, Amount: 5, Reference: "PP-1", TopUpID: paid, CreatedAt: at})
				return err
			}, store.ErrUnique},
			"a reversal of nothing": {func(tx *store.Tx) error {
				_, err := tx.AddAccountEntry(registry.Entry{OrganisationID: org, Kind: registry.EntryReversal, Amount: 5, CreatedAt: at})
				return err
			}, store.ErrCheck},
			"a balance below zero": {func(tx *store.Tx) error {
				_, err := tx.AddAccountEntry(registry.Entry{OrganisationID: org, Kind: registry.EntryCorrection, Amount: -6, Corrects: 1, CreatedAt: at})
				return err
			}, store.ErrCheck},
			"a payment decided by its author": {func(tx *store.Tx) error {
				p := payment()
				p.Reference, p.DecidedBy = "PP-2", clerk
				_, err := tx.AddTopUp(p)
				return err
			}, store.ErrCheck},
		} {
			if err := s.Write(ctx, c.do); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
