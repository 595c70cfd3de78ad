package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// operatorKey shows the making of an operator's certificate: the newest one.
func (s *Server) operatorKey(c echo.Context) error {
	id, err := number[registry.OperatorID](c, "id")
	if err != nil {
		return err
	}
	var list []*registry.Enrolment
	if err := s.read(c, func(tx *store.Tx) (err error) {
		list, err = tx.EnrolmentsOfOperator(id)
		return err
	}); err != nil {
		return err
	}
	if len(list) == 0 {
		return registry.Refuse(registry.NotFound, "error.not_found")
	}
	return c.Redirect(http.StatusSeeOther, enrolmentPath(list[0].ID))
}

// operatorKeyNew begins a further certificate for an operator.
func (s *Server) operatorKeyNew(c echo.Context) error {
	if _, err := postForm(c); err != nil {
		return err
	}
	id, err := number[registry.OperatorID](c, "id")
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	e, err := s.deps.Workflow.OpenOperatorEnrolment(c.Request().Context(), who, id)
	if err != nil {
		return err
	}
	return s.redirect(c, enrolmentPath(e))
}

func enrolmentPath(id registry.EnrolmentID) string {
	return "/enrolments/" + strconv.FormatInt(int64(id), 10)
}
