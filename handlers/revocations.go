package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const (
	openReportsShown      = 200
	concludedReportsShown = 50
)

type revocationsPage struct {
	templates.Page
	Hours     int // that a report may wait
	Open      []reportItem
	Concluded []reportItem
	MayReport bool
	MayBulk   bool
}

type reportItem struct {
	*registry.Report
	Certificate *registry.Certificate
	Org         string
	Cause       string
	State       templates.State
	Status      templates.State // the certificate's
	By          string
	Due         templates.Due
}

// revocations are the reports: those whose clock runs, due first, and the
// latest that were concluded.
func (s *Server) revocations(c echo.Context) error {
	v := &revocationsPage{Page: s.page(c, s.text(c, "revocation.title")), Hours: s.deps.Workflow.Pack().RevokeHours()}
	role := identity(c).Role
	v.MayReport, v.MayBulk = role != registry.Auditor, role != registry.Clerk
	err := s.read(c, func(tx *store.Tx) error {
		open, err := tx.OpenReports(openReportsShown)
		if err != nil {
			return err
		}
		concluded, err := tx.ConcludedReports(concludedReportsShown)
		if err != nil {
			return err
		}
		if v.Open, err = s.reportItems(c, tx, open); err != nil {
			return err
		}
		v.Concluded, err = s.reportItems(c, tx, concluded)
		return err
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "revocations", v)
}

func (s *Server) reportItems(c echo.Context, tx *store.Tx, reports []*registry.Report) ([]reportItem, error) {
	names, err := operatorNames(tx, lang(c))
	if err != nil {
		return nil, err
	}
	out := make([]reportItem, 0, len(reports))
	for _, r := range reports {
		cert, err := tx.Certificate(r.CertificateID)
		if err != nil {
			return nil, err
		}
		item := reportItem{
			Report: r, Certificate: cert, Cause: s.causeText(c, r.Cause), State: s.reportState(c, r), Status: s.certificateState(c, cert), By: names[r.CreatedBy],
			Due: s.deps.Renderer.DueAt(string(lang(c)), s.deps.Now(), r.DueAt, nil),
		}
		if item.Org, err = s.orgOf(c, tx, cert); err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	return out, nil
}

// orgOf is the name of a certificate's organisation; an operator's is the
// authority's own.
func (s *Server) orgOf(c echo.Context, tx *store.Tx, cert *registry.Certificate) (string, error) {
	if cert.OrganisationID == 0 {
		return s.text(c, "revocation.employee"), nil
	}
	org, err := tx.Organisation(cert.OrganisationID)
	if err != nil {
		return "", err
	}
	return org.FullName(lang(c)), nil
}

// causeText is a cause of the pack in words.
func (s *Server) causeText(c echo.Context, code string) string {
	if cause, known := s.deps.Workflow.Pack().RevocationCause(code); known {
		return cause.Text.In(lang(c))
	}
	return code
}

func (s *Server) reportState(c echo.Context, r *registry.Report) templates.State {
	class := map[registry.ReportStatus]string{
		registry.ReportReceived: "you", registry.ReportRevoked: "stop", registry.ReportRejected: "none", registry.ReportLifted: "good", registry.ReportOver: "none",
	}[r.Status]
	return templates.State{Class: class, Word: s.text(c, "status.report."+string(r.Status))}
}
