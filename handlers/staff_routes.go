package handlers

import (
	"net/http"

	"github.com/tamga-ca/tamga/internal/registry"
)

// staffRoutes are the people, prices and news that administrators keep.
func (s *Server) staffRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	admin := Operator(registry.Administrator)
	return []route{
		{Method: get, Path: "/prices", Access: Operator(registry.Roles[:]...), Handle: s.prices},
		{Method: post, Path: "/prices", Access: admin, Handle: s.pricesPropose},

		{Method: get, Path: "/staff", Access: admin, Handle: s.staff},
		{Method: get, Path: "/staff/new", Access: admin, Handle: s.staffNew},
		{Method: post, Path: "/staff/new", Access: admin, Handle: s.staffPropose},
		{Method: get, Path: "/staff/:id", Access: admin, Handle: s.operator},
		{Method: post, Path: "/staff/:id/role", Access: admin, Handle: s.operatorRole},
		{Method: post, Path: "/staff/:id/disable", Access: admin, Handle: s.operatorDisable},
		{Method: post, Path: "/staff/:id/enable", Access: admin, Handle: s.operatorEnable},

		{Method: get, Path: "/proposals", Access: admin, Handle: s.proposals},
		{Method: post, Path: "/proposals/rules", Access: admin, Handle: s.rulesPropose},
		{Method: post, Path: "/proposals/rules/:id/accept", Access: admin, Handle: s.rulesAccept},
		{Method: post, Path: "/proposals/rules/:id/reject", Access: admin, Handle: s.rulesReject},
		{Method: post, Path: "/proposals/:id/accept", Access: admin, Handle: s.proposalAccept},
		{Method: post, Path: "/proposals/:id/reject", Access: admin, Handle: s.proposalReject},

		{Method: get, Path: "/staff/news", Access: admin, Handle: s.newsDesk},
		{Method: post, Path: "/staff/news", Access: admin, Handle: s.newsPublish},
		{Method: get, Path: "/staff/news/:id", Access: admin, Handle: s.newsEditor},
		{Method: post, Path: "/staff/news/:id", Access: admin, Handle: s.newsEdit},
		{Method: post, Path: "/staff/news/:id/remove", Access: admin, Handle: s.newsRemove},
	}
}
