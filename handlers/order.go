package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// orderPage is one remote order as its client sees it.
type orderPage struct {
	templates.Page
	App         *registry.Application
	Order       *registry.Order
	State       templates.State
	Says        string // what the state means: message key
	Signatories []orderSignatory
	Terms       []orderTerm
	Quote       registry.Quote
	Balance     registry.Tyiyn
	Charge      registry.Charge
	Charged     registry.Tyiyn
	Ways        []string // how the balance is topped up
	Withdraw    bool
	// Text and Seen are set where the order waits for this person.
	Text, Seen string
	Errors     templates.FieldErrors
}

type orderSignatory struct {
	Name, Role string
	SignedAt   *time.Time
	Me         bool
	// Next is the certificate that was issued, nil before.
	Next *registry.Certificate
}

// order shows a remote order: its state, what it waits for, the money.
func (s *Server) order(c echo.Context) error {
	v, err := s.orderPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "order", v)
}

func (s *Server) orderPage(c echo.Context) (*orderPage, error) {
	v := &orderPage{Page: s.page(c, s.text(c, "order.number", "number", c.Param("number"))), Errors: templates.FieldErrors{}}
	err := s.read(c, func(tx *store.Tx) (err error) {
		if v.App, v.Order, err = ownOrder(c, tx); err != nil {
			return err
		}
		if err := s.orderPeople(c, tx, v); err != nil {
			return err
		}
		return s.orderMoney(c, tx, v)
	})
	if err != nil {
		return nil, err
	}
	who, err := s.actor(c)
	if err != nil {
		return nil, err
	}
	v.State = s.orderState(c, v.App, v.Order, v.Charge.Missing > 0)
	v.Says = orderSays(v)
	mine := v.Order.Of(identity(c).CertificateID)
	v.Withdraw = who.May(v.App, registry.ActWithdraw) && isSignatory(v.Order, identity(c).PersonalNumber)
	if v.App.Status == registry.Draft && mine != nil && mine.SignedAt == nil {
		content, err := workflow.ReadOrder(v.Order)
		if err != nil {
			return nil, err
		}
		v.Text, v.Seen = s.orderWords(c, &content.Declaration, content.Fee, content.Renews), v.Order.ContentSHA256
	}
	return v, nil
}

// ownOrder finds the order that the address names, if it is of the organisation
// that the session is bound to.
func ownOrder(c echo.Context, tx *store.Tx) (*registry.Application, *registry.Order, error) {
	app, err := tx.ApplicationByNumber(c.Param("number"))
	if err != nil {
		return nil, nil, err
	}
	if id := identity(c); id.Kind == HolderSession && (app.OrganisationID == 0 || app.OrganisationID != id.OrganisationID) {
		return nil, nil, registry.Refuse(registry.NotFound, "error.not_found")
	}
	order, err := tx.Order(app.ID)
	return app, order, err
}

func isSignatory(o *registry.Order, n registry.PersonalNumber) bool {
	for _, s := range o.Signatories {
		if s.PersonalNumber == n {
			return true
		}
	}
	return false
}

// orderPeople are the signatories, the terms, and the certificates that were
// made.
func (s *Server) orderPeople(c echo.Context, tx *store.Tx, v *orderPage) error {
	zone := s.deps.Workflow.Pack().Zone()
	for _, sig := range v.Order.Signatories {
		cert, err := tx.Certificate(sig.CertificateID)
		if err != nil {
			return err
		}
		row := orderSignatory{Name: cert.HolderName, Role: s.text(c, "signatory."+string(sig.Role)), SignedAt: sig.SignedAt, Me: sig.CertificateID == identity(c).CertificateID}
		from := cert.NotAfter
		if sig.EnrolmentID != 0 {
			next, err := tx.CertificateOfEnrolment(sig.EnrolmentID)
			if err == nil {
				row.Next, from = next, next.NotBefore
			} else if registry.KindOf(err) != registry.NotFound {
				return err
			}
		}
		v.Signatories = append(v.Signatories, row)
		v.Terms = append(v.Terms, orderTerm{row.Name, row.Role, from, registry.NextYear(from, zone)})
	}
	return nil
}

func (s *Server) orderMoney(c echo.Context, tx *store.Tx, v *orderPage) (err error) {
	if v.Balance, err = tx.Balance(v.App.OrganisationID); err != nil {
		return err
	}
	if v.Charged = v.App.Fee; v.App.Status.Decided() {
		return nil
	}
	if v.Quote, err = s.deps.Workflow.Quote(tx, v.App, s.deps.Now()); err != nil {
		return err
	}
	v.Charge = registry.ChargeOf(v.Balance, v.Quote.Total)
	for _, w := range s.deps.Workflow.Pack().Money.Ways {
		v.Ways = append(v.Ways, w.Label.In(lang(c)))
	}
	return nil
}

// orderSays is what an order's state means for its client.
func orderSays(v *orderPage) string {
	switch {
	case v.Order.Ending != "":
		return "order.says." + string(v.Order.Ending)
	case v.App.Status == registry.Verified && v.Charge.Missing > 0:
		return "order.says.poor"
	}
	return "order.says." + string(v.App.Status)
}
