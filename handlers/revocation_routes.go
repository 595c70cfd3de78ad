package handlers

import (
	"net/http"

	"github.com/tamga-ca/tamga/internal/registry"
)

// revocationRoutes are reports and the decisions on them, on both sides of the
// counter.
func (s *Server) revocationRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	readers := Operator(registry.Clerk, registry.Approver, registry.Auditor)
	reporters, approver := Operator(registry.Clerk, registry.Approver), Operator(registry.Approver)
	admin := Operator(registry.Administrator)
	return []route{
		{Method: get, Path: "/revocations", Access: readers, Handle: s.revocations},
		{Method: post, Path: "/revocations", Access: reporters, Handle: s.reportSave},
		{Method: get, Path: "/revocations/new", Access: reporters, Handle: s.reportNew},
		{Method: get, Path: "/revocations/:number", Access: readers, Handle: s.report},
		{Method: post, Path: "/revocations/:number/suspend", Access: reporters, Handle: s.reportSuspend},
		{Method: post, Path: "/revocations/:number/text", Access: approver, Handle: s.reportText},
		{Method: post, Path: "/revocations/:number/sign", Access: approver, Handle: s.reportSign, Slow: true},

		{Method: get, Path: "/ca-refusals", Access: admin, Handle: s.caRefusals},
		{Method: post, Path: "/ca-refusals/retry", Access: admin, Handle: s.caRefusalsRetry},
	}
}
