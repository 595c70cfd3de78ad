package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// renewSignPage shows the price, the term and the exact text that is signed.
type renewSignPage struct {
	templates.Page
	Plan    *workflow.OrderPlan
	Answers workflow.OrderAnswers
	Steps   []loginStep
	Terms   []orderTerm
	Charge  registry.Charge
	Stated  []string // the pack's words on orders
	Others  []string // who signs besides
	Text    string
	Seen    string // SHA-256 of what is signed, hex
	Errors  templates.FieldErrors
}

// orderTerm is a certificate that is renewed and the year that follows it.
type orderTerm struct {
	Name, Role string
	From, To   time.Time
}

func (s *Server) renewSignPage(c echo.Context, plan *workflow.OrderPlan, a workflow.OrderAnswers) *renewSignPage {
	v := &renewSignPage{
		Page: s.page(c, s.text(c, "renew.sign_title")), Plan: plan, Answers: a, Steps: renewSteps(2),
		Charge: registry.ChargeOf(plan.Balance, plan.Quote.Total), Errors: templates.FieldErrors{},
		Seen: hexSum(plan.Content),
	}
	pack := s.deps.Workflow.Pack()
	for _, cert := range plan.Certificates {
		v.Terms = append(v.Terms, orderTerm{cert.HolderName, s.text(c, "signatory."+string(cert.Role)), cert.NotAfter, registry.NextYear(cert.NotAfter, pack.Zone())})
		if cert.ID != plan.Own.ID {
			v.Others = append(v.Others, cert.HolderName)
		}
	}
	for _, st := range pack.Stated {
		if st.Where == "order" {
			v.Stated = append(v.Stated, st.Text.In(lang(c)))
		}
	}
	v.Text = s.orderWords(c, &plan.Declaration, plan.Quote.Total, renewsOf(plan.Certificates))
	return v
}

func renewsOf(certs []*registry.Certificate) (out []registry.OrderRenews) {
	for _, c := range certs {
		out = append(out, registry.OrderRenews{Role: c.Role, Serial: c.Serial, NotAfter: c.NotAfter, SHA256: c.SHA256})
	}
	return out
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// renewSign has the client's own key sign a new order. Pressed twice, or in two
// windows, it sends one.
func (s *Server) renewSign(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	a := workflow.OrderAnswers{Phone: form.Get("phone"), Email: form.Get("email"), Street: form.Get("street")}
	plan, err := s.plan(c, a)
	if err != nil {
		return err
	}
	v := s.renewSignPage(c, plan, a)
	number, err := s.signOrder(c, v.Errors, workflow.OrderSigning{Answers: a, Text: v.Text}, v.Seen)
	if err != nil {
		return err
	}
	if len(v.Errors) == 0 {
		s.flash(c, "good", "renew.signed", "number", number)
		return s.redirect(c, "/cabinet/orders/"+number)
	}
	if len(plan.Blocking) > 0 {
		return s.redirect(c, officePath(plan))
	}
	return s.render(c, http.StatusUnprocessableEntity, "renew_sign", v)
}

// signOrder has the client's own key sign an order. A refusal is put into errs.
// sum is of what is signed: it must be what was shown, as the text must.
func (s *Server) signOrder(c echo.Context, errs templates.FieldErrors, in workflow.OrderSigning, sum string) (number string, err error) {
	form, err := postForm(c)
	if err != nil {
		return "", err
	}
	if form.Get("sum") != sum {
		errs[""] = s.text(c, "sign.text_changed")
		return "", nil
	}
	raw, err := hex.DecodeString(sum)
	if err != nil {
		return "", err
	}
	copy(in.Seen[:], raw)
	in.Language, in.Origin, in.Browser, in.Source = lang(c), s.deps.BaseURL, s.browser(c), source(c).String()
	var id registry.ApplicationID
	status, err := s.signed(c, errs, in.Text, func(pin Secret) error {
		who, err := s.actor(c)
		if err != nil {
			return err
		}
		in.PIN = string(pin)
		id, err = s.deps.Workflow.SignOrder(c.Request().Context(), who, in)
		return err
	})
	if err != nil || status != 0 {
		return "", err
	}
	err = s.read(c, func(tx *store.Tx) error {
		app, err := tx.Application(id)
		if err == nil {
			number = app.Number
		}
		return err
	})
	return number, err
}

// orderWords is the text that is read and signed, in the language of the page.
func (s *Server) orderWords(c echo.Context, d *registry.Declaration, fee registry.Tyiyn, renews []registry.OrderRenews) string {
	l := lang(c)
	org := d.Organisation
	place := org.Settlement.In(l)
	if org.Street != "" {
		place += ", " + org.Street
	}
	lines := []string{
		s.text(c, "order.text_what"),
		s.text(c, "order.text_organisation", "org", org.FullName(l), "inn", string(org.INN)),
		s.text(c, "order.text_place", "place", place),
		s.text(c, "order.text_contact", "phone", org.Phone, "email", org.Email),
	}
	for _, sig := range d.Signatories() {
		lines = append(lines, s.text(c, "order.text_owner", "role", s.text(c, "signatory."+string(sig.Role)), "name", sig.Person.Name(l).String(),
			"position", sig.Person.Position(l), "passport", sig.Person.Document.Series+sig.Person.Document.Number))
	}
	for _, r := range renews {
		lines = append(lines, s.text(c, "order.text_renews", "role", s.text(c, "signatory."+string(r.Role)), "serial", templates.Hex(r.Serial), "date", templates.DateTime(r.NotAfter)))
	}
	return strings.Join(append(lines,
		s.text(c, "order.text_fee", "sum", templates.Money(string(l), fee)),
		s.text(c, "order.text_same"),
		s.text(c, "order.text_after"),
	), "\n")
}
