package handlers

import (
	"fmt"
	"math"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// certificateView is a certificate as pages show it; its state is reckoned
// from the clock.
type certificateView struct {
	*registry.Certificate
	State templates.State
	// Usable: it may be used now.
	Usable bool
	// DaysLeft of one that may be used.
	DaysLeft int
	// Over: it will not be usable again.
	Over bool
	// Today is where now stands on its line, in per cent of the width, with
	// room at both ends: "3%" the beginning, "97%" the end; empty outside.
	Today string
	// Stopped is where a suspension or revocation stands on the line.
	Stopped string
	// StopPath is where this holder takes it out of use; empty: nowhere.
	StopPath string
	// ReissuePath is where this holder begins its reissue; empty: nowhere.
	ReissuePath string
}

func (s *Server) certificateView(c echo.Context, cert *registry.Certificate) certificateView {
	now := s.deps.Now()
	v := certificateView{Certificate: cert, Usable: cert.UsableAt(now)}
	key, class := "validity.valid", "good"
	switch validity := cert.ValidityAt(now); {
	case cert.Status == registry.CertRevoked:
		key, class, v.Over = "status.certificate.revoked", "stop", true
	case cert.Status == registry.CertSuspended:
		key, class = "status.certificate.suspended", "wait"
	case validity == registry.Expired:
		key, class, v.Over = "validity.expired", "stop", true
	case validity == registry.NotYetUsable:
		key, class = "validity.not_yet", "none"
	}
	v.State = templates.State{Class: class, Word: s.text(c, key)}
	if v.Usable {
		v.DaysLeft = int(math.Ceil(cert.NotAfter.Sub(now).Hours() / 24))
	}
	v.Today = onLine(cert, now)
	if cert.StatusAt != nil && cert.Status != registry.CertIssued {
		v.Stopped = onLine(cert, *cert.StatusAt)
	}
	return v
}

// onLine is the place of an instant on a certificate's line.
func onLine(cert *registry.Certificate, at time.Time) string {
	whole := cert.NotAfter.Sub(cert.NotBefore)
	if whole <= 0 || at.Before(cert.NotBefore) || at.After(cert.NotAfter) {
		return ""
	}
	return fmt.Sprintf("%.1f%%", 3+94*float64(at.Sub(cert.NotBefore))/float64(whole))
}
