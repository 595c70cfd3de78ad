package handlers

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/paper"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// formWriter puts what is known into forms: of an application, or nothing.
type formWriter struct {
	*Server
	c   echo.Context
	l   registry.Language
	app *registry.Application // nil: an empty form
	d   registry.Declaration
}

func (w *formWriter) word(key string, args ...any) string { return w.textIn(w.l, key, args...) }

// form is what all forms begin with.
func (w *formWriter) form(title string, sections ...paper.Section) paper.Form {
	p := paper.Form{
		Language: string(w.l), Title: w.word(title), Left: []string{w.authority()}, PrintedAt: w.deps.Now(),
		Sections: sections, Signatures: []paper.Signature{w.headSigns()}, Seal: true, Test: w.deps.Demo,
	}
	if w.app != nil {
		p.Right = []string{w.word("paper.application", "number", w.app.Number)}
	}
	return p
}

func (w *formWriter) write(b *bytes.Buffer, p paper.Form) error { return p.Write(b, w.word) }

func (w *formWriter) authority() string { return w.deps.Authority[w.l].Name }

func (w *formWriter) headSigns() paper.Signature {
	return paper.Signature{As: w.word("signatory.HEAD"), Name: w.d.Head.Name(w.l).String()}
}

// client is the organisation's part of a form.
func (w *formWriter) client() paper.Section {
	o := &w.d.Organisation
	return paper.Section{Fields: []paper.Field{
		{Label: w.word("organisation.organisation"), Value: o.FullName(w.l)}, {Label: w.word("organisation.inn"), Value: string(o.INN)},
		{Label: w.word("organisation.settlement"), Value: w.place()},
		{Label: w.word("organisation.phone"), Value: o.Phone}, {Label: w.word("organisation.email"), Value: o.Email},
	}}
}

func (w *formWriter) place() string {
	place := w.d.Organisation.Settlement.In(w.l)
	if street := w.d.Organisation.Street; street != "" {
		place = strings.TrimPrefix(place+", "+street, ", ")
	}
	return place
}

func (w *formWriter) person(heading string, p registry.PersonRequisites, position bool) paper.Section {
	fields := []paper.Field{{Label: w.word("person.full_name"), Value: p.Name(w.l).String()}}
	if position {
		fields = append(fields, paper.Field{Label: w.word("person.position"), Value: p.Position(w.l)})
	}
	return paper.Section{Heading: w.word(heading), Fields: append(fields,
		paper.Field{Label: w.word("person.personal_number"), Value: string(p.PersonalNumber)},
		paper.Field{Label: w.word("person.passport"), Value: p.Document.Series + p.Document.Number},
	)}
}

// application asks for the signature (UB-01).
func (w *formWriter) application(b *bytes.Buffer) error {
	sections := []paper.Section{w.client(), {Paragraphs: []string{w.word("paper.form.ask")}}}
	signatories := w.d.Signatories()
	if w.app == nil {
		signatories = []registry.Signatory{{Role: registry.Head}, {Role: registry.Accountant}}
	}
	for _, sig := range signatories {
		sections = append(sections, w.person("signatory."+string(sig.Role), sig.Person, true))
	}
	storage := ""
	if w.app != nil {
		storage = w.word("storage." + string(w.d.Storage))
	}
	sections = append(sections, paper.Section{
		Fields:     []paper.Field{{Label: w.word("storage.storage"), Value: storage}},
		Paragraphs: []string{w.word("paper.form.true"), w.word("paper.form.consent")},
	}, w.dated())
	return w.write(b, w.form("paper.form.application", sections...))
}

func (w *formWriter) dated() paper.Section {
	return paper.Section{Fields: []paper.Field{{Label: w.word("paper.form.date")}}}
}

// trusted is the person who receives the signature, or nobody known.
func (w *formWriter) trusted() registry.PersonRequisites {
	if w.d.Trusted == nil {
		return registry.PersonRequisites{}
	}
	return *w.d.Trusted
}

// poa lets a trusted person receive the signature (UB-07).
func (w *formWriter) poa(b *bytes.Buffer) error {
	p := w.form("paper.form.poa", w.client(), paper.Section{Paragraphs: []string{w.word("paper.form.entrust")}},
		w.person("person.trusted", w.trusted(), false),
		paper.Section{Fields: []paper.Field{{Label: w.word("paper.m2a.issued")}, {Label: w.word("paper.m2a.until")}}})
	p.Signatures = append([]paper.Signature{{As: w.word("paper.m2a.holder_signature")}}, p.Signatures...)
	return w.write(b, p)
}

// agreement is what authority and client agree upon (UB-17).
func (w *formWriter) agreement(b *bytes.Buffer) error {
	p := w.form("paper.form.agreement", paper.Section{Fields: []paper.Field{
		{Label: w.word("paper.form.number")}, {Label: w.word("paper.form.date")}, {Label: w.word("paper.form.authority"), Value: w.authority()},
	}}, w.client(), paper.Section{Paragraphs: []string{
		w.word("paper.form.agreement.1"), w.word("paper.form.agreement.2"), w.word("paper.form.agreement.3"),
		w.word("paper.form.agreement.4"), w.word("paper.form.agreement.5"),
	}})
	p.Signatures = append([]paper.Signature{{As: w.word("paper.form.authority"), Name: w.authority()}}, p.Signatures...)
	p.Note = w.word("paper.form.agreement.note")
	return w.write(b, p)
}

// order says what is bought, at the prices in force (UB-18).
func (w *formWriter) order(b *bytes.Buffer) error {
	var list authorities.PriceList
	var quote registry.Quote
	if err := w.read(w.c, func(tx *store.Tx) (err error) {
		if list, _, err = w.deps.Workflow.PricesAt(tx, w.deps.Now()); err != nil || w.app == nil {
			return err
		}
		if quote, err = w.deps.Workflow.Quote(tx, w.app, w.deps.Now()); registry.KindOf(err) != 0 {
			return nil // no price yet: it is written in by hand
		}
		return err
	}); err != nil {
		return err
	}
	t := &paper.Table{
		Shares: []float64{0.06, 0.46, 0.18, 0.12, 0.18},
		Head:   []string{"№", w.word("paper.form.what"), w.word("money.price"), w.word("paper.form.quantity"), w.word("money.amount")},
	}
	add := func(what string, price registry.Tyiyn, quantity, sum string) {
		t.Rows = append(t.Rows, []string{fmt.Sprint(len(t.Rows) + 1), what, templates.Money(string(w.l), price), quantity, sum})
	}
	for _, l := range quote.Lines {
		sum := templates.Money(string(w.l), l.Amount)
		add(l.Label.In(w.l), l.Amount, "1", sum)
	}
	if w.app == nil {
		for _, p := range list.Prices {
			add(p.Label.In(w.l), p.Amount, "", "")
		}
	}
	total := ""
	if len(quote.Lines) > 0 {
		total = templates.Money(string(w.l), quote.Total)
	}
	t.Rows = append(t.Rows, []string{"", w.word("money.total"), "", "", total})
	return w.write(b, w.form("paper.form.order",
		paper.Section{Fields: []paper.Field{{Label: w.word("paper.form.date")}, {Label: w.word("paper.m2a.supplier"), Value: w.authority()}}}, w.client(), paper.Section{Table: t}))
}

// m2a is a power of attorney of form M-2a (DT-11, DT-12, DT-30).
func (w *formWriter) m2a(b *bytes.Buffer) error {
	o, who := &w.d.Organisation, w.trusted()
	p := paper.M2a{
		Language: string(w.l), PrintedAt: w.deps.Now(), OKPO: o.OKPO, Organisation: o.FullName(w.l), INN: string(o.INN),
		Position: who.Position(w.l), Person: who.Name(w.l).String(), Series: who.Document.Series, Passport: who.Document.Number,
		IssuedOn: templates.Date(who.Document.IssuedOn), IssuedBy: who.Document.IssuedBy,
		Supplier: w.authority(), Goods: w.word("paper.form.m2a.goods"), Head: w.d.Head.Name(w.l).String(),
	}
	if w.d.Accountant != nil {
		p.Accountant = w.d.Accountant.Name(w.l).String()
	}
	if w.app == nil {
		return p.Write(b, w.word)
	}
	p.Number = w.app.Number
	p.Issued = templates.Date(registry.DateOf(p.PrintedAt, w.deps.Workflow.Pack().Zone()))
	p.Until = templates.Date(registry.DateOf(p.PrintedAt.AddDate(0, 0, w.deps.Workflow.Pack().Documents.M2ADays), w.deps.Workflow.Pack().Zone()))
	p.Consumer = strings.Join(slices.DeleteFunc([]string{p.Organisation, w.place()}, func(s string) bool { return s == "" }), ", ")
	p.Payer = w.word("paper.form.m2a.same")
	p.Basis = w.word("paper.form.m2a.basis", "number", w.app.Number, "date", templates.Date(w.app.CreatedAt))
	for _, sig := range w.d.Signatories() {
		what := w.word("paper.form.m2a.item", "storage", w.word("storage."+string(w.d.Storage)), "name", sig.Person.Name(w.l).String())
		p.Items = append(p.Items, paper.Item{What: what, Unit: w.word("paper.form.m2a.piece"), Quantity: w.word("paper.form.m2a.one")})
	}
	return p.Write(b, w.word)
}
