package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

type staffPage struct {
	templates.Page
	Items []staffItem
}

type staffItem struct {
	*registry.Operator
	Name     string
	Office   string
	CertEnds time.Time // of the certificate that works now
	State    templates.State
}

// staff lists the employees who work with the program.
func (s *Server) staff(c echo.Context) error {
	v := &staffPage{Page: s.page(c, s.text(c, "nav.staff"))}
	err := s.read(c, func(tx *store.Tx) error {
		all, err := tx.Operators()
		if err != nil {
			return err
		}
		for _, o := range all {
			certs, err := tx.CertificatesOfOperator(o.ID)
			if err != nil {
				return err
			}
			v.Items = append(v.Items, s.staffItem(c, o, certs))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff", v)
}

func (s *Server) staffItem(c echo.Context, o *registry.Operator, certs []*registry.Certificate) staffItem {
	item := staffItem{Operator: o, Name: o.Person.Name(lang(c)).String(), Office: s.officeName(c, o.Office)}
	for _, cert := range certs {
		if cert.UsableAt(s.deps.Now()) && cert.NotAfter.After(item.CertEnds) {
			item.CertEnds = cert.NotAfter
		}
	}
	switch {
	case o.Disabled:
		item.State = templates.State{Class: "stop", Word: s.text(c, "staff.disabled")}
	case item.CertEnds.IsZero():
		item.State = templates.State{Class: "wait", Word: s.text(c, "staff.no_certificate")}
	default:
		item.State = templates.State{Class: "good", Word: s.text(c, "staff.working")}
	}
	return item
}

// officeName is an office in the language of the page, its code if the pack
// has none of this code.
func (s *Server) officeName(c echo.Context, code registry.OfficeCode) string {
	if o, ok := s.deps.Workflow.Pack().Office(code); ok {
		return o.Name.In(lang(c))
	}
	return string(code)
}
