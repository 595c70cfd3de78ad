package handlers

import (
	"github.com/labstack/echo/v4"
)

// applicationSave keeps the form and leaves it: a draft may be wrong, what was
// handed in may not.
func (s *Server) applicationSave(c echo.Context) error {
	app, in, version, err := s.posted(c)
	if err != nil {
		return err
	}
	kept, err := s.keep(c, app, in, version)
	if err != nil {
		return s.refusedForm(c, app, in, err)
	}
	s.flash(c, "good", "flash.saved")
	return s.redirect(c, "/applications/"+kept.Number)
}
