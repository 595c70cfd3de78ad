package handlers

import (
	"slices"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
)

// unplaced moves the refusals of fields that the form does not show, such as
// the predecessor as a whole, to where they are read.
func (s *Server) unplaced(v *formPage) {
	for from, to := range map[string]string{
		"predecessor": "predecessor.serial", "trusted": "trusted.name_ru.surname", "accountant": "accountant.name_ru.surname",
	} {
		if text, ok := v.Errors[from]; ok && v.Errors[to] == "" {
			v.Errors[to] = text
		}
	}
	if v.Errors[""] == "" && len(v.Errors) > 0 {
		v.Errors[""] = v.Text("application.form_errors")
	}
}

// storedForm is the form as last typed; a declaration that came otherwise is
// written into one.
func storedForm(app *registry.Application, zone *time.Location) registry.FormInput {
	if len(app.Input) > 0 {
		return app.Input
	}
	return registry.InputOf(&app.Declaration, zone)
}

// requisiteName is the word for a requisite in a list of choices.
func (s *Server) requisiteName(l registry.Language, r registry.Requisite) string {
	return authorities.RequisiteName(r).In(l)
}

// ErrorList are the form's refusals in the order of its fields, as links to
// them.
func (v *formPage) ErrorList() []formOption {
	var out []formOption
	for name, text := range v.Errors {
		if name != "" {
			out = append(out, formOption{"f-" + name, text})
		}
	}
	order := func(o formOption) int {
		for i, p := range [...]string{"f-operation", "f-reason", "f-predecessor", "f-organisation", "f-head", "f-accountant", "f-trusted", "f-managing"} {
			if strings.HasPrefix(o.Value, p) {
				return i
			}
		}
		return -1
	}
	slices.SortFunc(out, func(a, b formOption) int {
		if d := order(a) - order(b); d != 0 {
			return d
		}
		return strings.Compare(a.Value, b.Value)
	})
	return out
}
