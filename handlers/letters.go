package handlers

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

const lettersShown = 100

type lettersPage struct {
	templates.Page
	Items []letterItem
}

type letterItem struct {
	store.DeadLetter
	What, To string
}

// letters are those that could not be sent.
func (s *Server) letters(c echo.Context) error {
	v := &lettersPage{Page: s.page(c, s.text(c, "nav.letters"))}
	err := s.read(c, func(tx *store.Tx) error {
		dead, err := tx.DeadLetters(lettersShown)
		for _, d := range dead {
			var l workflow.Letter
			if json.Unmarshal([]byte(d.Payload), &l) == nil {
				v.Items = append(v.Items, letterItem{d, s.text(c, "letter.name."+l.Kind), l.To})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "letters", v)
}

// letterRetry sends one again.
func (s *Server) letterRetry(c echo.Context) error {
	if _, err := postForm(c); err != nil {
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
	if err := s.deps.Workflow.RetryLetter(c.Request().Context(), who, id); err != nil {
		return err
	}
	s.flash(c, "good", "letter.again")
	return s.redirect(c, "/letters")
}
