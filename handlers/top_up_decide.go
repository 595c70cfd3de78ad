package handlers

import "github.com/labstack/echo/v4"

// topUpConfirm puts a large payment on the account.
func (s *Server) topUpConfirm(c echo.Context) error { return s.decideTopUp(c, true) }

// topUpReject drops a large payment.
func (s *Server) topUpReject(c echo.Context) error { return s.decideTopUp(c, false) }

func (s *Server) decideTopUp(c echo.Context, confirm bool) error {
	id, err := number[int64](c, "id")
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.DecideTopUp(c.Request().Context(), who, id, confirm); err != nil {
		return err
	}
	if confirm {
		s.flash(c, "good", "top_up.confirmed")
	} else {
		s.flash(c, "warn", "top_up.rejected")
	}
	return s.redirect(c, "/top-ups")
}
