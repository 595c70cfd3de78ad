package handlers

import (
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

// archiveFile shows a scan to the organisation it belongs to, after the view is
// in the journal. Nothing in it may run, and nobody keeps it.
func (s *Server) archiveFile(c echo.Context) error {
	id, err := number[registry.FileID](c, "id")
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	view, err := s.deps.Workflow.ViewOwnFile(c.Request().Context(), who, identity(c).OrganisationID, id, s.cameFrom(c))
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'", "img-src 'self'", "style-src 'unsafe-inline'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'",
	}, "; "))
	h.Set(echo.HeaderContentDisposition, mime.FormatMediaType("inline", map[string]string{"filename": view.Name}))
	return c.Blob(http.StatusOK, view.MediaType, view.Content)
}
