package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/templates"
)

type landingPage struct {
	templates.Page
	Doors []door
}

// door is a way in for somebody who is not logged in; Label and Hint are
// message keys.
type door struct{ Path, Label, Hint string }

var doors = []door{
	{"/login", "action.login", "landing.login_hint"},
	{"/order", "landing.order", "landing.order_hint"},
	{"/track", "track.title", "track.lead"},
	{"/documents", "needed.title", "landing.documents_hint"},
	{"/offices", "offices.title", "landing.offices_hint"},
	{"/status", "action.check_certificate", "landing.status_hint"},
	{"/revoke", "landing.revoke", "landing.revoke_hint"},
}

// landing leads a person with a session to their work and shows everybody else
// the ways in that there are.
func (s *Server) landing(c echo.Context) error {
	if id := identity(c); id != nil {
		if home := s.home(c, *id); home != "" {
			return c.Redirect(http.StatusSeeOther, home)
		}
	}
	v := &landingPage{Page: s.page(c, s.deps.Authority[lang(c)].Name)}
	v.Shell = templates.Plain
	for _, d := range doors {
		if d.Path == "/order" && s.deps.Workflow != nil && s.orderForm(c, nil) == nil {
			d.Label, d.Hint = "landing.renew", "landing.renew_hint"
		}
		if _, ok := s.routes[http.MethodGet+" "+d.Path]; ok {
			v.Doors = append(v.Doors, d)
		}
	}
	return s.render(c, http.StatusOK, "landing", v)
}
