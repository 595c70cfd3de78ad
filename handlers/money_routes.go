package handlers

import (
	"net/http"

	"github.com/tamga-ca/tamga/internal/registry"
)

// moneyRoutes are the accounts of organisations, seen by the office.
func (s *Server) moneyRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	readers := Operator(registry.Clerk, registry.Approver, registry.Auditor)
	second := Operator(registry.Clerk, registry.Approver)
	return []route{
		{Method: get, Path: "/organisations/:inn/statement", Access: readers, Handle: s.statement},
		{Method: get, Path: "/organisations/:inn/statement.csv", Access: readers, Handle: s.statementCSV},
		{Method: post, Path: "/organisations/:inn/top-ups", Access: Operator(registry.Clerk), Handle: s.topUp},
		{Method: get, Path: "/top-ups", Access: readers, Handle: s.topUps},
		{Method: post, Path: "/top-ups/:id/confirm", Access: second, Handle: s.topUpConfirm},
		{Method: post, Path: "/top-ups/:id/reject", Access: second, Handle: s.topUpReject},
		{Method: get, Path: "/entries/:id/correct", Access: second, Handle: s.entryCorrect},
		{Method: post, Path: "/entries/:id/correct", Access: second, Handle: s.entryCorrectDo},
	}
}
