package handlers

import (
	"fmt"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// historyShown is how much of a file's history its page tells, and historyRead
// how much is read for it: a draft that keeps itself fills the journal with
// the same line, which is told once. The journal tells the rest.
const (
	historyShown = 12
	historyRead  = 100
	// historyViewed is for the auditor, who reads the journal.
	historyViewed = "file.viewed"
)

// applicationDocuments fills in the list of documents and their files.
func (s *Server) applicationDocuments(c echo.Context, tx *store.Tx, v *applicationPage, names map[registry.OperatorID]string) error {
	docs, err := tx.Documents(v.App.ID)
	if err != nil {
		return err
	}
	files, err := tx.FilesOf(v.App.ID)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if !d.Required && len(files[d.ID]) == 0 {
			continue
		}
		row := s.documentRow(c, d, files[d.ID], names)
		if d.LinkedTo != 0 {
			if row.Linked, err = tx.FilesOfDocument(d.LinkedTo); err != nil {
				return err
			}
		}
		if d.Required && d.Status.Settled() {
			v.Accepted++
		}
		if d.Required {
			v.Open++
		}
		v.Documents = append(v.Documents, row)
	}
	v.Open -= v.Accepted
	return nil
}

func (s *Server) documentRow(c echo.Context, d *registry.Document, files []registry.File, names map[registry.OperatorID]string) documentRow {
	l := lang(c)
	row := documentRow{
		Document: d, Title: d.Label.In(l), Reads: d.Why.In(l), Whose: d.Person.In(l), State: s.documentState(c, d.Status), Files: files, By: names[d.JudgedBy],
	}
	for _, p := range d.Parts {
		row.Parts = append(row.Parts, p.Label.In(l))
	}
	for _, check := range d.Checks {
		row.Checklist = append(row.Checklist, checkRow{check.Code, check.Label.In(l), slices.Contains(d.Checked, check.Code)})
		row.Dated = row.Dated || check.Code == registry.CheckInDate
	}
	return row
}

// fileMoney is what a file will cost beside the balance.
type fileMoney struct {
	Quote  registry.Quote
	Charge registry.Charge
}

// fileMoney is nil for a file that cannot be priced or is decided.
func (s *Server) fileMoney(tx *store.Tx, app *registry.Application) (*fileMoney, error) {
	if app.OrganisationID == 0 || app.Status.Decided() {
		return nil, nil
	}
	quote, err := s.deps.Workflow.Quote(tx, app, s.deps.Now())
	if registry.KindOf(err) != 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	balance, err := tx.Balance(app.OrganisationID)
	if err != nil {
		return nil, err
	}
	return &fileMoney{quote, registry.ChargeOf(balance, quote.Total)}, nil
}

// applicationHistory is what happened to a file last, in words.
func (s *Server) applicationHistory(c echo.Context, tx *store.Tx, app *registry.Application, operators map[registry.OperatorID]string) ([]historyRow, error) {
	entries, err := tx.JournalAbout(workflow.Application(app.ID), 0, historyRead)
	if err != nil {
		return nil, err
	}
	names, err := actorsOf(tx, operators, entries)
	if err != nil {
		return nil, err
	}
	out := make([]historyRow, 0, len(entries))
	for _, e := range entries {
		key := "history." + e.Kind
		if e.Kind == historyViewed || !s.deps.Renderer.Has(key) {
			continue
		}
		row := historyRow{At: templates.DateTime(e.At), Text: s.text(c, key), Who: s.actorName(c, e.Actor, names)}
		if n := len(out); n > 0 && out[n-1].Text == row.Text && out[n-1].Who == row.Who {
			continue
		}
		if len(out) == historyShown {
			break
		}
		out = append(out, row)
	}
	return out, nil
}

// clerkOptions are the clerks that a file can be given to.
func clerkOptions(operators []*registry.Operator, l registry.Language) (out []formOption) {
	for _, o := range operators {
		if o.Role == registry.Clerk && !o.Disabled {
			out = append(out, formOption{fmt.Sprint(int64(o.ID)), o.Person.Name(l).Short()})
		}
	}
	return out
}
