package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

type pinPage struct {
	templates.Page
	Action string
	Errors templates.FieldErrors
}

// pin asks for the old PIN-code and a new one.
func (s *Server) pin(c echo.Context) error {
	if _, err := s.keptHolder(c); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "pin", s.pinPage(c))
}

func (s *Server) pinPage(c echo.Context) *pinPage {
	return &pinPage{Page: s.page(c, s.text(c, "pin.title")), Action: c.Path(), Errors: templates.FieldErrors{}}
}

// pinPost changes the PIN-code of the key that the person logged in with.
func (s *Server) pinPost(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	holder, err := s.keptHolder(c)
	if err != nil {
		return err
	}
	v := s.pinPage(c)
	for _, name := range []string{"old", "new", "again"} {
		if form.Get(name) == "" {
			v.Errors[name] = s.text(c, "error.required")
		}
	}
	if len(v.Errors) == 0 && form.Get("new") != form.Get("again") {
		v.Errors["again"] = s.text(c, "error.ecloud.pins_differ")
	}
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "pin", v)
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	err = s.deps.Workflow.ChangePIN(c.Request().Context(), who, holder, workflow.PINChange{
		Old: form.Get("old"), New: form.Get("new"), Browser: s.browser(c), Source: source(c).String(),
	})
	if e := refusalOf(err); e != nil {
		field := e.Field
		if e.Kind == registry.Unauthenticated {
			field, e = "old", registry.Refuse(e.Kind, "error.pin.old") // the PIN-code is wrong, not the session
		}
		v.Errors[field] = s.sentence(c, e)
		return s.render(c, http.StatusUnprocessableEntity, "pin", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "pin.done")
	return s.redirect(c, c.Path())
}

// keptHolder names the holder of the kept key that the session began with;
// with a token there is none.
func (s *Server) keptHolder(c echo.Context) (holder string, err error) {
	id := identity(c)
	if id.Serial == "" {
		return "", noKey()
	}
	err = s.read(c, func(tx *store.Tx) error {
		cert, err := tx.CertificateBySerial(id.Serial)
		if err != nil {
			return err
		}
		key, err := tx.CloudKeyOfEnrolment(cert.EnrolmentID)
		if err != nil {
			return err
		}
		if key == nil {
			return noKey()
		}
		holder = key.Holder
		return nil
	})
	return holder, err
}
