package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

type findingPage struct {
	templates.Page
	Quarter     string
	Item        *sampledCertificate
	Application string // number; empty: an operator's
	Life        string // address of the certificate's whole life
	History     []findingItem
	Last        registry.FindingID
	Barred      string // why this auditor may not record anything here
	Next        int    // position of the next one; 0: this is the last
	Form        findingForm
	Severities  []registry.Severity
	Errors      templates.FieldErrors
}

type findingForm struct {
	Outcome  registry.FindingOutcome
	Severity registry.Severity
	Note     string
}

type findingItem struct {
	*registry.Finding
	State templates.State
	By    string
}

// finding shows a drawn certificate, what was found in its file and the form
// for it.
func (s *Server) finding(c echo.Context) error {
	v, err := s.findingPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "finding", v)
}

func (s *Server) findingPage(c echo.Context) (*findingPage, error) {
	q, err := registry.ParseQuarter(c.Param("quarter"))
	if err != nil {
		return nil, registry.Refuse(registry.NotFound, "error.not_found")
	}
	position, err := number[int64](c, "position")
	if err != nil {
		return nil, err
	}
	who, err := s.actor(c)
	if err != nil {
		return nil, err
	}
	v := &findingPage{Page: s.page(c, s.text(c, "finding.title")), Quarter: q.String(), Severities: registry.Severities[:], Errors: templates.FieldErrors{}}
	err = s.read(c, func(tx *store.Tx) error {
		sample, err := tx.Sample(q)
		if err != nil {
			return err
		}
		items, err := tx.SampleItems(sample.ID, int(min(position, 1<<30)), 2)
		if err != nil {
			return err
		}
		if len(items) == 0 || int64(items[0].Position) != position {
			return registry.Refuse(registry.NotFound, "error.not_found")
		}
		if len(items) > 1 {
			v.Next = items[1].Position
		}
		return s.fillFinding(c, tx, v, who, sample.ID, items[0])
	})
	return v, err
}

func (s *Server) fillFinding(c echo.Context, tx *store.Tx, v *findingPage, who workflow.Actor, sample registry.SampleID, item registry.SampleItem) error {
	names, err := operatorNames(tx, lang(c))
	if err != nil {
		return err
	}
	if v.Item, err = s.sampled(c, tx, item, names); err != nil {
		return err
	}
	v.Life = s.lifePath(item.Serial)
	app, err := tx.ApplicationOf(v.Item.Certificate)
	if err != nil {
		return err
	}
	if app != nil {
		v.Application = app.Number
	}
	switch err := workflow.HadNoHand(tx, who.Operator, item.Serial); {
	case registry.KindOf(err) == registry.Forbidden:
		v.Barred = s.sentence(c, refusalOf(err))
	case err != nil:
		return err
	}
	all, err := tx.Findings(sample, item.Position)
	if err != nil {
		return err
	}
	for _, f := range all {
		v.History = append(v.History, findingItem{f, s.findingState(c, f), names[f.OperatorID]})
		v.Last = f.ID
	}
	return nil
}

// findingRecord writes down what was found and goes on to the next one.
func (s *Server) findingRecord(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v, err := s.findingPage(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	v.Form = findingForm{registry.FindingOutcome(form.Get("outcome")), registry.Severity(form.Get("severity")), form.Get("note")}
	in := workflow.FindingInput{
		Position: v.Item.Position, Last: registry.FindingID(version(form.Get("last"))),
		Outcome: v.Form.Outcome, Severity: v.Form.Severity, Note: v.Form.Note,
	}
	if in.Quarter, err = registry.ParseQuarter(v.Quarter); err != nil {
		return err
	}
	if in.Outcome == registry.NothingFound {
		in.Severity = "" // a choice that the page does not show then
	}
	err = s.deps.Workflow.RecordFinding(c.Request().Context(), who, in)
	if errs, ok := s.fieldErrors(c, err); ok {
		v.Errors = errs
		return s.render(c, http.StatusUnprocessableEntity, "finding", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "finding.saved")
	path := "/audit/samples/" + v.Quarter
	if v.Next != 0 && len(v.History) == 0 {
		path += "/" + strconv.Itoa(v.Next)
	}
	return s.redirect(c, path)
}
