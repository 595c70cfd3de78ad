package handlers

import (
	"net/http"

	"github.com/tamga-ca/tamga/internal/registry"
)

// findingRoutes are the self-audit of certificates issued, the register for the
// authorised body, and who looked at whose papers.
func (s *Server) findingRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	auditor := Operator(registry.Auditor)
	return []route{
		{Method: get, Path: "/audit/samples", Access: auditor, Handle: s.samples},
		{Method: post, Path: "/audit/samples", Access: auditor, Handle: s.sampleDraw},
		{Method: get, Path: "/audit/samples/:quarter", Access: auditor, Handle: s.sample},
		{Method: get, Path: "/audit/samples/:quarter/:position", Access: auditor, Handle: s.finding},
		{Method: post, Path: "/audit/samples/:quarter/:position", Access: auditor, Handle: s.findingRecord},

		{Method: get, Path: "/audit/access", Access: auditor, Handle: s.access},

		{Method: get, Path: "/audit/register", Access: Operator(registry.Approver, registry.Auditor), Handle: s.registerShow},
		{Method: post, Path: "/audit/register", Access: Operator(registry.Approver, registry.Auditor), Handle: s.registerDownload, Flood: true},
	}
}
