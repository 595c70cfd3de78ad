package store_test

import (
	"errors"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

// What is announced as one statement is held to it.
func TestOneStatementIsOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		next := func(tx *store.Tx) error {
			_, err := tx.NextNumber("single")
			return err
		}
		if err := s.WriteOne(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		if err := s.WriteOne(t.Context(), func(tx *store.Tx) error { return errors.Join(next(tx), next(tx)) }); err == nil {
			t.Error("two statements were allowed")
		}
		if err := s.ReadOne(t.Context(), next); err == nil {
			t.Error("a reading wrote")
		}
		err := s.ReadOne(t.Context(), func(tx *store.Tx) error {
			_, err := tx.CertificateBySerial("1")
			if registry.KindOf(err) != registry.NotFound {
				t.Errorf("reading: %v", err)
			}
			if _, err = tx.CertificateBySerial("1"); registry.KindOf(err) != 0 {
				t.Errorf("a second statement: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Read(t.Context(), func(tx *store.Tx) error {
			for range 2 {
				if _, err := tx.CertificateBySerial("1"); registry.KindOf(err) != registry.NotFound {
					t.Errorf("reading: %v", err)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}
