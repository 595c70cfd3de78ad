package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// activatedKey keeps which enrolment this browser has just activated, to show
// how its certificate comes along.
const activatedKey = "activated"

type activatePage struct {
	templates.Page
	Paper, Mail string // as typed; PIN-codes are never put back
	Errors      templates.FieldErrors
	// Item is set once the key is made.
	Item *enrolmentItem
}

// activate asks for both halves of the code and a PIN-code.
func (s *Server) activate(c echo.Context) error {
	return s.render(c, http.StatusOK, "activate", s.activatePage(c))
}

func (s *Server) activatePage(c echo.Context) *activatePage {
	v := &activatePage{Page: s.page(c, s.text(c, "activate.title")), Errors: templates.FieldErrors{}}
	v.Shell = templates.Plain
	return v
}

// activatePost makes the holder's key. What was typed stays, but for the
// PIN-code.
func (s *Server) activatePost(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v := s.activatePage(c)
	v.Paper, v.Mail = form.Get("paper"), form.Get("mail")
	for _, name := range []string{"paper", "mail", "pin", "again"} {
		if form.Get(name) == "" {
			v.Errors[name] = s.text(c, "error.required")
		}
	}
	if len(v.Errors) == 0 && form.Get("pin") != form.Get("again") {
		v.Errors["again"] = s.text(c, "error.ecloud.pins_differ")
	}
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "activate", v)
	}
	id, err := s.deps.Workflow.Activate(c.Request().Context(), workflow.ActivationInput{
		Paper: v.Paper, Mail: v.Mail, PIN: form.Get("pin"), Browser: s.browser(c), Source: source(c).String(),
	})
	if e := refusalOf(err); e != nil {
		v.Errors[e.Field] = s.sentence(c, e)
		return s.render(c, statusOf(e.Kind), "activate", v)
	}
	if err != nil {
		return err
	}
	s.sessions.Put(c.Request().Context(), activatedKey, int64(id))
	return c.Redirect(http.StatusSeeOther, "/activate/state")
}

// activateState shows how the certificate comes along, until it is ready. htmx
// asks again by itself; without it the page reloads.
func (s *Server) activateState(c echo.Context) error {
	id := registry.EnrolmentID(s.sessions.GetInt64(c.Request().Context(), activatedKey))
	if id == 0 {
		return c.Redirect(http.StatusSeeOther, "/activate")
	}
	v := s.activatePage(c)
	err := s.read(c, func(tx *store.Tx) error {
		e, err := tx.Enrolment(id)
		if err != nil {
			return err
		}
		v.Item, err = s.enrolmentItemOf(c, tx, e)
		return err
	})
	if err != nil {
		return err
	}
	if c.Request().Header.Get("HX-Request") == "true" {
		return s.fragment(c, http.StatusOK, "activate_state", "activate-state", v)
	}
	return s.render(c, http.StatusOK, "activate_state", v)
}
