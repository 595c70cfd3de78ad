package handlers

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// formPage is the form of an application, new or in work.
type formPage struct {
	templates.Page
	Number  string // empty: nothing is stored yet
	Version int64
	Tab     string // names this open page, so that it is no colleague to itself
	Draft   bool   // not handed in yet
	Saved   string // when the draft was last kept
	Form    registry.FormInput
	Errors  templates.FieldErrors
	// Theirs are a colleague's values where they differ from what is typed.
	Theirs map[string]string
	Items  []registry.ChecklistItem
	// OddINN: the tax number has another shape than others of its kind. It is
	// said, never refused.
	OddINN bool
	Choice formChoices
	Text   func(key string) string
}

// formChoices are what the pack offers.
type formChoices struct {
	Operations   []formOption
	Storages     []registry.Storage
	Offices      []formOption
	Reasons      []formOption
	Requisites   []formOption
	Kinds        []registry.OrganisationKind
	Forms        [][2]string
	Remote       bool
	Certificates []registry.Certificate
}

type formOption struct{ Value, Label string }

// formTab and the like are fields of the form that are no part of the
// declaration.
const (
	fieldNumber  = "number"
	fieldVersion = "version"
	fieldTab     = "tab"
)

// F is a text field of the form.
func (v *formPage) F(name string) templates.Field {
	f := templates.Field{Name: name, Label: v.label(name), Value: v.Form.Get(name), Error: v.Errors[name], Max: 250}
	if theirs, ok := v.Theirs[name]; ok {
		f.HintText = v.Text("application.theirs") + ": " + theirs
	}
	return f
}

// Is says whether a choice is taken.
func (v *formPage) Is(field string, value any) bool {
	return slices.Contains(v.Form[field], fmt.Sprint(value))
}

// Language of the page.
func (v *formPage) Language() registry.Language { return registry.Language(v.Lang) }

// Person is the block of fields of one person.
func (v *formPage) Person(prefix, title string, signatory bool) personBlock {
	return personBlock{v, prefix, title, signatory}
}

type personBlock struct {
	*formPage
	Prefix    string
	Legend    string // message key
	Signatory bool
}

// P is a field of the person.
func (b personBlock) P(name string) templates.Field { return b.F(b.Prefix + name) }

// Foreign says whether the person is not a citizen of the republic.
func (b personBlock) Foreign() bool {
	c := strings.ToUpper(b.Form.Get(b.Prefix + "citizenship"))
	return c != "" && c != registry.CitizenOfKyrgyzstan
}

// formFields are the fields of a form as typed, bounded: only what the form
// has, and no more values than a choice can have.
func formFields(form url.Values) registry.FormInput {
	in := registry.FormInput{}
	for name, values := range form {
		if name == "csrf" || name == "keep" || name == fieldNumber || name == fieldVersion || len(name) > 60 || len(values) == 0 {
			continue
		}
		values = values[:min(len(values), 10)]
		kept := make([]string, len(values))
		for i, v := range values {
			kept[i] = strings.ToValidUTF8(v, "")
			if r := []rune(kept[i]); len(r) > 2000 {
				kept[i] = string(r[:2000])
			}
		}
		in[name] = kept
	}
	return in
}

// formPage fills in the form. app is nil for a new one.
func (s *Server) formPage(c echo.Context, app *registry.Application, in registry.FormInput) *formPage {
	v := &formPage{
		Page: s.page(c, s.text(c, "application.new")), Form: in, Errors: templates.FieldErrors{}, Draft: true, Tab: in.Get(fieldTab),
		Text: func(key string) string { return s.text(c, key) }, Choice: s.formChoices(c),
	}
	v.Keys = []templates.KeyHint{{Keys: []string{"Ctrl", "Enter"}, Label: s.text(c, "keys.send")}}
	if v.Tab == "" {
		v.Tab = newID()
	}
	if app != nil {
		v.Number, v.Version, v.Draft = app.Number, app.Version, app.Status == registry.Draft
		v.Title = s.text(c, "application.number", "number", app.Number)
	}
	decl := s.declared(in)
	s.compared(c, v, &decl)
	sentAt := s.deps.Now()
	if app != nil && app.SubmittedAt != nil {
		sentAt = *app.SubmittedAt
	}
	v.Items = s.deps.Workflow.Checklist(&decl, sentAt)
	v.OddINN = s.oddINN(&decl)
	return v
}

// oddINN says that a whole tax number has not the shape of its kind.
func (s *Server) oddINN(d *registry.Declaration) bool {
	n, err := registry.ParseINN(string(d.Organisation.INN))
	return err == nil && !n.Plausible(d.Organisation.Kind, s.deps.Now())
}

// compared ticks what differs from the certificate that is renewed: the list of
// documents asks for its proof (DT-10, DT-29).
func (s *Server) compared(c echo.Context, v *formPage, decl *registry.Declaration) {
	if err := s.deps.Workflow.CompareWithFile(c.Request().Context(), decl); err != nil {
		s.log.Error("comparing a form with what is on file", "request", requestIDOf(c), "err", err)
		return
	}
	v.Form = maps.Clone(v.Form)
	delete(v.Form, "changed")
	delete(v.Form, "replaced")
	for _, r := range decl.Changed {
		v.Form["changed"] = append(v.Form["changed"], string(r))
	}
	for _, r := range decl.Replaced {
		v.Form["replaced"] = append(v.Form["replaced"], string(r))
	}
}

// declared reads a declaration out of the form, with what the form leaves
// open.
func (s *Server) declared(in registry.FormInput) registry.Declaration {
	return s.deps.Workflow.Declared(in)
}

func (s *Server) formChoices(c echo.Context) formChoices {
	p, l := s.deps.Workflow.Pack(), lang(c)
	ch := formChoices{
		Storages: p.Storages, Kinds: p.Applicants.Kinds, Forms: registry.LegalForms(),
		Remote: len(p.Remote.Operations) > 0,
	}
	for _, o := range p.Operations {
		ch.Operations = append(ch.Operations, formOption{string(o.Operation), o.Label.In(l)})
		for _, r := range o.Reasons {
			ch.Reasons = append(ch.Reasons, formOption{string(r.Code), r.Label.In(l)})
		}
	}
	for _, o := range p.Offices {
		ch.Offices = append(ch.Offices, formOption{string(o.Code), o.Name.In(l)})
	}
	for _, r := range registry.Requisites {
		ch.Requisites = append(ch.Requisites, formOption{string(r), s.requisiteName(l, r)})
	}
	return ch
}

// posted is the application that a form belongs to (nil: a new one), the form
// as typed, and the version it was typed upon.
func (s *Server) posted(c echo.Context) (app *registry.Application, in registry.FormInput, seen int64, err error) {
	form, err := postForm(c)
	if err != nil {
		return nil, nil, 0, err
	}
	in = formFields(form)
	if n := form.Get(fieldNumber); n != "" {
		err = s.read(c, func(tx *store.Tx) error {
			app, err = tx.ApplicationByNumber(n)
			return err
		})
	} else {
		// A new page that did not hear of its first keeping.
		app, err = s.ownDraft(c, in.Get(fieldTab))
	}
	return app, in, version(form.Get(fieldVersion)), err
}

// keep stores the form: a new draft, or an edit of what is there. The same
// page may be ahead of itself (a draft kept while it was being sent), a
// colleague may not.
func (s *Server) keep(c echo.Context, app *registry.Application, in registry.FormInput, version int64) (*registry.Application, error) {
	who, err := s.actor(c)
	if err != nil {
		return nil, err
	}
	ctx, decl := c.Request().Context(), s.declared(in)
	if app == nil {
		d, err := s.deps.Workflow.NewDraft(ctx, who, decl, in)
		if err != nil {
			return nil, err
		}
		// Until the page hears of its number, its mark stands for it.
		if tab := in.Get(fieldTab); tab != "" {
			s.sessions.Put(ctx, draftKey(tab), d.Number)
		}
		err = s.read(c, func(tx *store.Tx) error {
			app, err = tx.Application(d.ID)
			return err
		})
		return app, err
	}
	for try := 0; ; try++ {
		if app.Version != version && in.Get(fieldTab) != "" && app.Input.Get(fieldTab) == in.Get(fieldTab) {
			version = app.Version
		}
		err := s.deps.Workflow.Edit(ctx, who, app.ID, version, decl, in)
		if err == nil {
			break
		}
		// The page's own keeping of the draft may have come in between.
		if try == 3 || !changedMeanwhile(err) || app.Version != version {
			return app, err
		}
		if err := s.read(c, func(tx *store.Tx) (err error) {
			app, err = tx.Application(app.ID)
			return err
		}); err != nil {
			return app, err
		}
		if app.Version == version {
			return app, err
		}
	}
	err = s.read(c, func(tx *store.Tx) error {
		app, err = tx.Application(app.ID)
		return err
	})
	return app, err
}

// changedMeanwhile says that somebody, or the page's own keeping of the draft,
// was first.
func changedMeanwhile(err error) bool {
	var refused *registry.Error
	return errors.As(err, &refused) && refused.Key == "error.changed_meanwhile"
}

// refusedForm shows the form again with what was typed, what is wrong, and
// where a colleague was first, the colleague's values beside it; saving again
// then is a decision between the two.
func (s *Server) refusedForm(c echo.Context, app *registry.Application, in registry.FormInput, err error) error {
	errs, ok := s.fieldErrors(c, err)
	if !ok {
		return err
	}
	v := s.formPage(c, app, in)
	v.Errors = errs
	if changedMeanwhile(err) && app != nil {
		if err := s.theirs(c, v, app.ID); err != nil {
			return err
		}
	}
	s.unplaced(v)
	return s.render(c, http.StatusUnprocessableEntity, "application_form", v)
}

// theirs sets the stored values beside the typed ones.
func (s *Server) theirs(c echo.Context, v *formPage, id registry.ApplicationID) error {
	return s.read(c, func(tx *store.Tx) error {
		app, err := tx.Application(id)
		if err != nil {
			return err
		}
		stored := storedForm(app, s.deps.Workflow.Pack().Zone())
		v.Version, v.Theirs = app.Version, map[string]string{}
		for name := range mergedNames(stored, v.Form) {
			if a, b := strings.Join(stored[name], ", "), strings.Join(v.Form[name], ", "); name != fieldTab && a != b {
				v.Theirs[name] = a
			}
		}
		v.Errors[""] = v.Text("application.theirs_lead")
		return nil
	})
}

func mergedNames(forms ...registry.FormInput) map[string]bool {
	out := map[string]bool{}
	for _, f := range forms {
		for name := range f {
			out[name] = true
		}
	}
	return out
}
