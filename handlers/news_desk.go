package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

type newsDeskPage struct {
	templates.Page
	ID      int64 // 0: a new one is written
	Version int64
	Items   []newsView // those published, beside the form of a new one
	Next    string
	Form    map[string]string // as typed, by field
	Langs   []newsLang
	Errors  templates.FieldErrors
}

// newsLang is a language of the form, named in itself.
type newsLang struct{ Lang, Name string }

// newsDesk lists the news for administrators, with a form for another.
func (s *Server) newsDesk(c echo.Context) error {
	v, err := s.newsDeskPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "news_desk", v)
}

func (s *Server) newsDeskPage(c echo.Context) (*newsDeskPage, error) {
	v := &newsDeskPage{Page: s.page(c, s.text(c, "nav.news")), Form: map[string]string{}, Errors: templates.FieldErrors{}}
	v.Langs = newsLangs(v.Languages)
	var err error
	v.Items, v.Next, err = s.newsItems(c, "/staff/news")
	return v, err
}

func newsLangs(links []templates.LangLink) []newsLang {
	out := make([]newsLang, len(links))
	for i, l := range links {
		out[i] = newsLang{l.Lang, l.Name}
	}
	return out
}

// newsPublish publishes an announcement.
func (s *Server) newsPublish(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	who, err := s.actor(c)
	if err != nil {
		return err
	}
	_, err = s.deps.Workflow.PublishNews(c.Request().Context(), who, newsText(form))
	if errs, ok := s.fieldErrors(c, err); ok {
		v, err := s.newsDeskPage(c)
		if err != nil {
			return err
		}
		v.Form, v.Errors = newsTyped(form), errs
		return s.render(c, http.StatusUnprocessableEntity, "news_desk", v)
	}
	if err != nil {
		return err
	}
	s.flash(c, "good", "news.published")
	return s.redirect(c, "/staff/news")
}

func newsText(form url.Values) workflow.NewsText {
	return workflow.NewsText{
		Title: registry.Text{Ky: form.Get("title_ky"), Ru: form.Get("title_ru"), En: form.Get("title_en")},
		Body:  registry.Text{Ky: form.Get("body_ky"), Ru: form.Get("body_ru"), En: form.Get("body_en")},
	}
}

func newsTyped(form url.Values) map[string]string {
	out := map[string]string{}
	for _, l := range registry.Languages {
		out["title_"+string(l)], out["body_"+string(l)] = form.Get("title_"+string(l)), form.Get("body_"+string(l))
	}
	return out
}

// newsForm is what is published as a form.
func newsForm(n *store.News) map[string]string {
	out := map[string]string{}
	for _, l := range registry.Languages {
		out["title_"+string(l)], out["body_"+string(l)] = n.Title.In(l), n.Body.In(l)
	}
	return out
}
