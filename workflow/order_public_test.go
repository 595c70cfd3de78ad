package workflow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/workflow"
)

func publicOrder() workflow.PublicOrder {
	return workflow.PublicOrder{
		Operation: registry.FirstIssue, Kind: registry.LegalEntity, INN: "00503 2017 19955", Name: " Жаңы  Булак ", Contact: "Асанов Эркин", Phone: "0312 00-01-07", Email: "erkin@bulak.example",
		Storage: registry.ECloud, Language: registry.Russian, Consent: true,
		Remark: func(contact string, serial registry.Serial) string {
			return "Контакт: " + contact + string(serial)
		},
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
			"no reason":  {func(p *workflow.PublicOrder) { p.Operation = registry.Reissue }, "reason"},
			"reason":     {func(p *workflow.PublicOrder) { p.Operation, p.Reason = registry.Reissue, "BORED" }, "reason"},
			"serial": {func(p *workflow.PublicOrder) {
				p.Operation, p.Reason, p.Serial = registry.Reissue, registry.ReasonExpired, "EC:03:XY"
			}, "serial"},
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
	for _, op := range []registry.Operation{registry.FirstIssue, registry.Renewal, registry.Reissue} {
		in := publicOrder()
		in.Operation = op
		if _, err := o.flow.OrderPublicly(t.Context(), in); registry.KindOf(err) != registry.NotFound {
			t.Errorf("an authority that takes none: %s: %v", op, err)
		}
	}
}

// Whoever cannot log in any more orders a reissue: nothing is suspended by it or
// read for it, whatever serial number is typed. It is a report when a clerk hands
// it in.
func TestUB30_UB20_UB24_AReissueThatAnybodyOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newUBROffice(t, s)
		_, es, _ := o.issued(1)
		_, others, _ := o.issued(2)
		head, accountant, other := o.certificate(es[0]), o.certificate(es[1]), o.certificate(others[0])
		order := func(reason registry.ReissueReason, serial string) *registry.Application {
			t.Helper()
			in := publicOrder()
			in.INN, in.Operation, in.Reason, in.Serial = string(declaration(1).Organisation.INN), registry.Reissue, reason, serial
			d, err := o.flow.OrderPublicly(o.ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			return o.application(d.ID)
		}
		listed := func(app *registry.Application) (codes []string) {
			o.read(func(tx *store.Tx) error {
				docs, err := tx.Documents(app.ID)
				for _, d := range docs {
					codes = append(codes, d.Code)
				}
				return err
			})
			return codes
		}
		reports := func(c *registry.Certificate) (all []*registry.Report) {
			o.read(func(tx *store.Tx) (err error) {
				all, err = tx.ReportsOf(c.ID)
				return err
			})
			return all
		}
		plain := order(registry.ReasonDeviceLost, "")
		for _, serial := range []registry.Serial{head.Serial, other.Serial, "ec035f"} {
			app := order(registry.ReasonDeviceLost, strings.ToUpper("0x"+string(serial[:2])+":"+string(serial[2:])))
			want := plain.Declaration
			if diff := cmp.Diff(want, app.Declaration); diff != "" || app.Declaration.Predecessor != nil {
				t.Errorf("%s: something of it is known:\n%s", serial, diff)
			}
			if app.Input.Get("predecessor.serial") != string(serial) || app.Remark != "Контакт: Асанов Эркин"+string(serial) {
				t.Errorf("%s: the clerk is told %q and %q", serial, app.Input.Get("predecessor.serial"), app.Remark)
			}
			if !slices.Equal(listed(app), listed(plain)) {
				t.Errorf("%s: the documents are %v", serial, listed(app))
			}
		}
		order(registry.ReasonCompromised, string(accountant.Serial))
		for _, c := range []*registry.Certificate{head, accountant, other} {
			if got := o.bySerial(c.Serial).Status; got != registry.CertIssued || len(reports(c)) != 0 {
				t.Errorf("a stranger's order made it %s, with %d reports", got, len(reports(c)))
			}
		}
		// It does not stand in for the holder's own.
		own, err := o.flow.StartReissue(o.ctx, workflow.ByHolder(accountant), workflow.ReissueStart{
			Serial: accountant.Serial, Reason: registry.ReasonDeviceLost, Storage: registry.ECloud, Office: "BISHKEK",
		})
		if err != nil || own.Link == "" {
			t.Errorf("the holder's own reissue: %+v, %v", own, err)
		}

		hand := func(app *registry.Application) error {
			t.Helper()
			decl := declaration(1)
			form := registry.InputOf(&decl, o.pack.Zone())
			for _, field := range []string{"operation", "reason", "predecessor.serial"} {
				form[field] = app.Input[field]
			}
			if err := o.flow.Edit(o.ctx, o.clerk.Actor, app.ID, 0, o.flow.Declared(form), form); err != nil {
				t.Fatal(err)
			}
			return o.flow.Submit(o.ctx, o.clerk.Actor, app.ID, 0)
		}
		wantKey(t, hand(order(registry.ReasonDeviceLost, string(other.Serial))), "error.application.other_predecessor")
		lost := order(registry.ReasonDeviceLost, string(head.Serial))
		if err := hand(lost); err != nil {
			t.Fatal(err)
		}
		if all := reports(head); len(all) != 1 || all[0].Way != registry.ByReissue || all[0].ApplicationID != lost.ID {
			t.Errorf("the reports are %v", all)
		}
		if got := o.bySerial(head.Serial).Status; got != registry.CertSuspended {
			t.Errorf("a lost token's certificate is %s", got)
		}
		// After the end nothing is revoked.
		o.advance(other.NotAfter.Sub(o.now()) + time.Hour)
		o.catchUp()
		ended := order(registry.ReasonExpired, string(head.Serial))
		if err := hand(ended); err != nil {
			t.Fatal(err)
		}
		if all := reports(head); len(all) != 1 {
			t.Errorf("an expired certificate is reported: %v", all)
		}
	})
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
