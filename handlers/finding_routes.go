package handlers

import (
	"net/http"

	"github.com/tamga-ca/tamga/internal/registry"
)

// findingRoutes are the self-audit of certificates issued.
func (s *Server) findingRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	auditor := Operator(registry.Auditor)
	return []route{
		{Method: get, Path: "/audit/samples", Access: auditor, Handle: s.samples},
		{Method: post, Path: "/audit/samples", Access: auditor, Handle: s.sampleDraw},
		{Method: get, Path: "/audit/samples/:quarter", Access: auditor, Handle: s.sample},
		{Method: get, Path: "/audit/samples/:quarter/:position", Access: auditor, Handle: s.finding},
		{Method: post, Path: "/audit/samples/:quarter/:position", Access: auditor, Handle: s.findingRecord},
	}
}
