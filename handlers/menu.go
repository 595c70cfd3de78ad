package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

// menuEntries are the entries of the main menu in order. One is shown to
// whoever may GET its address; an address that is not in the table of routes
// is never shown. The first entry of a person is their home. What somebody
// needs once a day at most is aside: it stands folded behind the others.
var menuEntries = []struct {
	Path, Label string
	Aside       []registry.Role
}{
	{"/worklist", "nav.worklist", nil},
	{"/decisions", "nav.decisions", nil},
	{"/staff", "nav.staff", nil},
	{"/proposals", "nav.proposals", nil},
	{"/audit/certificates", "nav.audit_search", nil},
	{"/audit", "nav.journal", nil},
	{"/audit/charts", "audit.charts", nil},
	{"/audit/samples", "nav.samples", nil},
	{"/audit/access", "nav.access", registry.Roles[:]},
	{"/audit/register", "nav.register", registry.Roles[:]},
	{"/queue", "nav.orders", []registry.Role{registry.Auditor}}, // see queueName
	{"/revocations", "nav.revocation", nil},
	{"/top-ups", "nav.top_ups", []registry.Role{registry.Auditor}},
	{"/organisations", "nav.organisations", []registry.Role{registry.Approver, registry.Auditor}},
	{"/addresses", "nav.addresses", registry.Roles[:]},
	{"/data-requests", "nav.data_requests", registry.Roles[:]},
	{"/certificates", "nav.certificates", nil},
	{"/calendar", "nav.calendar", registry.Roles[:]},
	{"/prices", "money.price_list", []registry.Role{registry.Clerk, registry.Approver, registry.Auditor}},
	{"/staff/news", "nav.news", nil},
	{"/letters", "nav.letters", registry.Roles[:]},
	{"/ca-refusals", "nav.ca_refusals", registry.Roles[:]},
	{"/news", "nav.news", nil},
	{"/archive", "nav.archive", nil},
	{"/cabinet", "nav.certificates", nil},
	{"/cabinet/orders", "nav.orders", nil},
	{"/cabinet/documents", "nav.documents", nil},
	{"/cabinet/balance", "nav.balance", nil},
	{"/cabinet/pin", "pin.title", nil},
	{"/application", "application.application", nil},
}

func (s *Server) menu(c echo.Context, id Identity, counts map[string]MenuCount) (m templates.Menu) {
	var best *templates.NavItem
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
		item := &templates.NavItem{Path: e.Path, Label: s.text(c, e.Label), Count: n.N, More: n.N >= store.MaxCount, Late: n.Late}
		if e.Path == "/queue" {
			item.Label = s.queueName(c)
		}
		if id.Kind == OperatorSession && slices.Contains(e.Aside, id.Role) {
			m.Aside = append(m.Aside, item)
		} else {
			m.Items = append(m.Items, item)
		}
		under := path == e.Path || strings.HasPrefix(path, e.Path+"/") || e.Path == "/worklist" && strings.HasPrefix(path, "/applications/")
		if under && (best == nil || len(e.Path) > len(best.Path)) {
			best = item
		}
	}
	if best != nil {
		best.Current = true
	}
	return m
}

// home is where a person arrives who asks for nothing in particular.
func (s *Server) home(c echo.Context, id Identity) string {
	if id.Kind == HolderSession && s.deps.Landing != "" {
		if r, ok := s.routes[http.MethodGet+" "+s.deps.Landing]; ok && r.Access.Allows(&id) == nil {
			return s.deps.Landing
		}
	}
	if items := s.menu(c, id, nil).Items; len(items) > 0 {
		return items[0].Path
	}
	return ""
}
