package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// enrolmentRetry tries a failed enrolment again.
func (s *Server) enrolmentRetry(c echo.Context) error {
	return s.enrolmentDo(c, "enrol.retried", func(v *enrolmentPage, who workflow.Actor) error {
		return s.deps.Workflow.RetryEnrolment(c.Request().Context(), who, v.Item.ID)
	})
}

// enrolmentCancel ends an enrolment that was not issued; its fee comes back.
func (s *Server) enrolmentCancel(c echo.Context) error {
	return s.enrolmentDo(c, "enrol.cancelled", func(v *enrolmentPage, who workflow.Actor) error {
		return s.deps.Workflow.CancelEnrolment(c.Request().Context(), who, v.Item.ID, v.Reason)
	})
}

// enrolmentDo does something about an enrolment and comes back to its page; a
// refusal stands beside its field, with what was typed.
func (s *Server) enrolmentDo(c echo.Context, done string, do func(*enrolmentPage, workflow.Actor) error) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v, err := s.enrolmentPage(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	v.Reason = strings.TrimSpace(form.Get("reason"))
	err = do(v, who)
	if e := refusalOf(err); e != nil && e.Kind == registry.Invalid {
		v.Errors[e.Field] = s.sentence(c, e)
		return s.enrolmentAnswer(c, statusOf(e.Kind), v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", done)
	return s.redirect(c, "/enrolments/"+c.Param("id"))
}

// enrolmentUnlock shows a code that makes the holder's browser known again,
// once: the holder stands at the desk.
func (s *Server) enrolmentUnlock(c echo.Context) error {
	if _, err := postForm(c); err != nil {
		return err
	}
	v, err := s.enrolmentPage(c)
	if err != nil {
		return err
	}
	if v.Item.Certificate == nil {
		return registry.Refuse(registry.NotFound, "error.not_found")
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if v.Code, err = s.deps.Workflow.UnlockInOffice(c.Request().Context(), who, v.Item.Certificate.ID); err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return s.render(c, http.StatusOK, "enrolment", v)
}
