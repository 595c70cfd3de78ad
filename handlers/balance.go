package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// balance is the statement of the organisation that the holder's session is
// bound to, of no other.
func (s *Server) balance(c echo.Context) error {
	v := &statementPage{Base: "/cabinet/balance", Ways: s.wayChoices(c), Errors: templates.FieldErrors{}}
	err := s.read(c, func(tx *store.Tx) (err error) {
		if v.Org, err = s.ownOrganisation(c, tx); err != nil {
			return err
		}
		return s.fillStatement(c, tx, v)
	})
	if err != nil {
		return err
	}
	v.Title = s.text(c, "money.statement")
	return s.render(c, http.StatusOK, "statement", v)
}

// balanceCSV is the same as a file.
func (s *Server) balanceCSV(c echo.Context) error {
	return s.sendStatement(c, func(tx *store.Tx) (*registry.Organisation, error) { return s.ownOrganisation(c, tx) })
}

// ownOrganisation is the one that the holder's session is bound to.
func (s *Server) ownOrganisation(c echo.Context, tx *store.Tx) (*registry.Organisation, error) {
	return tx.Organisation(identity(c).OrganisationID)
}
