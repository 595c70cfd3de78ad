package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// cloudINNKey keeps the INN between the steps; the session belongs to nobody
// yet.
const (
	cloudINNKey   = "login.inn"
	browserCookie = "browser"
)

type loginCloudPage struct {
	loginPage
	Role string
}

// loginCloudINN takes the organisation's INN: the first step of an E-Cloud
// login. Whether there is such a holder is not told.
func (s *Server) loginCloudINN(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	if s.deps.LoginCloud == nil {
		return registry.Refuse(registry.NotFound, "error.not_found")
	}
	inn := strings.ReplaceAll(strings.TrimSpace(form.Get("inn")), " ", "")
	next := nextOr(form.Get("next"), "")
	if n := len([]rune(inn)); n != 14 || strings.Trim(inn, "0123456789") != "" {
		v := s.loginPage(c, next)
		v.INN = inn
		s.carry(v, carrierCloud)
		v.Errors["inn"] = s.text(c, "error.inn.digits", "n", n)
		return s.render(c, http.StatusUnprocessableEntity, "login", v)
	}
	s.sessions.Put(c.Request().Context(), cloudINNKey, inn)
	path := "/login/cloud"
	if next != "" {
		path = loginNext(path, next)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// loginCloud asks whose key it is and for the PIN-code.
func (s *Server) loginCloud(c echo.Context) error {
	v := s.cloudPage(c, nextOr(c.QueryParam("next"), ""))
	if v.INN == "" {
		return c.Redirect(http.StatusSeeOther, loginPath(carrierCloud, v.Next))
	}
	return s.render(c, http.StatusOK, "login_cloud", v)
}

// loginCloudPIN checks the PIN-code and begins the session. An unknown holder
// and a wrong PIN-code look the same.
func (s *Server) loginCloudPIN(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v := s.cloudPage(c, nextOr(form.Get("next"), ""))
	if v.INN == "" || s.deps.LoginCloud == nil {
		return c.Redirect(http.StatusSeeOther, loginPath(carrierCloud, v.Next))
	}
	v.Role = form.Get("role")
	in := CloudLogin{PIN: Secret(form.Get("pin")), Source: source(c), Browser: s.browser(c), Session: s.sessionMark(c)}
	if !in.choose(v.Role, v.INN) {
		v.Errors["role"] = s.text(c, "error.required")
	}
	if in.PIN == "" {
		v.Errors["pin"] = s.text(c, "error.required")
	}
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "login_cloud", v)
	}
	id, err := s.deps.LoginCloud(c.Request().Context(), in)
	var refused *registry.Error
	switch {
	case errors.As(err, &refused):
		v.Errors[""] = s.sentence(c, refused)
		help, herr := s.expiredCloudHelp(c, refused, in)
		if herr != nil {
			return herr
		}
		v.Renew = help
		return s.render(c, statusOf(refused.Kind), "login_cloud", v)
	case err != nil:
		return err
	}
	id.Carrier = carrierCloud
	path, err := s.admit(c, id, v.Next)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// roleOperator is the third answer to "whose key is it": an employee's, named
// by the personal number instead of an INN.
const roleOperator = "OPERATOR"

func (in *CloudLogin) choose(role, number string) bool {
	switch role {
	case string(registry.Head), string(registry.Accountant):
		in.INN, in.Role = registry.INN(number), registry.SignatoryRole(role)
	case roleOperator:
		in.Operator = registry.PersonalNumber(number)
	default:
		return false
	}
	return true
}

func (s *Server) cloudPage(c echo.Context, next string) *loginCloudPage {
	v := &loginCloudPage{loginPage: *s.loginPage(c, next)}
	v.Title = s.text(c, "ecloud.title")
	v.INN = s.sessions.GetString(c.Request().Context(), cloudINNKey)
	v.Cloud = true
	v.Steps = s.loginSteps(true, 2)
	v.Errors = templates.FieldErrors{}
	return v
}
