package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const organisationsShown = 50

type organisationsPage struct {
	templates.Page
	Query string
	Items []organisationItem
}

type organisationItem struct {
	*registry.Organisation
	Name, Settlement string
}

// organisations finds organisations by INN or name; without a query it shows
// the newest.
func (s *Server) organisations(c echo.Context) error {
	v := &organisationsPage{Page: s.page(c, s.text(c, "nav.organisations")), Query: strings.TrimSpace(c.QueryParam("q"))}
	err := s.read(c, func(tx *store.Tx) error {
		found, err := tx.FindOrganisations(v.Query, organisationsShown)
		for _, o := range found {
			v.Items = append(v.Items, organisationItem{o, o.FullName(lang(c)), o.Settlement.In(lang(c))})
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "organisations", v)
}
