package handlers

import (
	"net/http"

	"github.com/tamga-ca/tamga/internal/registry"
)

// enrolmentRoutes are the making of certificates and the E-Cloud, on both
// sides of the counter.
func (s *Server) enrolmentRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	staff := Operator(registry.Clerk, registry.Approver, registry.Auditor, registry.Administrator)
	starters := Operator(registry.Clerk, registry.Administrator)
	confirmers := Operator(registry.Clerk, registry.Approver, registry.Administrator)
	deciders := Operator(registry.Approver, registry.Administrator)
	admin := Operator(registry.Administrator)
	return []route{
		{Method: get, Path: "/applications/:number/enrolments", Access: Operator(registry.Clerk, registry.Approver, registry.Auditor), Handle: s.enrolments},
		{Method: get, Path: "/enrolments/:id", Access: staff, Handle: s.enrolment},
		{Method: post, Path: "/enrolments/:id/start", Access: starters, Handle: s.enrolmentStart},
		{Method: post, Path: "/enrolments/:id/retry", Access: deciders, Handle: s.enrolmentRetry},
		{Method: post, Path: "/enrolments/:id/cancel", Access: deciders, Handle: s.enrolmentCancel},
		{Method: post, Path: "/enrolments/:id/undelivered/text", Access: deciders, Handle: s.undeliveredText},
		{Method: post, Path: "/enrolments/:id/undelivered", Access: deciders, Handle: s.undeliveredSigned, Slow: true},
		{Method: post, Path: "/enrolments/:id/unlock", Access: starters, Handle: s.enrolmentUnlock},
		{Method: get, Path: "/addresses", Access: confirmers, Handle: s.addresses},
		{Method: post, Path: "/addresses/:id/confirm", Access: confirmers, Handle: s.addressConfirm},
		{Method: post, Path: "/addresses/:id/refuse", Access: confirmers, Handle: s.addressRefuse},
		{Method: get, Path: "/staff/:id/key", Access: admin, Handle: s.operatorKey},
		{Method: post, Path: "/staff/:id/key", Access: admin, Handle: s.operatorKeyNew},
		{Method: get, Path: "/letters", Access: admin, Handle: s.letters},
		{Method: post, Path: "/letters/:id/retry", Access: admin, Handle: s.letterRetry},

		{Method: get, Path: "/activate", Access: Public(), Handle: s.activate},
		{Method: post, Path: "/activate", Access: Public(), Handle: s.activatePost, Slow: true},
		{Method: get, Path: "/activate/state", Access: Public(), Handle: s.activateState},
		{Method: get, Path: "/unlock", Access: Public(), Handle: s.unlock},
		{Method: post, Path: "/unlock", Access: Public(), Handle: s.unlockPost, Slow: true},
		{Method: get, Path: "/cabinet/pin", Access: Holder(), Handle: s.pin},
		{Method: post, Path: "/cabinet/pin", Access: Holder(), Handle: s.pinPost, Slow: true},
		{Method: get, Path: "/pin", Access: staff, Handle: s.pin},
		{Method: post, Path: "/pin", Access: staff, Handle: s.pinPost, Slow: true},
	}
}
