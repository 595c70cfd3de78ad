package handlers

import "github.com/labstack/echo/v4"

// proposalAccept carries a change out, by another administrator than its
// author.
func (s *Server) proposalAccept(c echo.Context) error { return s.decideProposal(c, true) }

// proposalReject drops a change.
func (s *Server) proposalReject(c echo.Context) error { return s.decideProposal(c, false) }

func (s *Server) decideProposal(c echo.Context, accept bool) error {
	id, err := number[int64](c, "id")
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.DecideProposal(c.Request().Context(), who, id, accept); err != nil {
		return err
	}
	if accept {
		s.flash(c, "good", "proposal.accepted")
	} else {
		s.flash(c, "warn", "proposal.rejected")
	}
	return s.redirect(c, "/proposals")
}
