package handlers

import (
	"cmp"
	"maps"
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

// formLabels are the form's fields in the order of the page, each with the
// message that names it. Those of a person follow the person's prefix.
var formLabels = [...][2]string{
	{"operation", "worklist.operation"},
	{"storage", "storage.storage"},
	{"office", "office.office"},
	{"language", "application.language"},
	{"predecessor.serial", "certificate.serial"},
	{"predecessor.not_after", "certificate.valid_to"},
	{"reason", "application.reason"},
	{"changed", "application.changed"},
	{"replaced", "application.replaced"},
	{"organisation.inn", "organisation.inn"},
	{"organisation.kind", "organisation.kind"},
	{"organisation.form_ru", "organisation.form"},
	{"organisation.registration_date", "organisation.registered_on"},
	{"organisation.name_ru", "organisation.name_ru"},
	{"organisation.name_ky", "organisation.name_ky"},
	{"organisation.settlement.ru", "organisation.settlement_ru"},
	{"organisation.settlement.ky", "organisation.settlement_ky"},
	{"organisation.street", "organisation.street"},
	{"organisation.phone", "organisation.phone"},
	{"organisation.email", "organisation.email"},
	{"organisation.name_latin", "organisation.name_latin"},
	{"organisation.okpo", "organisation.okpo"},
	{"organisation.social_fund_no", "organisation.social_fund_no"},
	{"personal_number", "person.personal_number"},
	{"document.number", "person.passport"},
	{"name_ru.surname", "person.surname"},
	{"name_ru.given", "person.given"},
	{"name_ru.patronymic", "person.patronymic"},
	{"position_ru", "person.position_ru"},
	{"position_ky", "person.position_ky"},
	{"citizenship", "person.citizenship"},
	{"document.valid_until", "person.passport_until"},
	{"name_ky.surname", "person.surname_ky"},
	{"name_ky.given", "person.given_ky"},
	{"name_ky.patronymic", "person.patronymic_ky"},
	{"latin", "person.latin"},
	{"document.issued_by", "person.passport_by"},
	{"document.issued_on", "person.passport_on"},
	{"phone", "organisation.phone"},
	{"email", "organisation.email"},
	{"consent", "person.consent"},
	{"managing.name_ru", "organisation.name"},
	{"managing.inn", "organisation.inn"},
}

// formSections are the parts of the form whose fields are named alike, in the
// order of the page.
var formSections = [...][2]string{
	{"head.", "signatory.HEAD"}, {"accountant.", "signatory.ACCOUNTANT"}, {"trusted.", "person.trusted"}, {"managing.", "application.managing"},
}

// placeOf is where a field stands on the page: its section (-1: before all of
// formSections) and its place among formLabels; -1: the form does not show it.
func placeOf(name string) (section, place int) {
	section = slices.IndexFunc(formSections[:], func(s [2]string) bool { return strings.HasPrefix(name, s[0]) })
	if section >= 0 && formSections[section][0] != "managing." {
		name = strings.TrimPrefix(name, formSections[section][0])
	}
	return section, slices.IndexFunc(formLabels[:], func(l [2]string) bool { return l[0] == name })
}

// label is the word beside a field.
func (v *formPage) label(name string) string {
	_, place := placeOf(name)
	return v.Text(formLabels[place][1])
}

// ErrorList are the form's refusals in the order of its fields, as links to
// them, each with the field's name.
func (v *formPage) ErrorList() []formOption {
	names := slices.SortedFunc(maps.Keys(v.Errors), func(a, b string) int {
		sa, pa := placeOf(a)
		sb, pb := placeOf(b)
		return cmp.Or(sa-sb, pa-pb, strings.Compare(a, b))
	})
	var out []formOption
	for _, name := range names {
		if name == "" {
			continue
		}
		text := v.Errors[name]
		section, place := placeOf(name)
		if place >= 0 {
			text = v.Text(formLabels[place][1]) + ": " + text
		}
		if section >= 0 {
			text = v.Text(formSections[section][1]) + " · " + text
		}
		out = append(out, formOption{"f-" + name, text})
	}
	return out
}
