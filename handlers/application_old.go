package handlers

import (
	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// oldCertificate is what whoever works on a renewal or reissue should know of
// the certificate that it follows.
type oldCertificate struct {
	Says   string
	Advice string
	Path   string // of the open report; empty: none, or not for this person
}

// applicationOld tells of the certificate that an open application follows,
// where something happened to it.
func (s *Server) applicationOld(c echo.Context, tx *store.Tx, app *registry.Application) (*oldCertificate, error) {
	p := app.Declaration.Predecessor
	if p == nil || !app.Status.Open() {
		return nil, nil
	}
	cert, err := tx.CertificateBySerial(p.Serial)
	if registry.KindOf(err) == registry.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	old := &oldCertificate{Advice: s.orderAdvice(c, app, cert)}
	open, err := tx.OpenReportOf(cert.ID)
	switch {
	case err == nil:
		old.Says, old.Path = s.text(c, "reissue.old_will", "number", open.Number), "/revocations/"+open.Number
	case registry.KindOf(err) != registry.NotFound:
		return nil, err
	case cert.Status == registry.CertRevoked:
		old.Says = s.text(c, "reissue.old_revoked")
	case cert.Status == registry.CertSuspended:
		old.Says = s.text(c, "reissue.old_suspended")
	default:
		return nil, nil
	}
	return old, nil
}
