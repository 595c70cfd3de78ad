package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// orderPublicPage says to anybody who may order online, and leads there.
type orderPublicPage struct {
	templates.Page
	Remote bool     // there is a remote way
	Enter  string   // where it begins
	Closed []string // what closes it, in the pack's words
	Stated []string
	Help   *renewHelp
	Form   *orderForm // nil: no orders without a login
}

// orderPublic explains who may order remotely, and for all others the office;
// where the authority takes orders from anybody, it has the form.
func (s *Server) orderPublic(c echo.Context) error {
	return s.render(c, http.StatusOK, "order_public", s.orderPublicPage(c, url.Values{}))
}

func (s *Server) orderPublicPage(c echo.Context, form url.Values) *orderPublicPage {
	pack, l := s.deps.Workflow.Pack(), lang(c)
	v := &orderPublicPage{Page: s.page(c, s.text(c, "order.public_title")), Remote: len(pack.Remote.Operations) > 0}
	if v.Form = s.orderForm(c, form); v.Form != nil {
		v.Title = s.text(c, "landing.order")
	}
	s.guestShell(c, &v.Page)
	v.Enter = loginPath("cloud", "/cabinet/renew")
	if id := identity(c); id != nil && id.Kind == HolderSession {
		v.Enter = "/cabinet/renew"
	}
	for _, r := range pack.Remote.Reasons {
		v.Closed = append(v.Closed, r.Label.In(l))
	}
	for _, st := range pack.Stated {
		if st.Where == "order" || st.Where == "reminder" {
			v.Stated = append(v.Stated, st.Text.In(l))
		}
	}
	facts := s.renewFacts(registry.Head)
	if v.Form != nil {
		v.Form.answers(&facts)
	}
	v.Help = s.officeHelp(c, facts)
	return v
}
