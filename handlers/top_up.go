package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// topUpForm is a payment as typed.
type topUpForm struct{ Amount, Reference, PaidOn, Way string }

// wayChoice is a way to pay.
type wayChoice struct {
	Way   registry.PaymentWay
	Label string
}

// wayChoices are the pack's ways to pay, or all where it names none.
func (s *Server) wayChoices(c echo.Context) []wayChoice {
	var out []wayChoice
	for _, w := range s.deps.Workflow.Pack().Money.Ways {
		out = append(out, wayChoice{w.Way, w.Label.In(lang(c))})
	}
	if len(out) == 0 {
		for _, w := range []registry.PaymentWay{registry.BankTransfer, registry.CashDesk, registry.Terminal} {
			out = append(out, wayChoice{w, s.text(c, "payment."+string(w))})
		}
	}
	return out
}

// topUp enters a payment.
func (s *Server) topUp(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	in := topUpForm{Amount: form.Get("amount"), Reference: strings.TrimSpace(form.Get("reference")), PaidOn: form.Get("paid_on"), Way: form.Get("way")}
	v, err := s.officeStatement(c)
	if err != nil {
		return err
	}
	pending, err := s.enterPayment(c, v, in)
	if errs, ok := s.fieldErrors(c, err); ok {
		v.Form, v.Errors = in, errs
		return s.render(c, http.StatusUnprocessableEntity, "statement", v)
	}
	if err != nil {
		return err
	}
	if pending {
		s.flash(c, "warn", "top_up.pending", "reference", in.Reference)
	} else {
		s.flash(c, "good", "top_up.done", "reference", in.Reference)
	}
	return s.redirect(c, v.Base)
}

func (s *Server) enterPayment(c echo.Context, v *statementPage, in topUpForm) (pending bool, err error) {
	who, err := s.actor(c)
	if err != nil {
		return false, err
	}
	p := workflow.Payment{Organisation: v.Org.ID, Reference: in.Reference, Way: registry.PaymentWay(in.Way)}
	var wrong registry.Errors
	if p.Amount, err = registry.ParseTyiyn(in.Amount); err != nil {
		wrong = append(wrong, registry.Refuse(registry.Invalid, "error.registry.amount").On("amount"))
	}
	if p.PaidOn, err = registry.ParseInputDate(in.PaidOn); err != nil {
		wrong = append(wrong, registry.Refuse(registry.Invalid, "error.date.invalid").On("paid_on"))
	}
	if !slices.ContainsFunc(v.Ways, func(w wayChoice) bool { return w.Way == p.Way }) {
		wrong = append(wrong, registry.Refuse(registry.Invalid, "error.account.way").On("way"))
	}
	if len(wrong) > 0 {
		return false, wrong
	}
	return s.deps.Workflow.TopUp(c.Request().Context(), who, p)
}
