package handlers

import "github.com/labstack/echo/v4"

// topUpConfirm puts a large payment on the account.
func (s *Server) topUpConfirm(c echo.Context) error { return s.decideTopUp(c, true) }

// topUpReject drops a large payment.
func (s *Server) topUpReject(c echo.Context) error { return s.decideTopUp(c, false) }

func (s *Server) decideTopUp(c echo.Context, confirm bool) error {
	return s.decideOn(c, s.deps.Workflow.DecideTopUp, confirm, "top_up.confirmed", "top_up.rejected", "/top-ups")
}
