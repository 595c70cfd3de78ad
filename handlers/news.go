package handlers

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

const newsShown = 10

type newsPage struct {
	templates.Page
	System string // the pack's name of the system
	Items  []newsView
	First  string
	Next   string
}

type newsView struct {
	ID         int64
	At         time.Time
	Title      string
	Paragraphs []string
}

// news is the page on which holders arrive (LG-13).
func (s *Server) news(c echo.Context) error {
	v := &newsPage{Page: s.page(c, s.text(c, "nav.news")), System: s.deps.Workflow.Pack().Words.SystemName.In(lang(c)).Nom}
	var err error
	if v.Items, v.Next, err = s.newsItems(c, "/news"); err != nil {
		return err
	}
	if c.QueryParam("before") != "" {
		v.First = "/news"
	}
	return s.render(c, http.StatusOK, "news", v)
}

// newsItems are a page of news, the newest first, and the address of the next.
func (s *Server) newsItems(c echo.Context, path string) (items []newsView, next string, err error) {
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64)
	l := lang(c)
	err = s.read(c, func(tx *store.Tx) error {
		all, err := tx.LatestNews(before, newsShown+1)
		if err != nil {
			return err
		}
		if len(all) > newsShown {
			all = all[:newsShown]
			next = path + "?before=" + strconv.FormatInt(all[newsShown-1].ID, 10)
		}
		for _, n := range all {
			items = append(items, newsView{ID: n.ID, At: n.PublishedAt, Title: n.Title.In(l), Paragraphs: paragraphs(n.Body.In(l))})
		}
		return nil
	})
	return items, next, err
}

// paragraphs are the lines of a text that are not empty.
func paragraphs(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
