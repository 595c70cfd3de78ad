package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// pricesPropose proposes prices from an instant on, for a second
// administrator.
func (s *Server) pricesPropose(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v, err := s.pricesPage(c)
	if err != nil {
		return err
	}
	v.Form.Date, v.Form.Time = strings.TrimSpace(form.Get("date")), strings.TrimSpace(form.Get("time"))
	for code := range v.Form.Amounts {
		v.Form.Amounts[code] = form.Get("price-" + code)
	}
	err = s.proposePrices(c, form)
	if errs, ok := s.fieldErrors(c, err); ok {
		v.Errors = errs
		if e := errs["valid_from"]; e != "" {
			v.Errors["date"] = e
		}
		return s.render(c, http.StatusUnprocessableEntity, "prices", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "proposal.made")
	return s.redirect(c, "/proposals")
}

func (s *Server) proposePrices(c echo.Context, form url.Values) error {
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	n, err := s.readPrices(c, form)
	if err != nil {
		return err
	}
	return s.deps.Workflow.Propose(c.Request().Context(), who, workflow.ProposePrices, n)
}

// readPrices reads a proposed list: the codes and labels of the list in force
// with the amounts typed.
func (s *Server) readPrices(c echo.Context, form url.Values) (workflow.NewPrices, error) {
	var n workflow.NewPrices
	var wrong registry.Errors
	zone := s.deps.Workflow.Pack().Zone()
	day, err := registry.ParseInputDate(form.Get("date"))
	if err != nil {
		wrong = append(wrong, registry.Refuse(registry.Invalid, "error.date.invalid").On("date"))
	}
	clock, err := time.Parse("15:04", strings.TrimSpace(form.Get("time")))
	if err != nil {
		wrong = append(wrong, registry.Refuse(registry.Invalid, "error.time.invalid").On("time"))
	}
	n.ValidFrom = day.Start(zone).Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute)
	err = s.read(c, func(tx *store.Tx) (err error) {
		n.List, _, err = s.deps.Workflow.PricesAt(tx, s.deps.Now())
		return err
	})
	if err != nil {
		return n, err
	}
	n.List.From, n.List.Until, n.List.Source, n.List.Example = day, registry.Date{}, "", false
	n.List.Prices = append([]authorities.Price(nil), n.List.Prices...)
	for i := range n.List.Prices {
		p := &n.List.Prices[i]
		if p.Amount, err = registry.ParseTyiyn(form.Get("price-" + p.Code)); err != nil {
			wrong = append(wrong, registry.Refuse(registry.Invalid, "error.registry.amount").On("price-"+p.Code))
		}
	}
	if len(wrong) > 0 {
		return n, wrong
	}
	return n, nil
}
