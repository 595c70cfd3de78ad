package handlers

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

type documentsNeededPage struct {
	templates.Page
	Groups    []choiceGroup
	Documents []neededDocument
	Notes     []packNote
	Forms     []formLink // to be downloaded
	Served    string     // whom the authority serves
}

// choiceGroup is one question of the page, answered by a link or a select.
type choiceGroup struct {
	Name, Label string // the field and its message key
	Choices     []choice
}

type choice struct {
	Value, Label string
	Chosen       bool
}

// packNote is a text of the pack, with where it leads.
type packNote struct{ Text, URL string }

// documentsNeeded reckons for anybody which documents an application takes.
// The answers stand in the address.
func (s *Server) documentsNeeded(c echo.Context) error {
	v := &documentsNeededPage{Page: s.page(c, s.text(c, "needed.title"))}
	s.guestShell(c, &v.Page)
	pack, l := s.deps.Workflow.Pack(), lang(c)
	v.Served = pack.Applicants.Text.In(l)
	f := s.neededFacts(c, v)
	v.Documents = s.neededDocuments(c, f)
	for _, st := range pack.Stated {
		if st.Where == "documents" && st.URL != "" {
			v.Notes = append(v.Notes, packNote{st.Text.In(l), st.URL})
		}
	}
	v.Forms = s.formLinks(c, "/documents/forms")
	return s.render(c, http.StatusOK, "documents", v)
}

// neededFacts asks the questions that matter to this authority and reads the
// answers.
func (s *Server) neededFacts(c echo.Context, v *documentsNeededPage) registry.Facts {
	pack, l := s.deps.Workflow.Pack(), lang(c)
	q := c.QueryParams()
	f := registry.Facts{Channel: registry.Office, Head: citizen(), Managing: registry.NotManaged}
	f.Operation = registry.Operation(ask(v, q, "operation", "needed.operation", operationChoices(pack, l)))
	if f.Operation == registry.Reissue {
		op, _ := pack.Operation(registry.Reissue)
		var reasons []choice
		for _, r := range op.Reasons {
			reasons = append(reasons, choice{Value: string(r.Code), Label: r.Label.In(l)})
		}
		f.Reason = registry.ReissueReason(ask(v, q, "reason", "word.reason", reasons))
	}
	var storages, kinds []choice
	for _, st := range pack.Storages {
		storages = append(storages, choice{Value: string(st), Label: s.text(c, "storage."+string(st))})
	}
	f.Storage = registry.Storage(ask(v, q, "storage", "storage.storage", storages))
	for _, k := range pack.Applicants.Kinds {
		key := "organisation.legal_entity"
		if k == registry.SoleEntrepreneur {
			key = "organisation.sole_entrepreneur"
		}
		kinds = append(kinds, choice{Value: string(k), Label: s.text(c, key)})
	}
	f.Applicant = registry.OrganisationKind(ask(v, q, "applicant", "needed.applicant", kinds))
	s.askPeople(c, v, &f)
	return f
}

func operationChoices(pack *authorities.Pack, l registry.Language) []choice {
	var out []choice
	for _, op := range pack.Operations {
		out = append(out, choice{Value: string(op.Operation), Label: op.Label.In(l)})
	}
	return out
}

// askPeople asks about the head, the accountant and what has changed.
func (s *Server) askPeople(c echo.Context, v *documentsNeededPage, f *registry.Facts) {
	q := c.QueryParams()
	option := func(value, key string) choice { return choice{Value: value, Label: s.text(c, key)} }
	switch ask(v, q, "head", "needed.head", []choice{
		option("KG", "person.citizen_kg"), option("FOREIGN", "needed.foreign_text"), option("FOREIGN_OTHER", "needed.foreign_no_text"),
	}) {
	case "FOREIGN":
		f.Head.Foreign = true
	case "FOREIGN_OTHER":
		f.Head.Foreign, f.Head.LocalText = true, false
	}
	switch ask(v, q, "accountant", "signatory.ACCOUNTANT", []choice{
		option("PERSON", "needed.accountant_person"), option("HEAD", "signatory.HEAD_AS_ACCOUNTANT"), option("NONE", "needed.accountant_none"),
	}) {
	case "PERSON":
		p := citizen()
		f.Accountant = &p
	case "HEAD":
		f.HeadActsAsAccountant = true
	}
	if f.Operation == registry.FirstIssue {
		return
	}
	changed := []choice{option("NONE", "renewal.changed_no")}
	for _, r := range s.deps.Workflow.Pack().Remote.Blocking {
		changed = append(changed, choice{Value: string(r), Label: authorities.RequisiteName(r).In(lang(c))})
	}
	if len(changed) == 1 {
		return
	}
	if r := ask(v, q, "changed", "renewal.changed", changed); r != "NONE" {
		f.Changed = []registry.Requisite{registry.Requisite(r)}
	}
}

// ask adds a question to the page and returns its answer: the one given, or
// the first there is.
func ask(v *documentsNeededPage, q url.Values, name, label string, choices []choice) string {
	if len(choices) == 0 {
		return ""
	}
	given := max(0, slices.IndexFunc(choices, func(o choice) bool { return o.Value == q.Get(name) }))
	choices[given].Chosen = true
	if len(choices) > 1 {
		v.Groups = append(v.Groups, choiceGroup{Name: name, Label: label, Choices: choices})
	}
	return choices[given].Value
}
