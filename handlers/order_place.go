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

// orderForm is the order that anybody may place (UB-30, UB-31).
type orderForm struct {
	Form       url.Values
	Operations []choice
	Reasons    []choice // of a reissue
	Kinds      []registry.OrganisationKind
	Storages   []registry.Storage
	Button     string // what the pack calls it
	Reason     string // the chosen one, in words
	// Urgent: the old certificate is to be revoked (UB-26). AtRisk: its key may
	// be in other hands, and can be suspended, which the order of somebody
	// unknown does not.
	Urgent, AtRisk bool
	Done           *workflow.Draft
	Link           string
	Errors         templates.FieldErrors
}

// Is says whether a choice is taken.
func (f *orderForm) Is(field, value string) bool { return f.Form.Get(field) == value }

// orderForm is nil where the authority takes no such orders.
func (s *Server) orderForm(c echo.Context, form url.Values) *orderForm {
	pack, l := s.deps.Workflow.Pack(), lang(c)
	v := &orderForm{Form: form, Kinds: pack.Applicants.Kinds, Storages: pack.Storages, Errors: templates.FieldErrors{}, Button: s.text(c, "landing.order")}
	for _, op := range pack.Operations {
		if !op.PublicOrder {
			continue
		}
		v.Operations = append(v.Operations, choice{Value: string(op.Operation), Label: op.Label.In(l)})
		for _, r := range op.Reasons {
			v.Reasons = append(v.Reasons, choice{Value: string(r.Code), Label: r.Label.In(l)})
			if v.Is("operation", string(op.Operation)) && v.Is("reason", string(r.Code)) {
				cause, _ := pack.RevocationCause(r.Cause)
				v.Reason, v.Urgent, v.AtRisk = r.Label.In(l), r.Revoke, r.Revoke && registry.KeyAtRisk(cause.RFC5280) && s.deps.Workflow.CanSuspend()
			}
		}
	}
	if len(v.Operations) == 0 {
		return nil
	}
	for _, st := range pack.Stated {
		if st.Where == "button" {
			v.Button = st.Text.In(l)
		}
	}
	if len(form) == 0 {
		v.Form = url.Values{"kind": {string(v.Kinds[0])}, "storage": {string(v.Storages[0])}}
	}
	if !v.Form.Has("operation") {
		v.Form.Set("operation", v.Operations[0].Value)
	}
	return v
}

// answers are those that the list of documents follows.
func (f *orderForm) answers(facts *registry.Facts) {
	facts.Operation, facts.Reason = registry.Operation(f.Form.Get("operation")), ""
	if facts.Operation == registry.Reissue {
		facts.Reason = registry.ReissueReason(f.Form.Get("reason"))
	}
	facts.Storage, facts.Applicant = registry.Storage(f.Form.Get("storage")), registry.OrganisationKind(f.Form.Get("kind"))
}

// orderRemark is what the clerk reads who calls.
func (s *Server) orderRemark(l registry.Language, contact, reason string, serial registry.Serial) string {
	said := []string{s.textIn(l, "order.contact_remark", "name", contact)}
	if reason != "" {
		said = append(said, s.textIn(l, "application.reason")+": "+reason)
	}
	if serial != "" {
		said = append(said, s.textIn(l, "certificate.serial")+": "+templates.Hex(serial))
	}
	return strings.Join(said, ". ")
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
		Operation: registry.Operation(form.Get("operation")), Reason: registry.ReissueReason(form.Get("reason")), Serial: form.Get("serial"),
		Kind: registry.OrganisationKind(form.Get("kind")), INN: form.Get("inn"), Name: form.Get("name"), Contact: form.Get("contact"),
		Phone: form.Get("phone"), Email: form.Get("email"), Storage: registry.Storage(form.Get("storage")), Language: l, Consent: form.Get("consent") != "",
		Remark: func(contact string, serial registry.Serial) string {
			return s.orderRemark(l, contact, v.Form.Reason, serial)
		},
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
