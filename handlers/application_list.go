package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// applicationList shows which documents the answers ask for: alone for htmx,
// otherwise with the whole form.
func (s *Server) applicationList(c echo.Context) error {
	app, in, version, err := s.posted(c)
	if err != nil {
		return err
	}
	v := s.formPage(c, app, in)
	if app != nil {
		v.Version = version
	}
	if c.Request().Header.Get("HX-Request") == "true" {
		return s.fragment(c, http.StatusOK, "application_form", "checklist", v)
	}
	return s.render(c, http.StatusOK, "application_form", v)
}
