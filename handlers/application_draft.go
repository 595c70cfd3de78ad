package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// applicationDraft keeps a draft while it is being typed, for htmx. What has
// no INN and no name yet is not worth a number; what was handed in is kept by
// its own button only.
func (s *Server) applicationDraft(c echo.Context) error {
	app, in, version, err := s.posted(c)
	if err != nil {
		return err
	}
	if app == nil && in.Get("organisation.inn") == "" && in.Get("organisation.name_ru") == "" || app != nil && app.Status != registry.Draft {
		return c.NoContent(http.StatusNoContent)
	}
	kept, err := s.keep(c, app, in, version)
	if err != nil {
		return err
	}
	v := s.formPage(c, kept, in)
	v.Saved = templates.Clock(kept.UpdatedAt)
	c.Response().Header().Set("HX-Replace-Url", "/applications/"+kept.Number+"/edit")
	return s.fragment(c, http.StatusOK, "application_form", "kept-draft", v)
}

// ownDraft is what a page has made already, or nil: a page that is sent twice
// begins one application.
func (s *Server) ownDraft(c echo.Context, tab string) (*registry.Application, error) {
	if tab == "" {
		return nil, nil
	}
	number := s.sessions.GetString(c.Request().Context(), draftKey(tab))
	if number == "" {
		return nil, nil
	}
	var app *registry.Application
	err := s.read(c, func(tx *store.Tx) (err error) {
		app, err = tx.ApplicationByNumber(number)
		return err
	})
	return app, err
}

// draftKey is where a session remembers what a page has made.
func draftKey(tab string) string { return "draft " + tab }
