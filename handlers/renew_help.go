package handlers

import (
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

// renewHelp is what somebody needs whose certificate has ended, or soon will:
// where to come and what to bring.
type renewHelp struct {
	Offices   []officeView
	Documents []neededDocument
	Path      string // of the page that reckons the documents
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
	q := url.Values{"operation": {string(f.Operation)}, "storage": {string(f.Storage)}}
	if f.Reason != "" {
		q.Set("reason", string(f.Reason))
	}
	return &renewHelp{Offices: s.officeViews(c), Documents: s.neededDocuments(c, f), Path: "/documents?" + q.Encode()}
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
	return s.renewHelp(c, registry.Head)
}
