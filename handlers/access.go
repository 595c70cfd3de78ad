package handlers

import (
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

type accessKind int

const (
	unset accessKind = iota
	machine
	public
	loggedIn
	applicant
	holder
	operator
)

// Access is a route's rule: who may use it. The zero value is refused at
// start.
type Access struct {
	kind  accessKind
	roles []registry.Role
}

// Machine is for protocols (OCSP, CRL, health): nobody in particular, and
// neither session, cookies nor CSRF.
func Machine() Access { return Access{kind: machine} }

// Public is for everybody with a browser.
func Public() Access { return Access{kind: public} }

// LoggedIn is for everybody with a session of any kind.
func LoggedIn() Access { return Access{kind: loggedIn} }

// Applicant is for the bearer of an application's secret link.
func Applicant() Access { return Access{kind: applicant} }

// Holder is for a client who logged in with a certificate.
func Holder() Access { return Access{kind: holder} }

// Operator is for employees of the named roles.
func Operator(roles ...registry.Role) Access { return Access{kind: operator, roles: roles} }

// Allows judges an identity; nil is nobody.
func (a Access) Allows(id *Identity) error {
	if a.kind == public || a.kind == machine {
		return nil
	}
	if id == nil {
		return registry.Refuse(registry.Unauthenticated, "error.session.ended")
	}
	ok := false
	switch a.kind {
	case loggedIn:
		ok = true
	case applicant:
		ok = id.Kind == ApplicantSession
	case holder:
		ok = id.Kind == HolderSession
	case operator:
		ok = id.Kind == OperatorSession && slices.Contains(a.roles, id.Role)
	}
	if !ok {
		return registry.Refuse(registry.Forbidden, "error.forbidden")
	}
	return nil
}

func (s *Server) authorise(a Access) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := a.Allows(identity(c)); err != nil {
				if ended := of(c).ended; ended != nil {
					return ended
				}
				return err
			}
			return next(c)
		}
	}
}
