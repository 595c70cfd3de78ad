package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// newsEditor shows an announcement to be changed or removed.
func (s *Server) newsEditor(c echo.Context) error {
	v, err := s.newsEditorPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "news_edit", v)
}

func (s *Server) newsEditorPage(c echo.Context) (*newsDeskPage, error) {
	id, err := number[int64](c, "id")
	if err != nil {
		return nil, err
	}
	v := &newsDeskPage{Page: s.page(c, s.text(c, "news.edit_title")), ID: id, Errors: templates.FieldErrors{}}
	v.Langs = newsLangs(v.Languages)
	err = s.read(c, func(tx *store.Tx) error {
		n, err := tx.News(id)
		if err != nil {
			return err
		}
		v.Version, v.Form = n.Version, newsForm(n)
		return nil
	})
	return v, err
}

// newsEdit changes an announcement that nobody else has changed meanwhile;
// otherwise what was typed stays beside the refusal.
func (s *Server) newsEdit(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	v, err := s.newsEditorPage(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	err = s.deps.Workflow.EditNews(c.Request().Context(), who, v.ID, version(form.Get("version")), newsText(form))
	if errs, ok := s.fieldErrors(c, err); ok {
		v.Form, v.Errors = newsTyped(form), errs
		return s.render(c, http.StatusUnprocessableEntity, "news_edit", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "flash.saved")
	return s.redirect(c, "/staff/news")
}

// newsRemove takes an announcement off the pages.
func (s *Server) newsRemove(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	id, err := number[int64](c, "id")
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	if err := s.deps.Workflow.RemoveNews(c.Request().Context(), who, id, version(form.Get("version"))); err != nil {
		return err
	}
	s.flash(c, "warn", "news.removed")
	return s.redirect(c, "/staff/news")
}
