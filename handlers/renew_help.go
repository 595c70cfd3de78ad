package handlers

import (
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// renewHelp is what somebody needs whose certificate has ended, or soon will:
// where to come and what to bring.
type renewHelp struct {
	Offices   []officeExtra
	Documents []neededDocument
	Path      string // of the page that reckons the documents
	// Late are the pack's words for whoever did not order in time.
	Late []string
	// Order is said where an order that was sent in time is still in work.
	Order string
}

// neededDocument is one thing to bring, and why.
type neededDocument struct {
	Label, Why string
	Form       string
	Rules      []registry.RuleID
	Parts      []neededDocument
}

// renewHelp tells an ordinary client, a legal entity whose head is a citizen,
// what renewing in the office takes. Whoever is not one is led to the page
// that asks.
func (s *Server) renewHelp(c echo.Context, role registry.SignatoryRole) *renewHelp {
	return s.officeHelp(c, s.renewFacts(role))
}

func (s *Server) renewFacts(role registry.SignatoryRole) registry.Facts {
	pack := s.deps.Workflow.Pack()
	f := registry.Facts{
		Operation: registry.Renewal, Channel: registry.Office, Storage: registry.ECloud, Applicant: registry.LegalEntity,
		Head: citizen(), Managing: registry.NotManaged, HeadActsAsAccountant: role == registry.HeadAsAccountant,
	}
	if _, ok := pack.Operation(registry.Renewal); !ok {
		f.Operation, f.Reason = registry.Reissue, registry.ReasonExpired
	}
	if !slices.Contains(pack.Storages, f.Storage) {
		f.Storage = pack.Storages[0]
	}
	if !f.HeadActsAsAccountant {
		p := citizen()
		f.Accountant = &p
	}
	return f
}

// officeHelp is renewHelp for other facts.
func (s *Server) officeHelp(c echo.Context, f registry.Facts) *renewHelp {
	q := url.Values{"operation": {string(f.Operation)}, "storage": {string(f.Storage)}}
	if f.Applicant != registry.LegalEntity {
		q.Set("applicant", string(f.Applicant))
	}
	if f.Reason != "" {
		q.Set("reason", string(f.Reason))
	}
	h := &renewHelp{Path: "/documents?" + q.Encode()}
	h.Documents, h.Offices = s.officeList(c, f)
	return h
}

// citizen is a citizen of the republic with a passport in its languages.
func citizen() registry.PersonFacts { return registry.PersonFacts{LocalText: true, HasNumber: true} }

// neededDocuments is the pack's list for facts about nobody in particular.
func (s *Server) neededDocuments(c echo.Context, f registry.Facts) []neededDocument {
	return s.needed(c, s.deps.Workflow.Pack().Checklist(f))
}

func (s *Server) needed(c echo.Context, items []registry.ChecklistItem) []neededDocument {
	l := lang(c)
	var out []neededDocument
	for _, it := range items {
		// A name at the end of a reason, after a colon, is of nobody here.
		why := strings.ReplaceAll(it.Why.In(l), ": .", ".")
		out = append(out, neededDocument{
			Label: it.Label.In(l), Why: why, Form: s.text(c, "document.form."+string(it.Form)), Rules: it.Rules, Parts: s.needed(c, it.Parts),
		})
	}
	return out
}

// expiredHelp is the help for a refusal that says a certificate has ended.
func (s *Server) expiredHelp(c echo.Context, refused *registry.Error) *renewHelp {
	if refused == nil || refused.Key != "error.certificate.expired" || s.deps.Workflow == nil {
		return nil
	}
	h := s.renewHelp(c, registry.Head)
	for _, st := range s.deps.Workflow.Pack().Stated {
		if st.Where == "late" {
			h.Late = append(h.Late, st.Text.In(lang(c)))
		}
	}
	return h
}

// expiredCloudHelp is expiredHelp for somebody whose PIN-code was right: an
// order that they sent in time is told of.
func (s *Server) expiredCloudHelp(c echo.Context, refused *registry.Error, in CloudLogin) (*renewHelp, error) {
	h := s.expiredHelp(c, refused)
	if h == nil || in.INN == "" {
		return h, nil
	}
	return h, s.read(c, func(tx *store.Tx) error {
		org, err := tx.OrganisationByINN(in.INN)
		if err != nil {
			return err
		}
		certs, err := tx.CertificatesOf(org.ID, certificatesShown)
		if err != nil {
			return err
		}
		for _, cert := range certs {
			if cert.Role != in.Role && (in.Role != registry.Head || cert.Role != registry.HeadAsAccountant) {
				continue
			}
			app, err := tx.LiveOrder(cert.ID)
			if registry.KindOf(err) == registry.NotFound || err == nil && (app.SubmittedAt == nil || app.Status == registry.Completed) {
				continue
			}
			if err != nil {
				return err
			}
			return s.orderInTime(c, tx, h, app)
		}
		return nil
	})
}

// orderInTime says where an order stands whose client cannot log in any more.
func (s *Server) orderInTime(c echo.Context, tx *store.Tx, h *renewHelp, app *registry.Application) error {
	order, err := tx.Order(app.ID)
	if err != nil {
		return err
	}
	missing, err := s.missingMoney(tx, app)
	if err != nil {
		return err
	}
	h.Late = nil
	h.Order = s.text(c, "order.in_time", "number", app.Number, "state", s.orderState(c, app, order, missing > 0).Word)
	if missing > 0 {
		h.Order += " " + s.text(c, "error.balance.insufficient", "sum", templates.Money(string(lang(c)), missing))
	}
	return nil
}
