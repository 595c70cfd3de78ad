package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const decisionsShown = 50

type decisionsPage struct {
	templates.Page
	Items  []decisionItem
	More   bool
	Failed []failedItem
}

// failedItem is a certificate that could not be made and waits for an
// approver: to be tried again, or cancelled.
type failedItem struct {
	ID            registry.EnrolmentID
	Number, Title string
	Why           string
	Since         time.Time
}

type decisionItem struct {
	store.WorkItem
	Title  string
	Office string
	Clerk  string
}

// decisions are the files that wait for an approver, those due first.
func (s *Server) decisions(c echo.Context) error {
	v := &decisionsPage{Page: s.page(c, s.text(c, "nav.decisions"))}
	l := lang(c)
	err := s.read(c, func(tx *store.Tx) error {
		w, err := tx.Worklist(store.WorklistFilter{Status: registry.Verified, Limit: decisionsShown, Now: s.deps.Now(), EndOfDay: s.deps.Now()})
		if err != nil {
			return err
		}
		names, err := operatorNames(tx, l)
		if err != nil {
			return err
		}
		v.More = w.More
		for _, it := range w.Items {
			item := decisionItem{WorkItem: it, Title: registry.Text{Ky: it.TitleKy, Ru: it.TitleRu, En: it.TitleRu}.In(l), Clerk: names[it.Assignee]}
			if o, ok := s.deps.Workflow.Pack().Office(it.Office); ok {
				item.Office = o.Name.In(l)
			}
			v.Items = append(v.Items, item)
		}
		return s.failed(c, tx, v)
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "decisions", v)
}

func (s *Server) failed(c echo.Context, tx *store.Tx, v *decisionsPage) error {
	failed, err := tx.FailedEnrolments(decisionsShown)
	if err != nil {
		return err
	}
	for _, e := range failed {
		item := failedItem{ID: e.ID, Since: e.UpdatedAt}
		if e.Failure != "" {
			item.Why = s.sentence(c, &registry.Error{Key: e.Failure})
		}
		if e.ApplicationID != 0 {
			app, err := tx.Application(e.ApplicationID)
			if err != nil {
				return err
			}
			item.Number, item.Title = app.Number, app.Declaration.Organisation.FullName(lang(c))
		} else {
			o, err := tx.Operator(e.OperatorID)
			if err != nil {
				return err
			}
			item.Title = o.Person.Name(lang(c)).Short()
		}
		v.Failed = append(v.Failed, item)
	}
	return nil
}
