package handlers

import (
	"net/http"
	"slices"

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

// presetChoices are those that an empty form comes with below the number: nobody
// has chosen them before the company is filled in.
var presetChoices = []string{"accountant", "managing", "organisation.kind"}

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
		if serial := in.Get("predecessor.serial"); serial != "" && serial != known.Get("predecessor.serial") {
			delete(known, "predecessor.not_after") // of another certificate
			delete(known, "predecessor.revoked")
		}
		fresh := in.Get("organisation.name_ru") == ""
		for name, values := range known {
			if in.Get(name) == "" || fresh && slices.Contains(presetChoices, name) {
				in[name] = values
			}
		}
		return nil
	})
}

func (s *Server) knownPeople(tx *store.Tx, id registry.OrganisationID, known registry.FormInput) error {
	earlier, err := tx.ApplicationsOf(id, applicationsLooked)
	if err != nil || len(earlier) == 0 {
		return err
	}
	pack := s.deps.Workflow.Pack()
	zone := pack.Zone()
	d := lastDecided(earlier).Declaration
	d.Operation, d.Reason, d.Changed, d.Replaced, d.Predecessor = registry.Renewal, "", nil, nil, nil
	if _, ok := pack.Operation(registry.Renewal); !ok {
		d.Operation = registry.Reissue // UB-20, UB-29
	}
	if d.Channel == registry.Remote { // this one is made in the office
		d.Channel, d.Office = registry.Office, pack.HeadOffice
	}
	certs, err := tx.CertificatesOf(id, certificatesShown)
	if err != nil {
		return err
	}
	if old := toRenew(certs, d.Head.PersonalNumber); old != nil {
		d.Predecessor = &registry.Predecessor{Serial: old.Serial, NotAfter: old.NotAfter, Revoked: old.Status == registry.CertRevoked}
		d.Storage = old.Storage
	}
	for name, values := range registry.InputOf(&d, zone) {
		// Consent is given anew with each application.
		if known.Get(name) == "" && !isConsent(name) {
			known[name] = values
		}
	}
	return nil
}

// applicationsLooked is how far back an application is looked for that was
// decided on.
const applicationsLooked = 20

// lastDecided is the newest application that led to certificates, or else the
// newest.
func lastDecided(apps []*registry.Application) *registry.Application {
	for _, app := range apps {
		if app.Status == registry.Approved || app.Status == registry.Completed {
			return app
		}
	}
	return apps[0]
}

// toRenew is the certificate that a renewal is most likely about: the head's
// that ends last, or anybody's; one that is not revoked before one that is.
func toRenew(certs []*registry.Certificate, head registry.PersonalNumber) *registry.Certificate {
	var best *registry.Certificate
	better := func(a, b *registry.Certificate) bool {
		if ra, rb := a.Status == registry.CertRevoked, b.Status == registry.CertRevoked; ra != rb {
			return rb
		}
		if ha, hb := a.PersonalNumber == head, b.PersonalNumber == head; ha != hb {
			return ha
		}
		return a.NotAfter.After(b.NotAfter)
	}
	for _, c := range certs {
		if best == nil || better(c, best) {
			best = c
		}
	}
	return best
}

func isConsent(field string) bool {
	switch field {
	case "head.consent", "accountant.consent", "trusted.consent":
		return true
	}
	return false
}
