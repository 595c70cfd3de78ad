package handlers

import (
	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// oldCertificate is what whoever works on a renewal or reissue should know of a
// certificate that it follows.
type oldCertificate struct {
	Holder string
	Says   string
	Advice string
	Path   string // of the open report; empty: none
}

// oldCertificatesOf tells of those that an application follows, where something
// happened to them.
func (s *Server) oldCertificatesOf(c echo.Context, tx *store.Tx, app *registry.Application) ([]oldCertificate, error) {
	certs, err := followedBy(tx, app)
	if err != nil {
		return nil, err
	}
	return s.oldCertificates(c, tx, app, certs)
}

// oldCertificates is oldCertificatesOf of the certificates it follows. Of a
// closed application there is nothing to tell.
func (s *Server) oldCertificates(c echo.Context, tx *store.Tx, app *registry.Application, certs []*registry.Certificate) (out []oldCertificate, err error) {
	if !app.Status.Open() {
		return nil, nil
	}
	for _, cert := range certs {
		old := oldCertificate{Holder: cert.HolderName, Advice: s.orderAdvice(c, app, cert)}
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
			continue
		}
		out = append(out, old)
	}
	return out, nil
}

// followedBy are the certificates that an application follows: of a remote order
// each signatory's, otherwise the declared one, if it is ours.
func followedBy(tx *store.Tx, app *registry.Application) ([]*registry.Certificate, error) {
	if app.Declaration.Channel == registry.Remote {
		order, err := tx.Order(app.ID)
		if err != nil {
			return nil, err
		}
		return renewedBy(tx, order)
	}
	p := app.Declaration.Predecessor
	if p == nil {
		return nil, nil
	}
	cert, err := tx.CertificateBySerial(p.Serial)
	if registry.KindOf(err) == registry.NotFound {
		return nil, nil
	}
	return []*registry.Certificate{cert}, err
}

// renewedBy are the certificates that a remote order renews, in the order of its
// signatories.
func renewedBy(tx *store.Tx, order *registry.Order) (out []*registry.Certificate, err error) {
	for _, sig := range order.Signatories {
		cert, err := tx.Certificate(sig.CertificateID)
		if err != nil {
			return nil, err
		}
		out = append(out, cert)
	}
	return out, nil
}
