package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// applicationFill fills in what is on file of the company with the INN: fields
// that are empty, never those that were typed. For htmx nothing changes where
// nothing is known.
func (s *Server) applicationFill(c echo.Context) error {
	app, in, version, err := s.posted(c)
	if err != nil {
		return err
	}
	before := len(in)
	if err := s.fill(c, in); err != nil {
		return err
	}
	htmx := c.Request().Header.Get("HX-Request") == "true"
	if htmx && len(in) == before {
		return c.NoContent(http.StatusNoContent)
	}
	v := s.formPage(c, app, in)
	if app != nil {
		v.Version = version
	}
	if htmx {
		return s.fragment(c, http.StatusOK, "application_form", "form", v)
	}
	return s.render(c, http.StatusOK, "application_form", v)
}

// fill adds to a form what is on file: the organisation, and of its last
// application the people and the certificate that ends.
func (s *Server) fill(c echo.Context, in registry.FormInput) error {
	inn, err := registry.ParseINN(in.Get("organisation.inn"))
	if err != nil {
		return nil // not a whole number yet
	}
	return s.read(c, func(tx *store.Tx) error {
		org, err := tx.OrganisationByINN(inn)
		if registry.KindOf(err) == registry.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		known := registry.FormInput{}
		registry.OrganisationInput(known, &org.OrganisationRequisites)
		if err := s.knownPeople(tx, org.ID, known); err != nil {
			return err
		}
		for name, values := range known {
			if in.Get(name) == "" {
				in[name] = values
			}
		}
		return nil
	})
}

func (s *Server) knownPeople(tx *store.Tx, id registry.OrganisationID, known registry.FormInput) error {
	earlier, err := tx.ApplicationsOf(id, 1)
	if err != nil || len(earlier) == 0 {
		return err
	}
	zone := s.deps.Workflow.Pack().Zone()
	d := earlier[0].Declaration
	d.Operation, d.Reason, d.Changed, d.Replaced, d.Predecessor = registry.Renewal, "", nil, nil, nil
	certs, err := tx.CertificatesOf(id, 1)
	if err != nil {
		return err
	}
	if len(certs) > 0 {
		d.Predecessor = &registry.Predecessor{Serial: certs[0].Serial, NotAfter: certs[0].NotAfter, Revoked: certs[0].Status == registry.CertRevoked}
	}
	for name, values := range registry.InputOf(&d, zone) {
		// Consent is given anew with each application.
		if known.Get(name) == "" && !isConsent(name) {
			known[name] = values
		}
	}
	return nil
}

func isConsent(field string) bool {
	switch field {
	case "head.consent", "accountant.consent", "trusted.consent":
		return true
	}
	return false
}
