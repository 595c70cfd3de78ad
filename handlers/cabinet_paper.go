package handlers

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/paper"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// sendCertificatePaper prints a certificate for its holder, with the QR code
// that leads to its status.
func (s *Server) sendCertificatePaper(c echo.Context, cert *registry.Certificate) error {
	l := lang(c)
	p := paper.Certificate{
		Language: string(l), Authority: s.deps.Authority[l].Name, Printed: bishkekTime(s.deps.Now()), PrintedAt: s.deps.Now(),
		Holder: cert.HolderName, Role: s.text(c, "signatory."+string(cert.Role)), Serial: templates.Hex(cert.Serial),
		From: bishkekTime(cert.NotBefore), Until: bishkekTime(cert.NotAfter), Storage: s.text(c, "storage."+string(cert.Storage)),
		Fingerprint: templates.Hex(registry.Serial(cert.SHA256)), QR: s.deps.BaseURL + "/status/" + string(cert.Serial), Test: s.deps.Demo,
	}
	if u, err := url.Parse(s.deps.BaseURL); err == nil {
		p.Address = u.Host + "/status"
	}
	if err := s.read(c, func(tx *store.Tx) error {
		org, err := tx.Organisation(cert.OrganisationID)
		if err == nil {
			p.Organisation, p.INN = org.FullName(l), string(org.INN)
		}
		return err
	}); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := p.Write(&b, func(key string, args ...any) string { return s.textIn(l, key, args...) }); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, fmt.Sprintf(`inline; filename="%s.pdf"`, cert.Serial))
	return c.Blob(http.StatusOK, "application/pdf", b.Bytes())
}
