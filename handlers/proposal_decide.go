package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/workflow"
)

// proposalAccept carries a change out, by another administrator than its
// author.
func (s *Server) proposalAccept(c echo.Context) error { return s.decideProposal(c, true) }

// proposalReject drops a change.
func (s *Server) proposalReject(c echo.Context) error { return s.decideProposal(c, false) }

func (s *Server) decideProposal(c echo.Context, accept bool) error {
	return s.decideOn(c, s.deps.Workflow.DecideProposal, accept, "proposal.accepted", "proposal.rejected", "/proposals")
}

// decideOn has a second person say yes or no to what the address names, tells
// so and goes on to next.
func (s *Server) decideOn(c echo.Context, decide func(context.Context, workflow.Actor, int64, bool) error, yes bool, accepted, rejected, next string) error {
	id, err := number[int64](c, "id")
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := decide(c.Request().Context(), who, id, yes); err != nil {
		return err
	}
	if yes {
		s.flash(c, "good", accepted)
	} else {
		s.flash(c, "warn", rejected)
	}
	return s.redirect(c, next)
}
