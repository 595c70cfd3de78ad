package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

const addressesShown = 100

type addressesPage struct {
	templates.Page
	Items []addressItem
}

// addressItem is an address that waits for another operator's eyes.
type addressItem struct {
	*enrolmentItem
	Number, Org, Phone string
}

// addresses are those that a second operator has to confirm before the other
// half of a code leaves.
func (s *Server) addresses(c echo.Context) error {
	v := &addressesPage{Page: s.page(c, s.text(c, "nav.addresses"))}
	err := s.read(c, func(tx *store.Tx) error {
		waiting, err := tx.UnconfirmedActivations(s.deps.Now(), addressesShown)
		if err != nil {
			return err
		}
		for _, a := range waiting {
			e, err := tx.Enrolment(a.EnrolmentID)
			if err != nil {
				return err
			}
			if enrolmentSeen(c, e) != nil {
				continue
			}
			it, err := s.addressItem(c, tx, e)
			if err != nil {
				return err
			}
			v.Items = append(v.Items, it)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "addresses", v)
}

func (s *Server) addressItem(c echo.Context, tx *store.Tx, e *registry.Enrolment) (out addressItem, err error) {
	if out.enrolmentItem, err = s.enrolmentItemOf(c, tx, e); err != nil || e.ApplicationID == 0 {
		return out, err
	}
	app, err := tx.Application(e.ApplicationID)
	if err != nil {
		return out, err
	}
	sig, err := tx.Signatory(e.SignatoryID)
	if err != nil {
		return out, err
	}
	out.Number, out.Org, out.Phone = app.Number, app.Declaration.Organisation.FullName(lang(c)), sig.Person.Phone
	if out.Phone == "" {
		out.Phone = app.Declaration.Organisation.Phone
	}
	return out, nil
}

// addressConfirm says that the address is the holder's; the letter leaves.
func (s *Server) addressConfirm(c echo.Context) error {
	return s.addressJudge(c, "enrol.address_confirmed", s.deps.Workflow.ConfirmAddress)
}

// addressRefuse says that it is not.
func (s *Server) addressRefuse(c echo.Context) error {
	return s.addressJudge(c, "enrol.address_refused", s.deps.Workflow.RefuseAddress)
}

func (s *Server) addressJudge(c echo.Context, done string, judge func(context.Context, workflow.Actor, int64) error) error {
	if _, err := postForm(c); err != nil {
		return err
	}
	id, err := number[int64](c, "id")
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := judge(c.Request().Context(), who, id); err != nil {
		return err
	}
	s.flash(c, "good", done)
	return s.redirect(c, "/addresses")
}
