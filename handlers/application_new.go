package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
)

// applicationNew shows an empty form. ?inn= begins with a known company.
func (s *Server) applicationNew(c echo.Context) error {
	in := registry.FormInput{}
	if inn := c.QueryParam("inn"); inn != "" {
		in["organisation.inn"] = []string{inn}
		if err := s.fill(c, in); err != nil {
			return err
		}
	}
	s.formDefaults(c, in)
	return s.render(c, http.StatusOK, "application_form", s.formPage(c, nil, in))
}

// formDefaults are the choices that most applications take.
func (s *Server) formDefaults(c echo.Context, in registry.FormInput) {
	d := s.declared(registry.FormInput{})
	defaults := map[string]string{
		"operation": string(d.Operation), "channel": string(d.Channel), "storage": string(d.Storage), "office": string(d.Office),
		"language": string(lang(c)), "organisation.kind": string(registry.LegalEntity), "accountant": registry.AccountantPerson,
	}
	ofTrusted := func(it authorities.Item) bool { return it.Subject == registry.OfTrusted }
	if slices.ContainsFunc(s.deps.Workflow.Pack().Items, ofTrusted) {
		defaults["trusted"] = "PERSON"
	}
	for name, value := range defaults {
		if in.Get(name) == "" {
			in[name] = []string{value}
		}
	}
}
