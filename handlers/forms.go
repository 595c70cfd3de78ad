package handlers

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
)

// formLink leads to a form that people sign by hand.
type formLink struct{ Name, Path string }

// formNames are the message keys of what forms are called.
var formNames = map[authorities.Form]string{
	authorities.FormApplication: "paper.form.application",
	authorities.FormPOA:         "paper.form.poa",
	authorities.FormM2a:         "paper.form.m2a",
	authorities.FormAgreement:   "paper.form.agreement",
	authorities.FormOrder:       "paper.form.order",
}

// formLinks are the pack's forms under an address.
func (s *Server) formLinks(c echo.Context, under string) []formLink {
	var out []formLink
	for _, f := range s.deps.Workflow.Pack().Forms() {
		out = append(out, formLink{s.text(c, formNames[f]), under + "/" + string(f)})
	}
	return out
}

// blankForm answers with an empty form, for anybody (DT-30, UB-17, UB-18).
func (s *Server) blankForm(c echo.Context) error {
	return s.sendForm(c, lang(c), nil)
}

// filledForm answers with a form of an application in which what is known
// stands already, in the applicant's language.
func (s *Server) filledForm(c echo.Context) error {
	app, err := s.byNumber(c)
	if err != nil {
		return err
	}
	return s.sendForm(c, app.Declaration.Language, app)
}

// sendForm makes the form that the address names; app is nil for an empty one.
func (s *Server) sendForm(c echo.Context, l registry.Language, app *registry.Application) error {
	name := authorities.Form(c.Param("form"))
	if !slices.Contains(s.deps.Workflow.Pack().Forms(), name) {
		return registry.Refuse(registry.NotFound, "error.not_found")
	}
	if !slices.Contains(registry.Languages[:], l) {
		l = registry.Kyrgyz
	}
	w := &formWriter{Server: s, c: c, l: l, app: app}
	if app != nil {
		w.d = app.Declaration
	}
	write := map[authorities.Form]func(*bytes.Buffer) error{
		authorities.FormApplication: w.application, authorities.FormPOA: w.poa, authorities.FormM2a: w.m2a,
		authorities.FormAgreement: w.agreement, authorities.FormOrder: w.order,
	}[name]
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return fmt.Errorf("making the form %s: %w", name, err)
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf(`inline; filename="%s.pdf"`, name))
	if app != nil {
		h.Set("Cache-Control", "no-store")
	}
	return c.Blob(http.StatusOK, "application/pdf", b.Bytes())
}
