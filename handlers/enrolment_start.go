package handlers

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/paper"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// enrolmentStart begins the E-Cloud's activation and answers with the slip as a
// PDF: its code is shown nowhere else and cannot be shown again.
func (s *Server) enrolmentStart(c echo.Context) error {
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
	v.Email = strings.TrimSpace(form.Get("email"))
	slip, err := s.deps.Workflow.StartActivation(c.Request().Context(), who, v.Item.ID, v.Email)
	if e := refusalOf(err); e != nil && e.Field != "" {
		v.Errors[e.Field] = s.sentence(c, e)
		return s.enrolmentAnswer(c, statusOf(e.Kind), v)
	}
	if err != nil {
		return err
	}
	pdf, err := s.slipPDF(c, v, slip.Activation, slip.Code)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", `inline; filename="e-cloud.pdf"`)
	h.Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "application/pdf", pdf)
}

func (s *Server) slipPDF(c echo.Context, v *enrolmentPage, id int64, code string) ([]byte, error) {
	l := v.Item.Language
	p := paper.Slip{
		Language: string(l), Authority: s.deps.Authority[l].Name, Number: v.Number, Printed: bishkekTime(s.deps.Now()), PrintedAt: s.deps.Now(),
		Code: code, QR: s.deps.BaseURL + "/activate", Clerk: identity(c).Name, Test: s.deps.Demo,
	}
	if u, err := url.Parse(s.deps.BaseURL); err == nil {
		p.Address = u.Host + "/activate"
	}
	err := s.read(c, func(tx *store.Tx) error {
		a, err := tx.Activation(id)
		if err != nil {
			return err
		}
		p.Expires = bishkekTime(a.ExpiresAt)
		if v.Item.OperatorID != 0 {
			o, err := tx.Operator(v.Item.OperatorID)
			if err != nil {
				return err
			}
			p.Holder, p.Organisation = o.Person.Name(l).String(), p.Authority
			p.Role, err = s.deps.Renderer.Text(string(l), "role."+string(o.Role))
			return err
		}
		sig, err := tx.Signatory(v.Item.SignatoryID)
		if err != nil {
			return err
		}
		app, err := tx.Application(v.Item.ApplicationID)
		if err != nil {
			return err
		}
		p.Holder, p.Role = sig.Person.Name(l).String(), sig.Person.Position(l)
		p.Organisation, p.INN = app.Declaration.Organisation.FullName(l), string(app.Declaration.Organisation.INN)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = p.Write(&b, func(key string, args ...any) string { return s.textIn(l, key, args...) })
	return b.Bytes(), err
}

// textIn is a message in a language of its own, for papers.
func (s *Server) textIn(l registry.Language, key string, args ...any) string {
	t, err := s.deps.Renderer.Text(string(l), key, args...)
	if err != nil {
		s.log.Error("message missing", "key", key, "err", err)
	}
	return t
}
