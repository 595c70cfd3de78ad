package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"
)

// cameFrom is the page of ours that led to this request, as the pattern of its
// address: an address itself may hold a person's number or a secret link. Empty:
// none, or the browser does not say.
func (s *Server) cameFrom(c echo.Context) string {
	u, err := url.Parse(back(c))
	if err != nil || u.Path == "" {
		return ""
	}
	found := s.echo.NewContext(nil, nil)
	s.echo.Router().Find(http.MethodGet, u.Path, found)
	return s.pageOf(found.Path())
}

// pageOf lets through the pattern of a page of ours.
func (s *Server) pageOf(pattern string) string {
	if _, ok := s.routes[http.MethodGet+" "+pattern]; ok {
		return pattern
	}
	return ""
}
