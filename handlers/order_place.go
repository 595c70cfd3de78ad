package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// orderForm is the order that anybody may place (UB-30, UB-31).
type orderForm struct {
	Form     url.Values
	Kinds    []registry.OrganisationKind
	Storages []registry.Storage
	Button   string // what the pack calls it
	Done     *workflow.Draft
	Link     string
	Errors   templates.FieldErrors
}

// Is says whether a choice is taken.
func (f *orderForm) Is(field, value string) bool { return f.Form.Get(field) == value }

// orderForm is nil where the authority takes no such orders.
func (s *Server) orderForm(c echo.Context, form url.Values) *orderForm {
	pack := s.deps.Workflow.Pack()
	op, ok := pack.Operation(registry.FirstIssue)
	if !ok || !op.PublicOrder {
		return nil
	}
	v := &orderForm{Form: form, Kinds: pack.Applicants.Kinds, Storages: pack.Storages, Errors: templates.FieldErrors{}, Button: s.text(c, "landing.order")}
	for _, st := range pack.Stated {
		if st.Where == "button" {
			v.Button = st.Text.In(lang(c))
		}
	}
	if len(form) == 0 {
		v.Form = url.Values{"kind": {string(v.Kinds[0])}, "storage": {string(v.Storages[0])}}
	}
	return v
}

// orderPlace takes an order: it becomes a draft that a clerk calls about. The
// page tells its number and secret link, once.
func (s *Server) orderPlace(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v := s.orderPublicPage(c, form)
	if v.Form == nil {
		return registry.Refuse(registry.NotFound, "error.not_found")
	}
	l := lang(c)
	d, err := s.deps.Workflow.OrderPublicly(c.Request().Context(), workflow.PublicOrder{
		Kind: registry.OrganisationKind(form.Get("kind")), INN: form.Get("inn"), Name: form.Get("name"), Contact: form.Get("contact"),
		Phone: form.Get("phone"), Email: form.Get("email"), Storage: registry.Storage(form.Get("storage")), Language: l, Consent: form.Get("consent") != "",
		Remark: func(contact string) string { return s.textIn(l, "order.contact_remark", "name", contact) },
	})
	if errs, refused := s.fieldErrors(c, err); refused {
		v.Form.Errors = errs
		return s.render(c, http.StatusUnprocessableEntity, "order_public", v)
	}
	if err != nil {
		return err
	}
	v.Form.Done, v.Form.Link = d, s.deps.BaseURL+"/track/"+d.Link
	c.Response().Header().Set("Cache-Control", "no-store")
	return s.render(c, http.StatusOK, "order_public", v)
}
