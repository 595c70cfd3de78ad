package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/token"
)

type tokenQuestion struct {
	Type      token.Type `json:"typ"`
	Origin    string     `json:"origin"`
	Challenge string     `json:"challenge"`
	Expected  []byte     `json:"expected"` // the exact bytes to be signed
	Seconds   int        `json:"seconds"`  // how long it may be answered
}

// loginTokenChallenge asks a login's question. A page at another address than
// the server's would sign that address, which is refused: it is told before a
// PIN-code is typed in vain.
func (s *Server) loginTokenChallenge(c echo.Context) error {
	var nothing struct{}
	if err := readJSON(c, &nothing); err != nil {
		return err
	}
	if identity(c) != nil {
		return registry.Refuse(registry.Conflict, "error.login.already")
	}
	if origin := c.Request().Header.Get(echo.HeaderOrigin); origin != "" && origin != s.deps.BaseURL {
		return registry.Refuse(registry.Conflict, "error.login.address", "url", s.deps.BaseURL)
	}
	q, err := s.deps.Workflow.AskLogin(c.Request().Context(), s.deps.BaseURL, s.sessionMark(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, tokenQuestion{
		Type: token.Login, Origin: s.deps.BaseURL, Challenge: q.Challenge, Expected: q.Expected, Seconds: int(token.ChallengeLife.Seconds()),
	})
}
