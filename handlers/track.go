package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// trackPage asks for a file number and the code of its secret link.
type trackPage struct {
	templates.Page
	Number string
	Errors templates.FieldErrors
}

// track asks which application somebody has come about.
func (s *Server) track(c echo.Context) error {
	v := &trackPage{Page: s.page(c, s.text(c, "track.title")), Errors: templates.FieldErrors{}}
	return s.render(c, http.StatusOK, "track", v)
}

// trackEnter opens an application by its number and code. A wrong number and
// a wrong code look the same.
func (s *Server) trackEnter(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	number, code := strings.TrimSpace(form.Get("number")), strings.TrimSpace(form.Get("code"))
	if i := strings.LastIndexByte(code, '/'); i >= 0 {
		code = code[i+1:] // the whole link was pasted
	}
	app, err := s.byLink(c, code)
	if registry.KindOf(err) == registry.NotFound || err == nil && app.Number != number {
		v := &trackPage{Page: s.page(c, s.text(c, "track.title")), Number: number}
		v.Errors = templates.FieldErrors{"": s.text(c, "track.wrong")}
		return s.render(c, http.StatusUnprocessableEntity, "track", v)
	}
	if err != nil {
		return err
	}
	return s.enterApplication(c, app, code)
}

// trackLink opens an application by its secret link.
func (s *Server) trackLink(c echo.Context) error {
	app, err := s.byLink(c, c.Param("token"))
	if err != nil {
		return err
	}
	return s.enterApplication(c, app, c.Param("token"))
}

// enterApplication begins the applicant's session, which ends with its link;
// the secret leaves the address bar.
func (s *Server) enterApplication(c echo.Context, app *registry.Application, token string) error {
	name := app.Declaration.Organisation.FullName(lang(c))
	if name == "" {
		name = app.Number
	}
	if err := s.enter(c, Identity{Kind: ApplicantSession, Name: name, ApplicationID: app.ID, Link: workflow.LinkHash(token)}); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/application")
}

func (s *Server) byLink(c echo.Context, token string) (app *registry.Application, err error) {
	err = s.read(c, func(tx *store.Tx) error {
		app, err = tx.ApplicationByLink(workflow.LinkHash(token))
		return err
	})
	return app, err
}
