package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// menuEntries are the entries of the main menu in order. One is shown to
// whoever may GET its address; an address that is not in the table of routes
// is never shown. The first entry of a person is their home.
var menuEntries = []struct{ Path, Label string }{
	{"/worklist", "nav.worklist"},
	{"/decisions", "nav.decisions"},
	{"/staff", "nav.staff"},
	{"/proposals", "nav.proposals"},
	{"/top-ups", "nav.top_ups"},
	{"/addresses", "nav.addresses"},
	{"/audit/certificates", "nav.audit_search"},
	{"/audit/charts", "audit.charts"},
	{"/audit", "nav.journal"},
	{"/audit/samples", "nav.samples"},
	{"/audit/access", "nav.access"},
	{"/audit/register", "nav.register"},
	{"/queue", "nav.queue"},
	{"/revocations", "nav.revocation"},
	{"/data-requests", "nav.data_requests"},
	{"/organisations", "nav.organisations"},
	{"/certificates", "nav.certificates"},
	{"/calendar", "nav.calendar"},
	{"/prices", "money.price_list"},
	{"/staff/news", "nav.news"},
	{"/letters", "nav.letters"},
	{"/ca-refusals", "nav.ca_refusals"},
	{"/news", "nav.news"},
	{"/archive", "nav.archive"},
	{"/cabinet", "nav.certificates"},
	{"/cabinet/orders", "nav.orders"},
	{"/cabinet/documents", "nav.documents"},
	{"/cabinet/balance", "nav.balance"},
	{"/cabinet/pin", "pin.title"},
	{"/application", "application.application"},
}

func (s *Server) menu(c echo.Context, id Identity, counts map[string]MenuCount) []templates.NavItem {
	var (
		out  []templates.NavItem
		best = -1
	)
	path := c.Request().URL.Path
	for _, e := range menuEntries {
		r, ok := s.routes[http.MethodGet+" "+e.Path]
		if (e.Path == "/cabinet/orders" || e.Path == "/queue") && !s.ordersOffered() {
			continue
		}
		if !ok || r.Access.kind == public || r.Access.Allows(&id) != nil {
			continue
		}
		n := counts[e.Path]
		out = append(out, templates.NavItem{Path: e.Path, Label: s.text(c, e.Label), Count: n.N, More: n.N >= store.MaxCount, Late: n.Late})
		under := path == e.Path || strings.HasPrefix(path, e.Path+"/") || e.Path == "/worklist" && strings.HasPrefix(path, "/applications/")
		if under && (best < 0 || len(e.Path) > len(out[best].Path)) {
			best = len(out) - 1
		}
	}
	if best >= 0 {
		out[best].Current = true
	}
	return out
}

// home is where a person arrives who asks for nothing in particular.
func (s *Server) home(c echo.Context, id Identity) string {
	if id.Kind == HolderSession && s.deps.Landing != "" {
		if r, ok := s.routes[http.MethodGet+" "+s.deps.Landing]; ok && r.Access.Allows(&id) == nil {
			return s.deps.Landing
		}
	}
	if items := s.menu(c, id, nil); len(items) > 0 {
		return items[0].Path
	}
	return ""
}
