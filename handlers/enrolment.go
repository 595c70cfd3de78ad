package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

type enrolmentPage struct {
	templates.Page
	Item   *enrolmentItem
	Number string // of the application
	Org    string
	Back   string // where this belongs
	Email  string // as typed
	Reason string
	Refund registry.Tyiyn // if it is cancelled now
	// Undelivered is about one that is issued and not handed over.
	Undelivered undeliveredPart
	Code        string // an unlock code, shown once
	CADown      bool
	Errors      templates.FieldErrors
}

// enrolment shows the making of one certificate, and what can be done about
// it. htmx asks for the middle of it again while the program is at work.
func (s *Server) enrolment(c echo.Context) error {
	v, err := s.enrolmentPage(c)
	if err != nil {
		return err
	}
	return s.enrolmentAnswer(c, http.StatusOK, v)
}

func (s *Server) enrolmentAnswer(c echo.Context, status int, v *enrolmentPage) error {
	if c.Request().Header.Get("HX-Request") == "true" && c.Request().Method == http.MethodGet {
		return s.fragment(c, http.StatusOK, "enrolment", "enrolment-body", v)
	}
	return s.render(c, status, "enrolment", v)
}

func (s *Server) enrolmentPage(c echo.Context) (*enrolmentPage, error) {
	id, err := number[registry.EnrolmentID](c, "id")
	if err != nil {
		return nil, err
	}
	return s.enrolmentPageOf(c, id)
}

func (s *Server) enrolmentPageOf(c echo.Context, id registry.EnrolmentID) (*enrolmentPage, error) {
	v := &enrolmentPage{Errors: templates.FieldErrors{}}
	err := s.read(c, func(tx *store.Tx) error {
		e, err := tx.Enrolment(id)
		if err != nil {
			return err
		}
		if err := enrolmentSeen(c, e); err != nil {
			return err
		}
		if v.Item, err = s.enrolmentItemOf(c, tx, e); err != nil {
			return err
		}
		if e.ApplicationID == 0 {
			v.Back = "/staff"
			return nil
		}
		app, err := tx.Application(e.ApplicationID)
		if err != nil {
			return err
		}
		v.Number, v.Org, v.Back = app.Number, app.Declaration.Organisation.FullName(lang(c)), "/applications/"+app.Number
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.Page = s.page(c, v.Item.Name)
	v.Email = v.Item.Email
	v.Refund = s.deps.Workflow.Pack().Refund(v.Item.Fee, false)
	if v.Item.MayEndIssued {
		v.Undelivered.Causes = s.causeChoices(c, "")
	}
	v.CADown = v.Item.Moving && s.caDown()
	return v, nil
}

// enrolmentPanelPage is the panel alone.
type enrolmentPanelPage struct {
	templates.Page
	enrolmentPanel
}

// enrolments sends an application's panel again, while the program is at work.
func (s *Server) enrolments(c echo.Context) error {
	v := &enrolmentPanelPage{Page: s.page(c, s.text(c, "enrol.panel"))}
	err := s.read(c, func(tx *store.Tx) error {
		app, err := tx.ApplicationByNumber(c.Param("number"))
		if err != nil {
			return err
		}
		p, err := s.enrolmentPanelOf(c, tx, app)
		if p != nil {
			v.enrolmentPanel = *p
		}
		return err
	})
	if err != nil {
		return err
	}
	if c.Request().Header.Get("HX-Request") == "" { // a part of the file's page, opened by itself
		return c.Redirect(http.StatusSeeOther, "/applications/"+url.PathEscape(c.Param("number")))
	}
	return s.fragment(c, http.StatusOK, "enrolment", "enrolment-panel", v)
}
