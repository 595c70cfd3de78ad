package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// operatorRole proposes another role.
func (s *Server) operatorRole(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	return s.changeOperator(c, "proposal.made", func(who workflow.Actor, id registry.OperatorID) error {
		return s.deps.Workflow.Propose(c.Request().Context(), who, workflow.ProposeRole, workflow.RoleChange{Operator: id, Role: registry.Role(form.Get("role"))})
	})
}

// operatorEnable proposes to let somebody in again.
func (s *Server) operatorEnable(c echo.Context) error {
	return s.changeOperator(c, "proposal.made", func(who workflow.Actor, id registry.OperatorID) error {
		return s.deps.Workflow.Propose(c.Request().Context(), who, workflow.ProposeEnable, workflow.RoleChange{Operator: id})
	})
}

// operatorDisable shuts somebody out at once.
func (s *Server) operatorDisable(c echo.Context) error {
	return s.changeOperator(c, "staff.disabled_now", func(who workflow.Actor, id registry.OperatorID) error {
		return s.deps.Workflow.DisableOperator(c.Request().Context(), who, id)
	})
}

// changeOperator does something to an operator and returns to their page,
// where a refusal is said.
func (s *Server) changeOperator(c echo.Context, done string, do func(workflow.Actor, registry.OperatorID) error) error {
	id, err := number[registry.OperatorID](c, "id")
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	err = do(who, id)
	if errs, ok := s.fieldErrors(c, err); ok {
		return s.operatorRefused(c, errs)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", done)
	return s.redirect(c, "/staff/"+c.Param("id"))
}

// operatorRefused shows an operator's page with what was refused.
func (s *Server) operatorRefused(c echo.Context, errs map[string]string) error {
	v, err := s.operatorPage(c)
	if err != nil {
		return err
	}
	v.Errors = errs
	return s.render(c, http.StatusUnprocessableEntity, "operator", v)
}
