package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/workflow"
)

// afterLogin is where a person goes who has just logged in: where they wanted
// to, or home.
func (s *Server) afterLogin(c echo.Context, id Identity, next string) string {
	if p := localPath(next); p != "" && p != "/" {
		return p
	}
	if home := s.home(c, id); home != "" {
		return home
	}
	return "/"
}

// admit begins the session of a login that succeeded, or leads to the choice
// of the organisation first (LG-11). It returns where to go.
func (s *Server) admit(c echo.Context, id Identity, next string) (string, error) {
	if s.deps.CompanyStep && id.Companies > 1 {
		return s.askCompany(c, id, next)
	}
	if err := s.enter(c, id); err != nil {
		return "", err
	}
	return s.afterLogin(c, id, next), nil
}

func loginNext(path, next string) string {
	return path + "?" + url.Values{"next": {next}}.Encode()
}

// browser is the random mark of this browser, made when it is not there. It
// tells a browser that the holder uses from a stranger's, so that a stranger's
// wrong tries cannot lock the holder out; it opens nothing.
func (s *Server) browser(c echo.Context) string {
	name := s.cookieName(browserCookie)
	if cookie, err := c.Cookie(name); err == nil && workflow.IsBrowserToken(cookie.Value) {
		return cookie.Value
	}
	mark := workflow.NewBrowserToken()
	c.SetCookie(&http.Cookie{
		Name: name, Value: mark, Path: "/", MaxAge: int(keepChoice.Seconds()),
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
	return mark
}
