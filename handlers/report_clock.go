package handlers

import (
	"fmt"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

// clockOf places an instant on a report's line.
func clockOf(r *registry.Report, now time.Time) reportClock {
	if r.ConcludedAt != nil {
		now = *r.ConcludedAt
	}
	share := r.ClockShare(now)
	return reportClock{Share: share, Today: fmt.Sprintf("%.1f%%", 3+94*min(1, max(0, float64(share)/100))), Late: share >= 100}
}

// orderAdvice says what to do about an open application whose certificate is
// out of use, or will be.
func (s *Server) orderAdvice(c echo.Context, a *registry.Application, cert *registry.Certificate) string {
	switch {
	case a.Declaration.Operation == registry.Reissue && a.Declaration.Reason != "":
		return s.text(c, "reissue.lead."+string(a.Declaration.Reason))
	case a.Declaration.Operation == registry.Reissue:
		return s.text(c, "revocation.order_goes_on")
	case cert.Status == registry.CertRevoked:
		return s.text(c, "revocation.order_renewal_revoked")
	}
	return s.text(c, "revocation.order_renewal_waits")
}
