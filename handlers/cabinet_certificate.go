package handlers

import (
	"encoding/pem"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// cabinetCertificate sends a certificate of the holder's organisation as a
// file: PEM (RFC 7468), DER with ?form=der, or a sheet to print with ?form=paper.
func (s *Server) cabinetCertificate(c echo.Context) error {
	var cert *registry.Certificate
	err := s.read(c, func(tx *store.Tx) (err error) {
		cert, err = tx.CertificateBySerial(registry.Serial(c.Param("serial")))
		return err
	})
	if err != nil {
		return err
	}
	if cert.OrganisationID == 0 || cert.OrganisationID != identity(c).OrganisationID {
		return registry.Refuse(registry.NotFound, "error.not_found")
	}
	if c.QueryParam("form") == "paper" {
		return s.sendCertificatePaper(c, cert)
	}
	body, media, ending := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.DER}), "application/x-pem-file", "pem"
	if c.QueryParam("form") == "der" {
		body, media, ending = cert.DER, "application/pkix-cert", "cer"
	}
	return sendFile(c, string(cert.Serial)+"."+ending, media, body)
}
