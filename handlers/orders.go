package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// ordersShown is how many orders a client's list has.
const ordersShown = 50

type ordersPage struct {
	templates.Page
	Items []orderItem
	Renew string // where another is ordered; empty: there is no remote way
}

type orderItem struct {
	App   *registry.Application
	State templates.State
	Mine  bool // waits for this person's signature
}

// orders lists the remote orders of the organisation that the session is bound
// to.
func (s *Server) orders(c echo.Context) error {
	v := &ordersPage{Page: s.page(c, s.text(c, "nav.orders"))}
	err := s.read(c, func(tx *store.Tx) error {
		apps, err := tx.OrdersOf(identity(c).OrganisationID, ordersShown)
		if err != nil {
			return err
		}
		for _, app := range apps {
			order, err := tx.Order(app.ID)
			if err != nil {
				return err
			}
			missing, err := s.missingMoney(tx, app)
			if err != nil {
				return err
			}
			it := orderItem{App: app, State: s.orderState(c, app, order, missing > 0)}
			mine := order.Of(identity(c).CertificateID)
			it.Mine = app.Status == registry.Draft && mine != nil && mine.SignedAt == nil
			v.Items = append(v.Items, it)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if s.ordersOffered() {
		v.Renew = "/cabinet/renew"
	}
	return s.render(c, http.StatusOK, "orders", v)
}

// missingMoney is what the balance lacks for an order that is not accepted yet.
func (s *Server) missingMoney(tx *store.Tx, app *registry.Application) (registry.Tyiyn, error) {
	if app.Status.Decided() {
		return 0, nil
	}
	quote, err := s.deps.Workflow.Quote(tx, app, s.deps.Now())
	if err != nil {
		return 0, err
	}
	balance, err := tx.Balance(app.OrganisationID)
	return registry.ChargeOf(balance, quote.Total).Missing, err
}

// orderState is an order's state as its client reads it.
func (s *Server) orderState(c echo.Context, app *registry.Application, order *registry.Order, poor bool) templates.State {
	class, key := "half", "status.application."+string(app.Status)
	switch app.Status {
	case registry.Draft:
		class, key = "wait", "order.state_signing"
	case registry.Submitted:
		key = "status.order.sent"
	case registry.Verified:
		if poor {
			class, key = "wait", "status.order.awaiting_payment"
		}
	case registry.Approved:
		class, key = "full", "status.order.accepted"
	case registry.Completed:
		class, key = "good", "order.state_done"
	case registry.Refused:
		class = "stop"
	case registry.Withdrawn:
		class = "none"
	}
	switch order.Ending {
	case registry.OrderLapsed, registry.OrderUnsigned, registry.OrderCancelled:
		class, key = "stop", "order.ending."+string(order.Ending)
	}
	return templates.State{Class: class, Word: s.text(c, key)}
}
