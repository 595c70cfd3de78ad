package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/workflow"
)

// orderSign gives the signature that an order waits for.
func (s *Server) orderSign(c echo.Context) error {
	v, err := s.orderPage(c)
	if err != nil {
		return err
	}
	number, err := s.signOrder(c, v.Errors, workflow.OrderSigning{Application: v.App.ID, Text: v.Text}, v.Seen)
	if err != nil {
		return err
	}
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "order", v)
	}
	s.flash(c, "good", "renew.signed", "number", number)
	return s.redirect(c, "/cabinet/orders/"+number)
}

// orderWithdraw ends an order at the wish of one of its signatories.
func (s *Server) orderWithdraw(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v, err := s.orderPage(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	err = s.deps.Workflow.Withdraw(c.Request().Context(), who, v.App.ID, version(form.Get("version")))
	if errs, ok := s.fieldErrors(c, err); err != nil && ok {
		v.Errors = errs
		return s.render(c, http.StatusUnprocessableEntity, "order", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "order.withdrawn")
	return s.redirect(c, "/cabinet/orders/"+v.App.Number)
}
