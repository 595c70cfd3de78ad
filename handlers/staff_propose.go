package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

type staffNewPage struct {
	templates.Page
	Form    url.Values // as typed
	Roles   []registry.Role
	Offices []officeChoice
	Errors  templates.FieldErrors
}

type officeChoice struct {
	Code  registry.OfficeCode
	Label string
}

// staffNew asks who is to become an operator.
func (s *Server) staffNew(c echo.Context) error {
	return s.render(c, http.StatusOK, "staff_new", s.staffNewPage(c, url.Values{}))
}

func (s *Server) staffNewPage(c echo.Context, form url.Values) *staffNewPage {
	v := &staffNewPage{Page: s.page(c, s.text(c, "staff.new")), Form: form, Roles: registry.Roles[:], Errors: templates.FieldErrors{}}
	for _, o := range s.deps.Workflow.Pack().Offices {
		v.Offices = append(v.Offices, officeChoice{o.Code, o.Name.In(lang(c))})
	}
	return v
}

// staffPropose proposes a new operator to a second administrator.
func (s *Server) staffPropose(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	err = s.deps.Workflow.Propose(c.Request().Context(), who, workflow.ProposeOperator, newOperator(form))
	if errs, ok := s.fieldErrors(c, err); ok {
		v := s.staffNewPage(c, form)
		v.Errors = errs
		return s.render(c, http.StatusUnprocessableEntity, "staff_new", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "proposal.made")
	return s.redirect(c, "/proposals")
}

// newOperator reads the form. The names typed once hold for both languages;
// sex and birth date stand in the personal number.
func newOperator(form url.Values) workflow.NewOperator {
	get := func(name string) string { return strings.Join(strings.Fields(form.Get(name)), " ") }
	number := registry.PersonalNumber(strings.ReplaceAll(get("personal_number"), " ", ""))
	name := registry.PersonName{Surname: get("surname"), Given: get("given"), Patronymic: get("patronymic")}
	p := registry.PersonRequisites{
		PersonalNumber: number, NameRu: name, NameKy: name, Latin: get("latin"), Sex: number.Sex(), Citizenship: registry.CitizenOfKyrgyzstan,
	}
	if d := number.BirthDate(); !d.IsZero() {
		p.BirthDate = d.String()
	}
	return workflow.NewOperator{
		Person: p, Role: registry.Role(get("role")), Office: registry.OfficeCode(get("office")), Email: get("email"),
		Language: registry.Language(form.Get("language")),
	}
}
