package workflow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

func publicOrder() workflow.PublicOrder {
	return workflow.PublicOrder{
		Kind: registry.LegalEntity, INN: "00503 2017 19955", Name: " Жаңы  Булак ", Contact: "Асанов Эркин", Phone: "0312 00-01-07", Email: "erkin@bulak.example",
		Storage: registry.ECloud, Language: registry.Russian, Consent: true, Remark: func(contact string) string { return "Контакт: " + contact },
	}
}

// What anybody orders is a draft in nobody's hands that is due tomorrow; every
// wrong field is named.
func TestUB30_AnOrderOfAnybody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ubr, err := authorities.Load("ubr")
		if err != nil {
			t.Fatal(err)
		}
		o := newOfficeWith(t, s, func(c *workflow.Config) { c.Pack = ubr })
		for name, c := range map[string]struct {
			change func(*workflow.PublicOrder)
			field  string
		}{
			"no kind":    {func(p *workflow.PublicOrder) { p.Kind = "PATENT" }, "kind"},
			"short INN":  {func(p *workflow.PublicOrder) { p.INN = "123" }, "inn"},
			"no name":    {func(p *workflow.PublicOrder) { p.Name = " \x00" }, "name"},
			"long name":  {func(p *workflow.PublicOrder) { p.Name = strings.Repeat("ө", 251) }, "name"},
			"no contact": {func(p *workflow.PublicOrder) { p.Contact = "" }, "contact"},
			"phone":      {func(p *workflow.PublicOrder) { p.Phone = "312" }, "phone"},
			"email":      {func(p *workflow.PublicOrder) { p.Email = "a@b" }, "email"},
			"storage":    {func(p *workflow.PublicOrder) { p.Storage = "POCKET" }, "storage"},
			"no consent": {func(p *workflow.PublicOrder) { p.Consent = false }, "consent"},
		} {
			in := publicOrder()
			c.change(&in)
			_, err := o.flow.OrderPublicly(t.Context(), in)
			var errs registry.Errors
			if !errors.As(err, &errs) || len(errs) != 1 || errs[0].Field != c.field {
				t.Errorf("%s: %v", name, err)
			}
		}
		d, err := o.flow.OrderPublicly(t.Context(), publicOrder())
		if err != nil {
			t.Fatal(err)
		}
		app := o.application(d.ID)
		if app.Status != registry.Draft || app.Assignee != 0 || app.Remark != "Контакт: Асанов Эркин" || app.Declaration.Organisation.NameRu != "Жаңы Булак" ||
			app.Declaration.Organisation.INN != "00503201719955" || app.DueAt == nil || !app.DueAt.After(o.now()) {
			t.Errorf("the order became %+v", app)
		}
		if err := o.flow.CheckLink(t.Context(), d.ID, workflow.LinkHash(d.Link)); err != nil {
			t.Errorf("its link: %v", err)
		}
		o.read(func(tx *store.Tx) error {
			if hands, err := tx.Hands(d.ID); len(hands) != 0 || err != nil {
				t.Errorf("in the hands of %v, %v", hands, err)
			}
			w, err := tx.Worklist(store.WorklistFilter{Limit: 10, Now: o.now(), EndOfDay: o.now()})
			if len(w.Items) != 1 || w.Items[0].ID != d.ID {
				t.Errorf("the worklist is %+v", w.Items)
			}
			return err
		})
	})
	o := newOffice(t, storetest.SQLite(t))
	if _, err := o.flow.OrderPublicly(t.Context(), publicOrder()); registry.KindOf(err) != registry.NotFound {
		t.Errorf("an authority that takes none: %v", err)
	}
}

// Many order at once: each has a number of its own.
func TestOrdersOfAnybodyRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ubr, err := authorities.Load("ubr")
		if err != nil {
			t.Fatal(err)
		}
		o := newOfficeWith(t, s, func(c *workflow.Config) { c.Pack = ubr })
		numbers := make([]string, 6)
		if n := atOnce(t, "ordering", func(i int) error {
			d, err := o.flow.OrderPublicly(t.Context(), publicOrder())
			if err == nil {
				numbers[i] = d.Number
			}
			return err
		}); n != 6 {
			t.Errorf("%d orders were taken", n)
		}
		slices.Sort(numbers)
		if got := slices.Compact(numbers); len(got) != 6 {
			t.Errorf("the numbers are %v", got)
		}
	})
}
