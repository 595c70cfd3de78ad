package handlers

import (
	"bytes"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// crl serves the latest list (RFC 5280, DER) under the address that is written
// into certificates. The number decides the ETag; the time is a validator too,
// unless a clock was set back and two lists have the same.
func (s *Server) crl(c echo.Context) error {
	l, err := s.deps.Workflow.CRL(c.Request().Context())
	if registry.KindOf(err) == registry.NotFound {
		// None was made yet: a matter of seconds after the first start.
		c.Response().Header().Set("Retry-After", "5")
		return c.NoContent(http.StatusServiceUnavailable)
	}
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "application/pkix-crl")
	h.Set("Cache-Control", keptFor[0])
	h.Set("Etag", `"`+l.SHA256[:32]+`"`)
	now := time.Now().UTC()
	expires := now.Add(workflow.AnswerMaxAge)
	if l.NextUpdate.Before(expires) {
		expires = l.NextUpdate
	}
	h.Set("Expires", expires.Format(http.TimeFormat))
	modified := l.ThisUpdate
	if l.MadeAt.Before(l.ThisUpdate) {
		modified = time.Time{}
	}
	http.ServeContent(c.Response(), c.Request(), "", modified, bytes.NewReader(l.DER))
	return nil
}
