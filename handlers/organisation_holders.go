package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

// holderAttach lets a person act for the organisation too (LG-12).
func (s *Server) holderAttach(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	err = s.deps.Workflow.AttachHolder(c.Request().Context(), who, registry.INN(c.Param("inn")), form.Get("personal_number"), form.Get("basis"))
	if errs, refused := s.fieldErrors(c, err); refused {
		v, err := s.organisationPage(c)
		if err != nil {
			return err
		}
		v.Form, v.Errors = form, errs
		return s.render(c, http.StatusUnprocessableEntity, "organisation", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "holder.attached")
	return s.redirect(c, "/organisations/"+c.Param("inn"))
}

// holderDetach takes that back.
func (s *Server) holderDetach(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.DetachHolder(c.Request().Context(), who, registry.INN(c.Param("inn")), registry.PersonalNumber(form.Get("personal_number"))); err != nil {
		return err
	}
	s.flash(c, "good", "holder.detached")
	return s.redirect(c, "/organisations/"+c.Param("inn"))
}
