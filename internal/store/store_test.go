package store_test

import (
	"context"
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
		for range 2 {
			if err := s.Write(ctx, func(tx *store.Tx) (err error) {
				id, err = tx.SaveOrganisation(organisation(), at)
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
