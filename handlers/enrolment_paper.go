package handlers

import (
	"bytes"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/paper"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// enrolmentPaper answers with the paper that the holder takes home, as a PDF. Its
// emergency code is fresh and shown nowhere else; the last one is worthless.
func (s *Server) enrolmentPaper(c echo.Context) error {
	id, err := number[registry.EnrolmentID](c, "id")
	if err != nil {
		return err
	}
	if _, err := postForm(c); err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	code, err := s.deps.Workflow.GiveEmergencyCode(c.Request().Context(), who, id)
	if err != nil {
		return err
	}
	pdf, err := s.handoverPDF(c, id, code)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", `inline; filename="paper.pdf"`)
	h.Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "application/pdf", pdf)
}

func (s *Server) handoverPDF(c echo.Context, id registry.EnrolmentID, code string) ([]byte, error) {
	var it *enrolmentItem
	var token *registry.Token
	var app *registry.Application
	err := s.read(c, func(tx *store.Tx) error {
		e, err := tx.Enrolment(id)
		if err != nil {
			return err
		}
		if it, err = s.enrolmentItemOf(c, tx, e); err != nil {
			return err
		}
		if it.TokenKey != nil && !it.Cloud {
			if token, err = tx.TokenByID(it.TokenKey.TokenID); err != nil {
				return err
			}
		}
		if e.ApplicationID != 0 {
			app, err = tx.Application(e.ApplicationID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if it.Certificate == nil || token == nil && !it.Cloud {
		return nil, registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	l := it.Language
	p := paper.Handover{
		Language: string(l), Authority: s.deps.Authority[l].Name, Phones: s.deps.Authority[l].Phones,
		Printed: bishkekTime(s.deps.Now()), PrintedAt: s.deps.Now(), Holder: it.Certificate.HolderName,
		Serial: templates.Hex(it.Certificate.Serial), From: bishkekTime(it.Certificate.NotBefore), Until: bishkekTime(it.Certificate.NotAfter),
		Code: code, QR: s.deps.BaseURL + "/revoke", Clerk: identity(c).Name, Suspends: s.deps.Workflow.CanSuspend(), Test: s.deps.Demo,
	}
	if token != nil {
		p.Token, p.Device = token.Serial, s.textIn(l, "token.name", "release", string(token.Release))
	}
	p.Organisation = p.Authority
	if u, err := url.Parse(s.deps.BaseURL); err == nil {
		p.Address = u.Host + "/revoke"
	}
	if app != nil {
		p.Number, p.Organisation, p.INN = app.Number, app.Declaration.Organisation.FullName(l), string(app.Declaration.Organisation.INN)
	}
	var b bytes.Buffer
	err = p.Write(&b, func(key string, args ...any) string { return s.textIn(l, key, args...) })
	return b.Bytes(), err
}
