package handlers

import (
	"fmt"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// actor is who performs a transition: the session's operator, holder or
// applicant, as the database knows them now.
func (s *Server) actor(c echo.Context) (who workflow.Actor, err error) {
	id := identity(c)
	if id == nil {
		return workflow.Anonymous(), nil
	}
	err = s.deps.Store.Read(c.Request().Context(), func(tx *store.Tx) error {
		switch id.Kind {
		case OperatorSession:
			o, err := tx.Operator(id.OperatorID)
			if err != nil {
				return err
			}
			who = workflow.ByOperator(o)
		case HolderSession:
			cert, err := tx.CertificateBySerial(id.Serial)
			if err != nil {
				return err
			}
			who = workflow.ByHolder(cert).For(id.OrganisationID)
		case ApplicantSession:
			who = workflow.ByApplicant(id.ApplicationID)
		}
		return nil
	})
	if err != nil {
		return who, fmt.Errorf("finding out who acts: %w", err)
	}
	return who, nil
}

// read runs a read of the store.
func (s *Server) read(c echo.Context, f func(*store.Tx) error) error {
	return s.deps.Store.Read(c.Request().Context(), f)
}

// number reads a row's id from the path; what is no number is not found.
func number[T ~int64](c echo.Context, name string) (T, error) {
	n, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil || n <= 0 {
		return 0, registry.Refuse(registry.NotFound, "error.not_found")
	}
	return T(n), nil
}

// version reads a row's version out of a form; 0 is none.
func version(typed string) int64 {
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil || n < 0 {
		return -1 // never matches: the form was tampered with
	}
	return n
}
