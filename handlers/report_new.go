package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const certificatesFound = 30

type reportNewPage struct {
	templates.Page
	waitingPart
	Hours int // that a report may wait
	Query string
	Found []reportItem // certificates that the query found
	// Certificate is the chosen one, with what is on file to compare with.
	Certificate *registry.Certificate
	Org         string
	Status      templates.State
	OnFile      reportFacts
	Open        string // number of its open report
	Form        url.Values
	Ways        []reportWayChoice
	Causes      []causeChoice
	MaySuspend  bool
	Errors      templates.FieldErrors
}

// reportFacts are what a reporter is compared with.
type reportFacts struct {
	Passport       string
	PersonalNumber registry.PersonalNumber
	Phones         []string
}

type reportWayChoice struct {
	Way     registry.ReportWay
	Chosen  bool
	Least   int
	Choices []choice
}

type causeChoice struct {
	choice
	AtRisk bool // the key may be in other hands
	Code   string
}

// reportNew finds the certificate and asks what was said of it.
func (s *Server) reportNew(c echo.Context) error {
	v := s.reportNewPage(c, strings.TrimSpace(c.QueryParam("q")), registry.Serial(c.QueryParam("serial")))
	if err := s.fillReportNew(c, v); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "report_new", v)
}

func (s *Server) reportNewPage(c echo.Context, query string, serial registry.Serial) *reportNewPage {
	v := &reportNewPage{Page: s.page(c, s.text(c, "revocation.new")), Query: query, Form: url.Values{}, Errors: templates.FieldErrors{}}
	v.Form.Set("serial", string(serial))
	v.Form.Set("reported_at", s.deps.Now().In(s.deps.Workflow.Pack().Zone()).Format(momentForm))
	v.Hours, v.MaySuspend = s.deps.Workflow.Pack().RevokeHours(), s.deps.Workflow.CanSuspend()
	return v
}

// fillReportNew reads what the form stands on: the certificate, or those found.
func (s *Server) fillReportNew(c echo.Context, v *reportNewPage) error {
	serial := registry.Serial(v.Form.Get("serial"))
	err := s.read(c, func(tx *store.Tx) error {
		if serial == "" {
			return s.findForReport(c, tx, v)
		}
		cert, err := tx.CertificateBySerial(serial)
		if err != nil {
			return err
		}
		v.Certificate, v.Status = cert, s.certificateState(c, cert)
		if v.Org, err = s.orgOf(c, tx, cert); err != nil {
			return err
		}
		if open, err := tx.OpenReportOf(cert.ID); err == nil {
			v.Open = open.Number
		} else if registry.KindOf(err) != registry.NotFound {
			return err
		}
		if err := s.readWaiting(tx, &v.waitingPart, cert); err != nil {
			return err
		}
		v.OnFile, err = factsOnFile(tx, cert)
		return err
	})
	if err != nil {
		return err
	}
	for _, w := range []registry.ReportWay{registry.ByPhone, registry.InPerson, registry.ByAuthority} {
		least, possible := registry.IdentificationsFor(w)
		ways := reportWayChoice{Way: w, Chosen: v.Form.Get("way") == string(w), Least: least}
		for _, i := range possible {
			ways.Choices = append(ways.Choices, choice{Value: string(i), Label: s.text(c, "revocation.by."+string(i)), Chosen: slices.Contains(v.Form["identified"], string(i))})
		}
		v.Ways = append(v.Ways, ways)
	}
	v.Causes = s.causeChoices(c, v.Form.Get("cause"))
	return nil
}

// causeChoices are the causes that a person may name; the CA's own key is a
// matter of many certificates at once.
func (s *Server) causeChoices(c echo.Context, chosen string) []causeChoice {
	var out []causeChoice
	for _, cause := range s.deps.Workflow.Pack().Causes() {
		if cause.RFC5280 == caCompromise {
			continue
		}
		out = append(out, causeChoice{
			choice: choice{Value: cause.Code, Label: cause.Text.In(lang(c)), Chosen: cause.Code == chosen}, AtRisk: registry.KeyAtRisk(cause.RFC5280),
			Code: rfcReason(cause.RFC5280),
		})
	}
	return out
}

const caCompromise = 2 // RFC 5280 §5.3.1

// rfcReason is a reason as RFC 5280 §5.3.1 names it.
func rfcReason(code int) string {
	names := map[int]string{
		0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded", 5: "cessationOfOperation", 6: "certificateHold",
		9: "privilegeWithdrawn",
	}
	return fmt.Sprintf("%s (%d)", names[code], code)
}

func (s *Server) findForReport(c echo.Context, tx *store.Tx, v *reportNewPage) error {
	found, err := tx.FindCertificates(v.Query, certificatesFound)
	if err != nil {
		return err
	}
	for _, cert := range found {
		item := reportItem{Certificate: cert, Status: s.certificateState(c, cert)}
		if item.Org, err = s.orgOf(c, tx, cert); err != nil {
			return err
		}
		v.Found = append(v.Found, item)
	}
	return nil
}

// factsOnFile are what the holder declared last.
func factsOnFile(tx *store.Tx, cert *registry.Certificate) (f reportFacts, err error) {
	f.PersonalNumber = cert.PersonalNumber
	if cert.OperatorID != 0 {
		o, err := tx.Operator(cert.OperatorID)
		if err == nil && o.Person.Phone != "" {
			f.Phones = []string{o.Person.Phone}
		}
		return f, err
	}
	p, err := tx.Person(cert.PersonalNumber)
	switch {
	case err == nil:
		f.Passport = p.Document.Series + " " + p.Document.Number
		if p.Phone != "" {
			f.Phones = append(f.Phones, p.Phone)
		}
	case registry.KindOf(err) != registry.NotFound:
		return f, err
	}
	org, err := tx.Organisation(cert.OrganisationID)
	if err != nil {
		return f, err
	}
	if org.Phone != "" && !slices.Contains(f.Phones, org.Phone) {
		f.Phones = append(f.Phones, org.Phone)
	}
	return f, nil
}
