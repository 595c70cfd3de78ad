package workflow_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

// Searches kept from several windows at once: one of each name, no more than the
// limit in all, and at the limit a kept one still takes another query.
func TestSavedSearchesRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		ctx := t.Context()
		save := func(name, storage string) error {
			return o.flow.SaveSearch(ctx, o.auditor.Actor, name, url.Values{"storage": {storage}})
		}
		kept := func() (all []store.SavedSearch) {
			o.read(func(tx *store.Tx) (err error) {
				all, err = tx.SavedSearches(o.auditor.Operator.ID, 1000)
				return err
			})
			return all
		}
		if done := atOnce(t, "one name", func(i int) error { return save("Токендер", fmt.Sprint(i)) }); done != 6 || len(kept()) != 1 {
			t.Errorf("saved %d times under one name: %+v", done, kept())
		}
		for n := len(kept()); n < workflow.MaxSavedSearches-2; n++ {
			if err := save(fmt.Sprint("Издөө ", n), "RUTOKEN"); err != nil {
				t.Fatal(err)
			}
		}
		if done := atOnce(t, "the last two", func(i int) error { return save(fmt.Sprint("Акыркы ", i), "ECLOUD") }); done != 2 || len(kept()) != workflow.MaxSavedSearches {
			t.Errorf("%d of 6 were saved, %d are kept", done, len(kept()))
		}
		wantKey(t, save("Дагы", "ECLOUD"), "error.audit.too_many")
		if err := save("Токендер", "ECLOUD"); err != nil {
			t.Errorf("another query at the limit: %v", err)
		}
		// Forgotten by two windows at once: once.
		id := kept()[0].ID
		if done := atOnce(t, "forgetting", func(int) error { return o.flow.DeleteSearch(ctx, o.auditor.Actor, id) }); done != 1 {
			t.Errorf("forgotten %d times", done)
		}
		wantKind(t, o.flow.SaveSearch(ctx, o.clerk.Actor, "x", url.Values{"storage": {"ECLOUD"}}), registry.Forbidden)
	})
}
