package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// What an organisation's page shows of its applications and certificates.
const organisationShown = 50

type organisationPage struct {
	templates.Page
	Org          *registry.Organisation
	Settlement   string
	Balance      registry.Tyiyn
	Applications []organisationApplication
	Certificates []organisationCertificate
	Holders      []registry.HolderLink // who may act for it besides
	MayBegin     bool
	MayReport    bool   // that a certificate must not be used; and detach holders
	MayAttach    bool   // holders, where somebody who logs in chooses among companies
	Statement    string // address of the statement; empty: not for this person
	Access       string // address of who looked at its papers; the same
	Form         url.Values
	Errors       templates.FieldErrors
}

type organisationApplication struct {
	*registry.Application
	State templates.State
}

type organisationCertificate struct {
	*registry.Certificate
	State       templates.State
	MayReport   bool   // it can still be suspended or revoked
	ReissuePath string // where a clerk begins its reissue; empty: nowhere
}

// organisation shows one organisation: requisites, applications, certificates.
func (s *Server) organisation(c echo.Context) error {
	v, err := s.organisationPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "organisation", v)
}

func (s *Server) organisationPage(c echo.Context) (*organisationPage, error) {
	v := &organisationPage{Form: url.Values{}, Errors: templates.FieldErrors{}}
	err := s.read(c, func(tx *store.Tx) (err error) {
		if v.Org, err = tx.OrganisationByINN(registry.INN(c.Param("inn"))); err != nil {
			return err
		}
		if v.Balance, err = tx.Balance(v.Org.ID); err != nil {
			return err
		}
		if v.Holders, err = tx.LinksTo(v.Org.ID); err != nil {
			return err
		}
		apps, err := tx.ApplicationsOf(v.Org.ID, organisationShown)
		if err != nil {
			return err
		}
		for _, a := range apps {
			v.Applications = append(v.Applications, organisationApplication{a, s.applicationState(c, a.Status)})
		}
		certs, err := tx.CertificatesOf(v.Org.ID, organisationShown)
		for _, cert := range certs {
			row := organisationCertificate{
				Certificate: cert, State: s.certificateState(c, cert), MayReport: cert.Status != registry.CertRevoked && cert.ValidityAt(s.deps.Now()) != registry.Expired,
			}
			if identity(c).Role == registry.Clerk && len(s.reissueReasons(cert)) > 0 {
				row.ReissuePath = "/reissue?serial=" + string(cert.Serial)
			}
			v.Certificates = append(v.Certificates, row)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	v.Page = s.page(c, v.Org.FullName(lang(c)))
	v.Settlement = v.Org.Settlement.In(lang(c))
	role := identity(c).Role
	if role == registry.Auditor {
		v.Access = accessAbout(string(v.Org.INN))
	}
	v.MayBegin, v.MayAttach, v.MayReport = role == registry.Clerk, role == registry.Approver && s.deps.CompanyStep, role == registry.Clerk || role == registry.Approver
	statement := "/organisations/:inn/statement"
	if r, ok := s.routes[http.MethodGet+" "+statement]; ok && r.Access.Allows(identity(c)) == nil {
		v.Statement = "/organisations/" + string(v.Org.INN) + "/statement"
	}
	return v, nil
}

// certificateState is what happened to a certificate, or what the clock says
// of it.
func (s *Server) certificateState(c echo.Context, cert *registry.Certificate) templates.State {
	switch cert.Status {
	case registry.CertRevoked:
		return templates.State{Class: "stop", Word: s.text(c, "status.certificate.revoked")}
	case registry.CertSuspended:
		return templates.State{Class: "wait", Word: s.text(c, "status.certificate.suspended")}
	}
	switch cert.ValidityAt(s.deps.Now()) {
	case registry.NotYetUsable:
		return templates.State{Class: "half", Word: s.text(c, "validity.not_yet")}
	case registry.Expired:
		return templates.State{Class: "none", Word: s.text(c, "validity.expired")}
	}
	return templates.State{Class: "good", Word: s.text(c, "validity.valid")}
}
