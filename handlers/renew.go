package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// renewPage asks the client group by group whether the requisites on file are
// as they were.
type renewPage struct {
	templates.Page
	Plan   *workflow.OrderPlan
	Steps  []loginStep
	Groups []renewGroup
	Form   url.Values
	Errors templates.FieldErrors
	// Closed are reasons that stand whatever is answered.
	Closed []closedReason
	Fee    string
	Next   time.Time // the end of the certificates that are ordered
}

// renewGroup is one question: is this as it was?
type renewGroup struct {
	Name   string // of its radio buttons
	Title  string // message key
	Whose  string // the person it is about; empty: the organisation
	Lines  []string
	Same   bool
	Other  bool
	Error  string
	Parts  []renewPart
	Fields []templates.Field
	Note   string // message key
}

// renewPart is what may have changed within a group.
type renewPart struct {
	Name, Value, Label string
	Chosen             bool
}

// renew shows the requisites on file.
func (s *Server) renew(c echo.Context) error {
	plan, err := s.plan(c, workflow.OrderAnswers{})
	if err != nil {
		return err
	}
	switch {
	case plan.Open != nil && plan.Open.Declaration.Channel == registry.Remote:
		return c.Redirect(http.StatusSeeOther, "/cabinet/orders/"+plan.Open.Number)
	case plan.Open != nil:
		return c.Redirect(http.StatusSeeOther, "/archive/applications/"+plan.Open.Number)
	case plan.Renewed:
		return c.Redirect(http.StatusSeeOther, "/cabinet")
	case !plan.Offered:
		return c.Redirect(http.StatusSeeOther, "/cabinet/renew/office")
	}
	return s.render(c, http.StatusOK, "renew", s.renewPage(c, plan, url.Values{}))
}

func (s *Server) plan(c echo.Context, a workflow.OrderAnswers) (*workflow.OrderPlan, error) {
	who, err := s.actor(c)
	if err != nil {
		return nil, err
	}
	return s.deps.Workflow.PlanOrder(c.Request().Context(), who, a)
}

func (s *Server) renewPage(c echo.Context, plan *workflow.OrderPlan, form url.Values) *renewPage {
	v := &renewPage{
		Page: s.page(c, s.text(c, "renew.title")), Plan: plan, Form: form, Errors: templates.FieldErrors{}, Steps: renewSteps(1),
		Closed: s.closedReasons(c, plan), Fee: templates.Money(string(lang(c)), plan.Quote.Total),
		Next: registry.NextYear(plan.SignBy, s.deps.Workflow.Pack().Zone()),
	}
	v.Groups = s.renewGroups(c, v)
	return v
}

func renewSteps(now int) []loginStep {
	var out []loginStep
	for i, key := range []string{"renew.step_requisites", "renew.step_sign", "renew.step_sent"} {
		out = append(out, loginStep{Label: key, Done: i+1 < now, Now: i+1 == now})
	}
	return out
}

func (s *Server) renewGroups(c echo.Context, v *renewPage) []renewGroup {
	l, d := lang(c), &v.Plan.Declaration
	org := d.Organisation
	place := org.Settlement.In(l)
	street := org.Street
	if street == "" {
		street = "–"
	}
	note := "renew.street_note"
	if slices.Contains(s.deps.Workflow.Pack().Remote.Blocking, registry.StreetAddress) {
		note = ""
	}
	groups := []renewGroup{
		{Name: "org", Title: "organisation.organisation", Lines: []string{org.FullName(l), s.text(c, "organisation.inn") + ": " + string(org.INN)},
			Parts: []renewPart{part(v, "changed", string(registry.OrgName), s.requisiteName(l, registry.OrgName)), part(v, "changed", string(registry.OrgINN), s.requisiteName(l, registry.OrgINN))}},
		{Name: "place", Title: "organisation.settlement", Lines: []string{place, s.text(c, "organisation.street") + ": " + street}, Note: note,
			Parts:  []renewPart{part(v, "changed", string(registry.OrgSettlement), s.text(c, "renew.settlement_changed"))},
			Fields: []templates.Field{s.renewField(c, v, "street", "renew.new_street", 250)}},
	}
	for _, sig := range d.Signatories() {
		role := strings.ToLower(string(sig.Role))
		whose, key := sig.Person.Name(l).String(), registry.Head
		if sig.Role == registry.Accountant {
			key = registry.Accountant
		}
		groups = append(groups,
			renewGroup{Name: "owner-" + role, Title: "signatory." + string(sig.Role), Whose: whose, Lines: []string{whose, sig.Person.Position(l)}, Parts: []renewPart{
				part(v, "changed-"+role, string(registry.OwnerFullName), s.requisiteName(l, registry.OwnerFullName)),
				part(v, "changed-"+role, string(registry.OwnerPosition), s.requisiteName(l, registry.OwnerPosition)),
				part(v, "replaced", string(key), s.text(c, "renew.replaced")),
			}},
			renewGroup{Name: "passport-" + role, Title: "renew.passport", Whose: whose, Lines: []string{
				sig.Person.Document.Series + sig.Person.Document.Number,
				s.text(c, "renew.personal_number", "n", templates.Masked(string(sig.Person.PersonalNumber))),
			}})
	}
	groups = append(groups, renewGroup{Name: "contact", Title: "renew.contact", Lines: []string{readablePhone(org.Phone), org.Email}, Note: "renew.contact_note",
		Fields: []templates.Field{s.renewField(c, v, "phone", "renew.new_phone", 30).Kind("tel"), s.renewField(c, v, "email", "renew.new_email", 100).Kind("email")}})
	for i := range groups {
		g := &groups[i]
		g.Same, g.Other = v.Form.Get("g-"+g.Name) == "same", v.Form.Get("g-"+g.Name) == "changed"
	}
	return groups
}

func part(v *renewPage, name, value, label string) renewPart {
	p := renewPart{Name: name, Value: value, Label: label}
	for _, chosen := range v.Form[name] {
		p.Chosen = p.Chosen || chosen == value
	}
	return p
}

func (s *Server) renewField(c echo.Context, v *renewPage, name, label string, longest int) templates.Field {
	return templates.Field{Name: name, Label: s.text(c, label), Value: v.Form.Get(name), Max: longest}
}
