package handlers

import (
	"github.com/labstack/echo/v4"
)

// applicationSubmit keeps the form and hands the draft in. The applicant's
// secret link is shown on the next page, once.
func (s *Server) applicationSubmit(c echo.Context) error {
	app, in, version, err := s.posted(c)
	if err != nil {
		return err
	}
	kept, err := s.keep(c, app, in, version)
	if err != nil {
		return s.refusedForm(c, app, in, err)
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.Submit(c.Request().Context(), who, kept.ID, kept.Version); err != nil {
		return s.refusedForm(c, kept, in, err)
	}
	if err := s.newLink(c, who, kept); err != nil {
		return err
	}
	s.flash(c, "good", "flash.submitted", "number", kept.Number)
	return s.redirect(c, "/applications/"+kept.Number)
}
