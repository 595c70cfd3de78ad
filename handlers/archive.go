package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// archiveShown is how many applications the archive lists.
const archiveShown = 100

type archivePage struct {
	templates.Page
	System       string
	Name         string
	Applications []archiveItem
	Certificates []certificateView
}

type archiveItem struct {
	*registry.Application
	State templates.State
}

// archive is what the authority keeps of the holder's organisation:
// applications and certificates (EN-07).
func (s *Server) archive(c echo.Context) error {
	v := &archivePage{Page: s.page(c, s.text(c, "nav.archive")), System: s.deps.Workflow.Pack().Words.SystemName.In(lang(c)).Nom}
	err := s.read(c, func(tx *store.Tx) error {
		org, err := s.ownOrganisation(c, tx)
		if err != nil {
			return err
		}
		v.Name = org.FullName(lang(c))
		apps, err := tx.ApplicationsOf(org.ID, archiveShown)
		if err != nil {
			return err
		}
		for _, a := range apps {
			v.Applications = append(v.Applications, archiveItem{a, s.applicationState(c, a.Status)})
		}
		certs, err := tx.CertificatesOf(org.ID, certificatesShown)
		for _, cert := range certs {
			v.Certificates = append(v.Certificates, s.certificateView(c, cert))
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "archive", v)
}
