package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const refusalsShown = 200

type refusalsPage struct {
	templates.Page
	Items []store.CARefusal
}

// caRefusals are the revocations that the CA will not take.
func (s *Server) caRefusals(c echo.Context) error {
	v := &refusalsPage{Page: s.page(c, s.text(c, "nav.ca_refusals"))}
	err := s.read(c, func(tx *store.Tx) (err error) {
		v.Items, err = tx.CARefusals(refusalsShown)
		return err
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "ca_refusals", v)
}

// caRefusalsRetry has the CA told of all of them again.
func (s *Server) caRefusalsRetry(c echo.Context) error {
	if _, err := postForm(c); err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.RetryCARefusals(c.Request().Context(), who); err != nil {
		return err
	}
	s.flash(c, "good", "ca_refusals.sent")
	return s.redirect(c, "/ca-refusals")
}
