package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

type archiveApplicationPage struct {
	templates.Page
	App       *registry.Application
	State     templates.State
	Office    string
	Documents []archiveDocument
}

type archiveDocument struct {
	Label  string
	Reason string // of a rejection
	State  templates.State
	Files  []registry.File
}

// archiveApplication shows one application of the holder's organisation with
// its papers.
func (s *Server) archiveApplication(c echo.Context) error {
	v := &archiveApplicationPage{}
	err := s.read(c, func(tx *store.Tx) (err error) {
		if v.App, err = tx.ApplicationByNumber(c.Param("number")); err != nil {
			return err
		}
		if v.App.OrganisationID == 0 || v.App.OrganisationID != identity(c).OrganisationID {
			return registry.Refuse(registry.NotFound, "error.not_found")
		}
		docs, err := tx.Documents(v.App.ID)
		if err != nil {
			return err
		}
		files, err := tx.FilesOf(v.App.ID)
		for _, d := range docs {
			if !d.Required && len(files[d.ID]) == 0 {
				continue
			}
			if d.Status == registry.DocWaived {
				d.Reason = "" // a note of the staff to the approver
			}
			v.Documents = append(v.Documents, archiveDocument{d.Label.In(lang(c)), d.Reason, s.documentState(c, d.Status), files[d.ID]})
		}
		return err
	})
	if err != nil {
		return err
	}
	v.Page = s.page(c, s.text(c, "application.number", "number", v.App.Number))
	v.State, v.Office = s.applicationState(c, v.App.Status), s.officeName(c, v.App.Declaration.Office)
	return s.render(c, http.StatusOK, "archive_application", v)
}
