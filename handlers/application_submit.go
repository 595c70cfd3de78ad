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
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		kept, err := s.keep(c, app, in, version)
		if err != nil {
			return s.refusedForm(c, app, in, err)
		}
		app, version = kept, kept.Version
		if err = s.deps.Workflow.Submit(c.Request().Context(), who, app.ID, version); err == nil {
			break
		}
		if try == 2 || !changedMeanwhile(err) {
			return s.refusedForm(c, app, in, err)
		}
	}
	if err := s.newLink(c, who, app); err != nil {
		return err
	}
	s.flash(c, "good", "flash.submitted", "number", app.Number)
	return s.redirect(c, "/applications/"+app.Number)
}
