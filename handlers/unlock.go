package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

type unlockPage struct {
	templates.Page
	Number, Role string
	Sent         bool
	Errors       templates.FieldErrors
}

// unlock asks whose key it is, and for the code.
func (s *Server) unlock(c echo.Context) error {
	return s.render(c, http.StatusOK, "unlock", s.unlockPage(c))
}

func (s *Server) unlockPage(c echo.Context) *unlockPage {
	v := &unlockPage{Page: s.page(c, s.text(c, "unlock.title")), Errors: templates.FieldErrors{}}
	v.Shell = templates.Plain
	return v
}

// unlockPost mails a code, or takes one and makes this browser known. Whether
// there is such a holder is never told.
func (s *Server) unlockPost(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v := s.unlockPage(c)
	v.Number, v.Role, v.Sent = strings.ReplaceAll(strings.TrimSpace(form.Get("number")), " ", ""), form.Get("role"), form.Get("sent") != ""
	if n := len([]rune(v.Number)); n != 14 || strings.Trim(v.Number, "0123456789") != "" {
		v.Errors["number"] = s.text(c, "error.inn.digits", "n", n)
	}
	var login CloudLogin
	if !login.choose(v.Role, v.Number) {
		v.Errors["role"] = s.text(c, "error.required")
	}
	code := strings.TrimSpace(form.Get("code"))
	send := form.Get("do") == "send"
	if !send && code == "" {
		v.Errors["code"] = s.text(c, "error.required")
	}
	if len(v.Errors) > 0 {
		return s.render(c, http.StatusUnprocessableEntity, "unlock", v)
	}
	err = s.unlockDo(c, login, send, code)
	if e := refusalOf(err); e != nil {
		v.Errors[e.Field] = s.sentence(c, e)
		return s.render(c, statusOf(e.Kind), "unlock", v)
	}
	if err != nil {
		return err
	}
	if send {
		v.Sent = true
		return s.render(c, http.StatusOK, "unlock", v)
	}
	s.flash(c, "good", "unlock.done")
	s.sessions.Put(c.Request().Context(), cloudINNKey, v.Number)
	return c.Redirect(http.StatusSeeOther, "/login/cloud")
}

func (s *Server) unlockDo(c echo.Context, login CloudLogin, send bool, code string) error {
	ctx, f := c.Request().Context(), s.deps.Workflow
	holder := workflow.OperatorHolder(login.Operator)
	if login.Operator == "" {
		var err error
		if holder, err = f.CloudHolder(ctx, login.INN, login.Role); err != nil {
			return err
		}
	}
	if send {
		return f.RequestUnlock(ctx, holder, source(c).String())
	}
	return f.Unlock(ctx, holder, code, s.browser(c), source(c).String())
}

// noKey refuses those who did not log in with a kept key.
func noKey() error { return registry.Refuse(registry.NotFound, "error.not_found") }
