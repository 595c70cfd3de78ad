package handlers

import (
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// filePurposePage asks an auditor what a scan is looked at for.
type filePurposePage struct {
	templates.Page
	File    *registry.File
	Purpose string
	From    string // the page that led here, as cameFrom tells it
	Errors  templates.FieldErrors
}

// file shows a scan; an auditor is asked for the purpose first.
func (s *Server) file(c echo.Context) error {
	if identity(c).Role == registry.Auditor {
		return s.askPurpose(c, http.StatusOK, workflow.Look{Page: s.cameFrom(c)}, nil)
	}
	return s.serveFile(c, workflow.Look{Page: s.cameFrom(c)})
}

// fileForPurpose shows a scan to an auditor who said what for.
func (s *Server) fileForPurpose(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	look := workflow.Look{Purpose: form.Get("purpose"), Page: s.pageOf(form.Get("from"))}
	err = s.serveFile(c, look)
	if errs, ok := s.fieldErrors(c, err); err != nil && ok {
		return s.askPurpose(c, http.StatusUnprocessableEntity, look, errs)
	}
	return err
}

func (s *Server) askPurpose(c echo.Context, status int, look workflow.Look, errs templates.FieldErrors) error {
	id, err := number[registry.FileID](c, "id")
	if err != nil {
		return err
	}
	v := &filePurposePage{Page: s.page(c, s.text(c, "file.purpose_title")), Purpose: look.Purpose, From: look.Page, Errors: errs}
	if err := s.read(c, func(tx *store.Tx) error {
		v.File, err = tx.File(id)
		return err
	}); err != nil {
		return err
	}
	return s.render(c, status, "file_purpose", v)
}

// serveFile sends a scan's bytes after its view is in the journal. Only our
// own pages may frame it, nothing in it may run, and no one keeps it.
func (s *Server) serveFile(c echo.Context, look workflow.Look) error {
	id, err := number[registry.FileID](c, "id")
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	view, err := s.deps.Workflow.ViewFile(c.Request().Context(), who, id, look)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'", "img-src 'self'", "style-src 'unsafe-inline'", "frame-ancestors 'self'", "base-uri 'none'", "form-action 'none'",
	}, "; "))
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": view.Name}))
	return c.Blob(http.StatusOK, view.MediaType, view.Content)
}
