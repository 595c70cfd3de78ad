package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

const (
	languageCookie = "tamga-language"
	themeCookie    = "tamga-theme"
	keepChoice     = 365 * 24 * time.Hour
)

// language remembers the chosen language and returns to the same page. It is
// a link, so that it works without script and can be bookmarked; what it
// changes is the reader's own choice only.
func (s *Server) language(c echo.Context) error {
	l := registry.Language(c.Param("lang"))
	if !slices.Contains(registry.Languages[:], l) {
		return registry.Refuse(registry.NotFound, "error.not_found")
	}
	s.remember(c, languageCookie, string(l))
	return c.Redirect(http.StatusSeeOther, nextOr(c.QueryParam("next"), "/"))
}

// theme remembers light or dark.
func (s *Server) theme(c echo.Context) error {
	form, err := postForm(c)
	if err != nil {
		return err
	}
	theme := form.Get("theme")
	if theme != "dark" && theme != "light" {
		return registry.Refuse(registry.Invalid, "error.bad_request")
	}
	s.remember(c, themeCookie, theme)
	return c.Redirect(http.StatusSeeOther, nextOr(form.Get("next"), "/"))
}

func (s *Server) remember(c echo.Context, name, value string) {
	c.SetCookie(&http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(keepChoice.Seconds()),
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
}

func languagePath(l registry.Language, next string) string {
	return "/language/" + string(l) + "?next=" + url.QueryEscape(next)
}

func nextOr(next, otherwise string) string {
	if p := localPath(next); p != "" {
		return p
	}
	return otherwise
}

// postForm is the body of a form, without the query string and without bytes
// that no text has.
func postForm(c echo.Context) (url.Values, error) {
	if _, err := c.FormParams(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, registry.Refuse(registry.Invalid, "error.bad_request")
	}
	for _, values := range c.Request().PostForm {
		for i, v := range values {
			values[i] = strings.ReplaceAll(strings.ToValidUTF8(v, ""), "\x00", "")
		}
	}
	return c.Request().PostForm, nil
}
