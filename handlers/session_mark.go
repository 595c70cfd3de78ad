package handlers

import "github.com/labstack/echo/v4"

const markKey = "mark"

// sessionMark names this browser session where a question is bound to it: a
// random value of the session's own, not its token, which a login renews.
func (s *Server) sessionMark(c echo.Context) string {
	ctx := c.Request().Context()
	mark := s.sessions.GetString(ctx, markKey)
	if mark == "" {
		mark = newID()
		s.sessions.Put(ctx, markKey, mark)
	}
	return mark
}
