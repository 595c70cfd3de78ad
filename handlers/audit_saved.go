package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"
)

// auditSave keeps a search under a name.
func (s *Server) auditSave(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	q, err := url.ParseQuery(form.Get("query"))
	if err != nil {
		q = url.Values{}
	}
	typed := searchTyped(q)
	err = s.deps.Workflow.SaveSearch(c.Request().Context(), who, form.Get("name"), typed)
	if errs, ok := s.fieldErrors(c, err); ok {
		v, err := s.auditSearchPage(c, typed)
		if err != nil {
			return err
		}
		v.SaveAs, v.SaveErrs = form.Get("name"), errs
		return s.render(c, http.StatusUnprocessableEntity, "audit_search", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "audit.saved_done")
	return s.redirect(c, "/audit/certificates?"+typed.Encode())
}

// auditForget deletes a search that was kept.
func (s *Server) auditForget(c echo.Context) error {
	id, err := number[int64](c, "id")
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.DeleteSearch(c.Request().Context(), who, id); err != nil {
		return err
	}
	s.flash(c, "good", "audit.deleted_done")
	return s.redirect(c, "/audit/certificates")
}
