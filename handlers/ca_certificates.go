package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// caRoutes publish the CA's own certificates under the addresses that are
// written into those it issues (RFC 5280 §4.2.2.1), and the root's list, in DER.
func (s *Server) caRoutes() []route {
	return []route{
		{Method: http.MethodGet, Path: "/ca/issuing.cer", Access: Machine(), Handle: constant("application/pkix-cert", s.deps.IssuingCA)},
		{Method: http.MethodGet, Path: "/ca/root.cer", Access: Machine(), Handle: constant("application/pkix-cert", s.deps.RootCA)},
		{Method: http.MethodGet, Path: "/crl/root.crl", Access: Machine(), Handle: constant("application/pkix-crl", s.deps.RootCRL)},
	}
}

func constant(media string, der []byte) echo.HandlerFunc {
	return func(c echo.Context) error {
		if len(der) == 0 {
			return echo.ErrNotFound
		}
		c.Response().Header().Set("Cache-Control", "public, max-age=86400")
		return c.Blob(http.StatusOK, media, der)
	}
}
