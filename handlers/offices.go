package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/templates"
)

type officesPage struct {
	templates.Page
	Offices []officeView
	Scope   string // what support answers, and what it does not (LG-16)
}

// officeView is an office in the language of the page.
type officeView struct {
	Name, Address, Hours, Phone string
	Examples                    bool // hours and address stand in for the real ones
}

// offices lists where people come to, and whom they call.
func (s *Server) offices(c echo.Context) error {
	v := &officesPage{Page: s.page(c, s.text(c, "offices.title")), Offices: s.officeViews(c)}
	s.guestShell(c, &v.Page)
	v.Scope = s.deps.Workflow.Pack().Authority.Scope.In(lang(c))
	return s.render(c, http.StatusOK, "offices", v)
}

// guestShell gives a guest the client's page: one that is read, not a form in
// the middle.
func (s *Server) guestShell(c echo.Context, p *templates.Page) {
	if identity(c) == nil {
		p.Shell = templates.Client
	}
}

func (s *Server) officeViews(c echo.Context) []officeView {
	l := lang(c)
	var out []officeView
	for _, o := range s.deps.Workflow.Pack().Offices {
		v := officeView{Name: o.Name.In(l), Address: o.Address.In(l), Hours: o.Hours.In(l), Examples: o.Examples}
		if o.Phone != "" {
			v.Phone = readablePhone(o.Phone)
		}
		out = append(out, v)
	}
	return out
}
