package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

type emergencyPage struct {
	templates.Page
	Code   string
	Causes []causeChoice
	// MaySuspend: certificates are suspended here, not only reported.
	MaySuspend bool
	// Done is the certificate that was reported, and is out of use now.
	Done      *registry.Certificate
	Suspended bool
	Errors    templates.FieldErrors
}

// emergency asks for the code of the hand-over paper. Nobody logs in.
func (s *Server) emergency(c echo.Context) error {
	return s.render(c, http.StatusOK, "emergency", s.emergencyPage(c, ""))
}

func (s *Server) emergencyPage(c echo.Context, cause string) *emergencyPage {
	v := &emergencyPage{MaySuspend: s.deps.Workflow.CanSuspend(), Errors: templates.FieldErrors{}}
	title := "emergency.title"
	if !v.MaySuspend {
		title = "emergency.title_tell"
	}
	v.Page = s.page(c, s.text(c, title))
	v.Shell = templates.Plain
	for _, choice := range s.causeChoices(c, cause) {
		if choice.AtRisk {
			v.Causes = append(v.Causes, choice)
		}
	}
	return v
}

// emergencyPost takes the certificate of the code out of use at once. A wrong
// code looks the same whatever is wrong with it, and costs a wait.
func (s *Server) emergencyPost(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v := s.emergencyPage(c, form.Get("cause"))
	v.Code = strings.TrimSpace(form.Get("code"))
	if v.Code == "" {
		v.Errors["code"] = s.text(c, "error.required")
	}
	if form.Get("cause") == "" {
		v.Errors["cause"] = s.text(c, "error.certificate.reason")
	}
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "emergency", v)
	}
	_, cert, err := s.deps.Workflow.SuspendByEmergencyCode(c.Request().Context(), v.Code, form.Get("cause"), source(c).String())
	if e := refusalOf(err); e != nil {
		v.Errors[e.Field] = s.sentence(c, e)
		return s.render(c, statusOf(e.Kind), "emergency", v)
	}
	if err != nil {
		return err
	}
	v.Done, v.Suspended = cert, cert.Status == registry.CertSuspended
	return s.render(c, http.StatusOK, "emergency", v)
}
