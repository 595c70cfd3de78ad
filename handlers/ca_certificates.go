package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// caRoutes publish the CA's own certificates under the addresses that are
// written into those it issues (RFC 5280 §4.2.2.1), in DER.
func (s *Server) caRoutes() []route {
	return []route{
		{Method: http.MethodGet, Path: "/ca/issuing.cer", Access: Machine(), Handle: certificate(s.deps.IssuingCA)},
		{Method: http.MethodGet, Path: "/ca/root.cer", Access: Machine(), Handle: certificate(s.deps.RootCA)},
	}
}

func certificate(der []byte) echo.HandlerFunc {
	return func(c echo.Context) error {
		if len(der) == 0 {
			return echo.ErrNotFound
		}
		c.Response().Header().Set("Cache-Control", "public, max-age=86400")
		return c.Blob(http.StatusOK, "application/pkix-cert", der)
	}
}
