package handlers

import (
	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// cabinetOrder is what the cabinet says of renewing the holder's own
// certificate remotely.
type cabinetOrder struct {
	Open    *registry.Application // under way already; nil: nothing is
	Path    string                // of the page of that order
	Says    string                // what it waits for: message key
	Sign    bool                  // it waits for this holder's signature
	Ready   bool                  // nothing stands against an order now
	Fee     registry.Tyiyn
	Missing registry.Tyiyn
}

// cabinetOrder plans an order with the requisites on file. Where the
// certificate is another organisation's, was renewed, or the authority has no
// remote way, there is nothing to say.
func (s *Server) cabinetOrder(c echo.Context) (*cabinetOrder, error) {
	if !s.ordersOffered() {
		return nil, nil
	}
	plan, err := s.plan(c, workflow.OrderAnswers{})
	if refusalOf(err) != nil {
		return nil, nil
	}
	if err != nil || plan.Renewed && plan.Open == nil {
		return nil, err
	}
	o := &cabinetOrder{Open: plan.Open, Path: "/cabinet/renew", Ready: plan.Refusal() == nil, Fee: plan.Quote.Total}
	o.Missing = registry.ChargeOf(plan.Balance, plan.Quote.Total).Missing
	if o.Open == nil {
		return o, nil
	}
	o.Path, o.Says = "/archive/applications/"+o.Open.Number, "cabinet.order_open"
	if o.Open.Declaration.Channel != registry.Remote {
		return o, nil
	}
	o.Path = "/cabinet/orders/" + o.Open.Number
	if o.Open.Status != registry.Draft {
		return o, nil
	}
	o.Says = "order.state_signing"
	return o, s.read(c, func(tx *store.Tx) error {
		order, err := tx.Order(o.Open.ID)
		if err != nil {
			return err
		}
		if mine := order.Of(identity(c).CertificateID); mine != nil && mine.SignedAt == nil {
			o.Says, o.Sign = "order.waits_for_you", true
		}
		return nil
	})
}

// ordersOffered says whether the authority renews remotely at all.
func (s *Server) ordersOffered() bool {
	return s.deps.Workflow != nil && len(s.deps.Workflow.Pack().Remote.Operations) > 0
}
