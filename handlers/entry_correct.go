package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

type entryPage struct {
	templates.Page
	Org     *registry.Organisation
	Name    string
	Line    statementLine
	Balance registry.Tyiyn
	After   registry.Tyiyn // the balance if the entry is undone
	Mine    bool           // entered by whoever looks
	Reason  string
	Errors  templates.FieldErrors
}

// entryCorrect asks why a top-up is to be undone.
func (s *Server) entryCorrect(c echo.Context) error {
	v, err := s.entryPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "entry_correct", v)
}

// entryCorrectDo undoes a mistaken top-up with a counter-entry.
func (s *Server) entryCorrectDo(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v, err := s.entryPage(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	v.Reason = strings.TrimSpace(form.Get("note"))
	err = s.deps.Workflow.CorrectTopUp(c.Request().Context(), who, v.Line.ID, v.Reason)
	if errs, ok := s.fieldErrors(c, err); ok {
		v.Errors = errs
		return s.render(c, http.StatusUnprocessableEntity, "entry_correct", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "entry.corrected")
	return s.redirect(c, "/organisations/"+string(v.Org.INN)+"/statement")
}

func (s *Server) entryPage(c echo.Context) (*entryPage, error) {
	id, err := number[registry.EntryID](c, "id")
	if err != nil {
		return nil, err
	}
	v := &entryPage{Page: s.page(c, s.text(c, "entry.correct_title")), Errors: templates.FieldErrors{}}
	err = s.read(c, func(tx *store.Tx) error {
		e, err := tx.AccountEntry(id)
		if err != nil {
			return err
		}
		lines, err := s.statementLines(c, tx, []registry.Entry{*e})
		if err != nil {
			return err
		}
		v.Line = lines[0]
		switch {
		case e.Kind != registry.EntryTopUp:
			return registry.Refuse(registry.Conflict, "error.account.not_a_top_up")
		case v.Line.Undone:
			return registry.Refuse(registry.Conflict, "error.account.corrected_already")
		}
		if v.Org, err = tx.Organisation(e.OrganisationID); err != nil {
			return err
		}
		v.Balance, err = tx.Balance(e.OrganisationID)
		return err
	})
	if err != nil {
		return nil, err
	}
	v.Name = v.Org.FullName(lang(c))
	v.After = v.Balance - v.Line.Amount
	v.Mine = v.Line.CreatedBy == identity(c).OperatorID
	return v, nil
}
