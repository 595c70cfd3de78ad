package handlers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

// personas are everybody who may send a request.
func personas() map[string]*Identity {
	out := map[string]*Identity{
		"nobody":    nil,
		"applicant": {Kind: ApplicantSession, ApplicationID: 1},
		"holder":    {Kind: HolderSession, OrganisationID: 1, PersonalNumber: "20104197900013"},
	}
	for i, role := range registry.Roles {
		out[string(role)] = &Identity{Kind: OperatorSession, OperatorID: registry.OperatorID(i + 1), Role: role, Name: "Айдарова Бактыгүл"}
	}
	return out
}

// may is the test's own reading of a rule.
func may(a Access, id *Identity) bool {
	switch a.kind {
	case machine, public:
		return true
	case loggedIn:
		return id != nil
	case applicant:
		return id != nil && id.Kind == ApplicantSession
	case holder:
		return id != nil && id.Kind == HolderSession
	case operator:
		for _, r := range a.roles {
			if id != nil && id.Kind == OperatorSession && id.Role == r {
				return true
			}
		}
	}
	return false
}

var parameter = regexp.MustCompile(`:[a-z_]+|\*`)

// The whole table, walked as everybody: with a session of theirs each gets in
// where their rule says so and nowhere else.
func TestEveryRouteLetsInWhomItsRuleNames(t *testing.T) {
	s, err := newServer(testDeps(t))
	if err != nil {
		t.Fatal(err)
	}
	rows := s.table()
	for i := range rows {
		rows[i].Handle = func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }
		rows[i].Slow = false
	}
	if err := s.register(rows); err != nil {
		t.Fatal(err)
	}
	for name, id := range personas() {
		var cookies []*http.Cookie
		if id != nil {
			cookies = loginAs(t, s, *id)
		}
		for _, row := range rows {
			req := httptest.NewRequest(row.Method, parameter.ReplaceAllString(row.Path, "1"), nil)
			req.Header.Set("Sec-Fetch-Site", "same-origin")
			for _, c := range cookies {
				req.AddCookie(c)
			}
			rec := httptest.NewRecorder()
			s.echo.ServeHTTP(rec, req)
			got, want := rec.Code == http.StatusNoContent, may(row.Access, id)
			if got != want {
				t.Errorf("%s %s as %s: %d, allowed should be %v", row.Method, row.Path, name, rec.Code, want)
			}
			if !got && id != nil && rec.Code != http.StatusForbidden {
				t.Errorf("%s %s as %s: %d, want 403", row.Method, row.Path, name, rec.Code)
			}
		}
	}
}

// Who may use which address stands in testdata/golden/access.txt, so that a rule
// that is loosened is seen by whoever reads the change; and what no change may
// loosen is said here.
func TestWhoMayUseWhichAddress(t *testing.T) {
	var lines []string
	for _, a := range Addresses() {
		who := a.For
		if a.For == "operator" {
			roles := make([]string, len(a.Roles))
			for i, r := range a.Roles {
				roles[i] = string(r)
			}
			slices.Sort(roles)
			who = strings.Join(roles, ", ")
		}
		if strings.HasPrefix(a.Path, "/assets/") {
			continue // its name changes with what it holds
		}
		lines = append(lines, fmt.Sprintf("%-45s %-5s %s\n", a.Path, a.Method, who))
		under := func(prefixes ...string) bool {
			return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(a.Path, p) })
		}
		may := func(r registry.Role) bool { return slices.Contains(a.Roles, r) }
		switch {
		case may(registry.Administrator) && under("/applications", "/documents/", "/files", "/decisions", "/queue", "/worklist", "/revocations"):
			t.Errorf("%s %s: administrators have no applications", a.Method, a.Path)
		case may(registry.Auditor) && a.Method == http.MethodPost && !under("/audit", "/files/:id", "/data-requests", "/pin"):
			t.Errorf("%s %s: auditors read", a.Method, a.Path)
		case may(registry.Clerk) && under("/decisions", "/proposals", "/staff"):
			t.Errorf("%s %s: clerks neither decide nor keep people", a.Method, a.Path)
		case may(registry.Approver) && a.Method == http.MethodPost && under("/documents/:id", "/applications/save", "/applications/submit"):
			t.Errorf("%s %s: approvers do not fill in what they decide", a.Method, a.Path)
		case a.For == "anybody" && under("/applications", "/organisations", "/files", "/audit", "/staff", "/proposals", "/cabinet", "/archive", "/enrolments"):
			t.Errorf("%s %s: open to anybody", a.Method, a.Path)
		}
	}
	slices.Sort(lines)
	golden(t, "access.txt", strings.Join(lines, ""))
}

func TestARouteWithoutARuleStopsTheStart(t *testing.T) {
	nothing := func(c echo.Context) error { return nil }
	for name, r := range map[string]route{
		"no rule":    {Method: "GET", Path: "/x", Handle: nothing},
		"no role":    {Method: "GET", Path: "/x", Handle: nothing, Access: Operator()},
		"no handler": {Method: "GET", Path: "/x", Access: Public()},
	} {
		s, err := newServer(testDeps(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.register([]route{r}); err == nil {
			t.Errorf("%s: started", name)
		}
	}
	s, err := newServer(testDeps(t))
	if err != nil {
		t.Fatal(err)
	}
	twice := route{Method: "GET", Path: "/x", Handle: nothing, Access: Public()}
	if err := s.register([]route{twice, twice}); err == nil {
		t.Error("the same address twice: started")
	}
}

// loginAs makes a session and returns its cookies.
func loginAs(t *testing.T, s *Server, id Identity) []*http.Cookie {
	t.Helper()
	c := s.echo.NewContext(httptest.NewRequest(http.MethodPost, "/login", nil), httptest.NewRecorder())
	ctx, err := s.sessions.Load(c.Request().Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	c.SetRequest(c.Request().WithContext(ctx))
	if err := s.enter(c, id); err != nil {
		t.Fatal(err)
	}
	if err := s.commitSession(ctx, c); err != nil {
		t.Fatal(err)
	}
	res := &http.Response{Header: c.Response().Header()}
	if len(res.Cookies()) == 0 {
		t.Fatal("no session cookie")
	}
	return res.Cookies()
}
