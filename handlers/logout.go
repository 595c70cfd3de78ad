package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

// logout ends the session in the database (LG-15) and says so in the journal.
// The session ends even where its owner is nobody any more.
func (s *Server) logout(c echo.Context) error {
	ctx := c.Request().Context()
	if err := s.endSession(ctx); err != nil {
		return err
	}
	if s.deps.Workflow != nil {
		who, err := s.actor(c)
		if err == nil {
			err = s.deps.Workflow.LogOut(ctx, who)
		}
		if err != nil && registry.KindOf(err) == 0 {
			return err
		}
	}
	return c.Redirect(http.StatusSeeOther, "/login")
}
