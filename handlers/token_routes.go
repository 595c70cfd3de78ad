package handlers

import (
	"net/http"

	"github.com/tamga-ca/tamga/internal/registry"
)

// tokenRoutes are the making of a key and a certificate on a token at the desk.
// The steps are for the page's script and for `tamga-token enroll` alike.
func (s *Server) tokenRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	staff := Operator(registry.Clerk, registry.Approver, registry.Auditor, registry.Administrator)
	desk := Operator(registry.Clerk, registry.Administrator)
	return []route{
		{Method: get, Path: "/enrolments/:id/token", Access: staff, Handle: s.tokenDesk},
		{Method: post, Path: "/enrolments/:id/token/device", Access: desk, Handle: s.tokenDevice},
		{Method: post, Path: "/enrolments/:id/token/key", Access: desk, Handle: s.tokenKey},
		{Method: post, Path: "/enrolments/:id/token/csr", Access: desk, Handle: s.tokenRequest},
		{Method: post, Path: "/enrolments/:id/token/written", Access: desk, Handle: s.tokenWritten},
		{Method: post, Path: "/enrolments/:id/token/ask", Access: desk, Handle: s.tokenAsk},
		{Method: post, Path: "/enrolments/:id/token/prove", Access: desk, Handle: s.tokenProve},
		{Method: post, Path: "/enrolments/:id/token/receive", Access: desk, Handle: s.tokenReceive},
		{Method: post, Path: "/enrolments/:id/token/removed", Access: desk, Handle: s.tokenRemoved},
		{Method: post, Path: "/enrolments/:id/paper", Access: desk, Handle: s.enrolmentPaper},
	}
}
