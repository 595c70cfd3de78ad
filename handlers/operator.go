package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

type operatorPage struct {
	templates.Page
	Item         staffItem
	Certificates []certificateView
	KeyPath      string // where a certificate is made; empty: no such page
	Self         bool   // it is the administrator's own page
	Roles        []registry.Role
	Errors       templates.FieldErrors
}

// operator shows one employee to an administrator.
func (s *Server) operator(c echo.Context) error {
	v, err := s.operatorPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "operator", v)
}

func (s *Server) operatorPage(c echo.Context) (*operatorPage, error) {
	id, err := number[registry.OperatorID](c, "id")
	if err != nil {
		return nil, err
	}
	v := &operatorPage{Self: id == identity(c).OperatorID, Errors: templates.FieldErrors{}}
	err = s.read(c, func(tx *store.Tx) error {
		o, err := tx.Operator(id)
		if err != nil {
			return err
		}
		certs, err := tx.CertificatesOfOperator(id)
		if err != nil {
			return err
		}
		v.Item = s.staffItem(c, o, certs)
		for _, cert := range certs {
			v.Certificates = append(v.Certificates, s.certificateView(c, cert))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.Page = s.page(c, v.Item.Name)
	if _, ok := s.routes[http.MethodGet+" /staff/:id/key"]; ok {
		v.KeyPath = "/staff/" + c.Param("id") + "/key"
	}
	for _, r := range registry.Roles {
		if r != v.Item.Role {
			v.Roles = append(v.Roles, r)
		}
	}
	return v, nil
}
