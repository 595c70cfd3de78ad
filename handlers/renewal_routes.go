package handlers

import (
	"net/http"

	"github.com/tamga-ca/tamga/internal/registry"
)

// renewalRoutes are remote renewal orders: the client's pages, the public page
// that says who may order, and the evidence for the staff.
func (s *Server) renewalRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	staff := Operator(registry.Clerk, registry.Approver, registry.Auditor)
	return []route{
		{Method: get, Path: "/order", Access: Public(), Handle: s.orderPublic},
		{Method: post, Path: "/order", Access: Public(), Handle: s.orderPlace, Slow: true},
		{Method: get, Path: "/cabinet/renew", Access: Holder(), Handle: s.renew},
		{Method: post, Path: "/cabinet/renew", Access: Holder(), Handle: s.renewAnswered},
		{Method: post, Path: "/cabinet/renew/sign", Access: Holder(), Handle: s.renewSign, Slow: true},
		{Method: get, Path: "/cabinet/renew/office", Access: Holder(), Handle: s.renewOffice},
		{Method: get, Path: "/cabinet/orders", Access: Holder(), Handle: s.orders},
		{Method: get, Path: "/cabinet/orders/:number", Access: Holder(), Handle: s.order},
		{Method: post, Path: "/cabinet/orders/:number/sign", Access: Holder(), Handle: s.orderSign, Slow: true},
		{Method: post, Path: "/cabinet/orders/:number/withdraw", Access: Holder(), Handle: s.orderWithdraw},
		{Method: get, Path: "/cabinet/orders/:number/evidence.zip", Access: Holder(), Handle: s.orderEvidence},
		{Method: get, Path: "/applications/:number/order.zip", Access: staff, Handle: s.orderEvidence},
	}
}
