package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// renewAnswered judges the answers: with any blocking change the office way
// follows, otherwise the text to sign.
func (s *Server) renewAnswered(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	plan, err := s.plan(c, workflow.OrderAnswers{})
	if err != nil {
		return err
	}
	v := s.renewPage(c, plan, form)
	a := s.renewAnswers(c, v)
	if wrong := slices.ContainsFunc(v.Groups, func(g renewGroup) bool { return g.Error != "" }); wrong {
		return s.render(c, http.StatusUnprocessableEntity, "renew", v)
	}
	if plan, err = s.plan(c, a); err != nil {
		return err
	}
	if len(plan.Blocking) > 0 || !plan.Offered {
		return s.redirect(c, officePath(plan))
	}
	if s.renewStale(c, v, plan) {
		return s.render(c, http.StatusUnprocessableEntity, "renew", v)
	}
	if refused := refusalOf(plan.Refusal()); refused != nil {
		v.Errors[""] = s.sentence(c, refused)
		return s.render(c, http.StatusConflict, "renew", v)
	}
	return s.render(c, http.StatusOK, "renew_sign", s.renewSignPage(c, plan, a))
}

// renewAnswers reads what the groups were answered with; what is missing is put
// beside its group.
func (s *Server) renewAnswers(c echo.Context, v *renewPage) workflow.OrderAnswers {
	var a workflow.OrderAnswers
	for i := range v.Groups {
		g := &v.Groups[i]
		switch {
		case g.Same:
		case !g.Other:
			g.Error = s.text(c, "renew.answer")
		default:
			s.renewAnswer(c, v, g, &a)
		}
	}
	return a
}

func (s *Server) renewAnswer(c echo.Context, v *renewPage, g *renewGroup, a *workflow.OrderAnswers) {
	said := false
	for _, p := range g.Parts {
		if !p.Chosen {
			continue
		}
		said = true
		if p.Name == "replaced" {
			a.Replaced = append(a.Replaced, registry.SignatoryRole(p.Value))
		} else {
			a.Changed = append(a.Changed, registry.Requisite(p.Value))
		}
	}
	for i := range g.Fields {
		f := &g.Fields[i]
		typed := strings.Join(strings.Fields(f.Value), " ")
		if typed == "" {
			continue
		}
		said = true
		var err error
		switch f.Name {
		case "phone":
			a.Phone, err = registry.ParsePhone(typed)
		case "email":
			a.Email, err = registry.ParseEmail(typed)
		default:
			a.Street = typed
		}
		var refused *registry.Error
		if errors.As(err, &refused) {
			f.Error = s.sentence(c, refused)
			g.Error = f.Error
		}
	}
	if strings.HasPrefix(g.Name, "passport-") {
		a.Changed, said = append(a.Changed, registry.OwnerPassport), true
	}
	if !said {
		g.Error = s.text(c, "renew.say_what")
	}
}

// renewStale puts what the checks say of the answers, and of the data on file,
// on the page.
func (s *Server) renewStale(c echo.Context, v *renewPage, plan *workflow.OrderPlan) bool {
	var others []string
	for _, e := range plan.Stale {
		name := strings.TrimPrefix(e.Field, "organisation.")
		placed := false
		for i := range v.Groups {
			for j := range v.Groups[i].Fields {
				if f := &v.Groups[i].Fields[j]; f.Name == name && f.Value != "" {
					f.Error, placed = s.sentence(c, e), true
				}
			}
		}
		if !placed {
			others = append(others, s.sentence(c, e))
		}
	}
	if len(others) > 0 {
		v.Errors[""] = s.text(c, "renew.stale", "list", strings.Join(others, " "))
	}
	return len(plan.Stale) > 0
}

// officePath is the page of the office way for what has changed.
func officePath(plan *workflow.OrderPlan) string {
	q := url.Values{}
	for _, r := range plan.Declaration.Changed {
		q.Add("changed", string(r))
	}
	for _, r := range plan.Declaration.Replaced {
		q.Add("replaced", string(r))
	}
	if len(q) == 0 {
		return "/cabinet/renew/office"
	}
	return "/cabinet/renew/office?" + q.Encode()
}

// officeAnswers reads the address of that page again; what is no requisite is
// none.
func officeAnswers(q url.Values) (a workflow.OrderAnswers) {
	for _, r := range registry.Requisites {
		if slices.Contains(q["changed"], string(r)) {
			a.Changed = append(a.Changed, r)
		}
	}
	for _, r := range [...]registry.SignatoryRole{registry.Head, registry.Accountant} {
		if slices.Contains(q["replaced"], string(r)) {
			a.Replaced = append(a.Replaced, r)
		}
	}
	return a
}
