//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/tamga-ca/tamga/handlers"
	"github.com/tamga-ca/tamga/internal/registry"
)

// notPages are the addresses of the table that answer with something else than
// a page, or with a page of its own elsewhere.
var notPages = map[string]string{
	"/language/:lang":                      "remembers the language and goes back",
	"/track/:token":                        "the secret link: goes on to /application, where the applicant is seen",
	"/applications/:number/enrolments":     "a part of the application's page",
	"/documents/forms/:form":               "a file",
	"/applications/:number/forms/:form":    "a file",
	"/organisations/:inn/statement.csv":    "a file",
	"/cabinet/balance.csv":                 "a file",
	"/applications/:number/order.zip":      "a file",
	"/calendar.csv":                        "a file",
	"/calendar.xlsx":                       "a file",
	"/audit/certificates.csv":              "a file",
	"/audit/certificates.xlsx":             "a file",
	"/revocations/bulk/preview.csv":        "a file",
	"/revocations/bulk/:number/report.csv": "a file",
	"/revocations/bulk/:number":            "seen with a list: TestRevocation",
	"/cabinet/orders/:number/evidence.zip": "a file",
	"/enrolments/:id/paper":                "a file",
	"/cabinet/certificates/:serial":        "a file",
	"/archive/files/:id":                   "a scan",
	"/activate/state":                      "seen while a certificate is being made: TestMainJob",
}

// Every page of the table of addresses, as each person who may see it, in each
// language: nothing that axe-core finds wrong, nothing on the console, no other
// host, nothing to be scrolled sideways on a small or a large screen. A page is
// found by the links of the others; one that no link leads to is an error, so
// that a new page is tried or the test fails.
func tryPages(t *testing.T, s *Server, d Demo, w words) {
	seen, looked := map[string]bool{}, map[string]bool{}
	// The first head has ordered a renewal: what is closed to them then is looked
	// at by one who acts as their own accountant.
	for _, who := range []string{"", "clerk", "approver", "auditor", "administrator", "HEAD", "applicant", "HEAD_AS_ACCOUNTANT"} {
		v := newVisitor(t, s, who)
		v.seen, v.looked = seen, looked
		v.logInAs(d, w)
		v.walk(d)
	}
	for _, a := range handlers.Addresses() {
		if a.Method == http.MethodGet && a.For != "machine" && notPages[a.Path] == "" && !seen[a.Path] {
			t.Errorf("no link leads to %s, for: %s %v", a.Path, a.For, a.Roles)
		}
	}
}

// tryOwnPages looks at what an authority has that the other has not: the order of
// anybody, the archive, the reissue of a client's certificate.
func tryOwnPages(t *testing.T, s *Server, d Demo, w words) {
	nobody := newVisitor(t, s, "")
	nobody.look("/order", true)
	head := newVisitor(t, s, "HEAD")
	head.logInAs(d, w)
	head.look("/archive", true)
	head.look("/cabinet", true)
	i := slices.IndexFunc(head.queue, func(at string) bool { return strings.HasSuffix(at, "/reissue") })
	if i < 0 {
		t.Fatal("no reissue is offered")
	}
	head.look(head.queue[i], true)
}

// visitor is one person who looks at all there is.
type visitor struct {
	*Page
	t      *testing.T
	who    string
	seen   map[string]bool   // patterns, by anybody
	looked map[string]bool   // those of them that did not lead elsewhere
	done   map[string]bool   // patterns with the names of their questions, by this one
	about  map[string]string // where the key is that a page linked to is about
	queue  []string
}

func newVisitor(t *testing.T, s *Server, who string) *visitor {
	return &visitor{t: t, Page: open(t, s), who: who, seen: map[string]bool{}, looked: map[string]bool{}, done: map[string]bool{}, about: map[string]string{}}
}

func (v *visitor) logInAs(d Demo, w words) {
	switch v.who {
	case "":
	case "applicant":
		for _, a := range d.Applications {
			if a.Status == string(registry.AwaitingDocuments) {
				v.Goto(a.Link)
				return
			}
		}
	default:
		for _, p := range d.People {
			if p.Role != v.who {
				continue
			}
			v.logIn(w, p.Identifier, w.T(whose[p.Choice]), p.PIN)
			v.Until("being logged in", patience, func() bool { return v.Count("form[data-logout]") == 1 })
			return
		}
		v.t.Fatalf("the demo has no %s", v.who)
	}
}

// may says whether the visitor may see a page.
func (v *visitor) may(a handlers.Address) bool {
	switch a.For {
	case "anybody":
		return v.who == ""
	case "operator":
		return slices.Contains(a.Roles, registry.Role(v.who))
	case "holder":
		return v.who == "HEAD" || v.who == "HEAD_AS_ACCOUNTANT"
	case "applicant":
		return v.who == "applicant"
	case "logged in":
		return v.who == "clerk"
	}
	return false
}

func (v *visitor) walk(d Demo) {
	// An organisation with movements on its account comes first.
	if i := slices.IndexFunc(d.People, func(p Person) bool { return p.Role == "HEAD" }); i >= 0 && v.who != "" {
		v.queue = append(v.queue, "/organisations/"+d.People[i].Identifier+"/statement", "/organisations/"+d.People[i].Identifier)
	}
	for _, a := range handlers.Addresses() {
		if a.Method == http.MethodGet && v.may(a) && !strings.Contains(a.Path, ":") && notPages[a.Path] == "" {
			v.queue = append(v.queue, a.Path)
		}
	}
	if v.who == "clerk" || v.who == "approver" || v.who == "auditor" {
		for _, a := range d.Applications {
			v.queue = append(v.queue, "/applications/"+a.Number)
		}
	}
	if v.who == "" {
		v.queue = append(v.queue, "/no-such-page")
		v.Expect(`\b404\b`)
	}
	for len(v.queue) > 0 {
		at := v.queue[0]
		v.queue = v.queue[1:]
		pattern := v.pattern(at)
		key := pattern + " " + v.state(d, at)
		if pattern == "" || v.done[key] || v.who == "HEAD_AS_ACCOUNTANT" && v.looked[pattern] {
			continue
		}
		v.done[key] = true
		before := len(v.queue)
		v.look(at, !v.looked[pattern])
		v.tell(d, at, v.queue[before:])
		v.seen[pattern] = true
		v.looked[pattern] = v.looked[pattern] || v.pattern(v.Path()) == pattern
	}
}

// tell remembers of enrolments where their keys are.
func (v *visitor) tell(d Demo, at string, links []string) {
	for _, a := range d.Applications {
		if at != "/applications/"+a.Number {
			continue
		}
		for _, l := range links {
			if strings.HasPrefix(l, "/enrolments/") {
				v.about[l] = a.Storage
			}
		}
	}
}

// state tells apart pages that look different: an application by its state, an
// enrolment by where the key is.
func (v *visitor) state(d Demo, at string) string {
	u, err := url.Parse(at)
	if err != nil {
		return ""
	}
	var names []string
	for name := range u.Query() {
		names = append(names, name)
	}
	state := strings.Join(names, "") + v.about[at]
	if len(names) > 1 || len(names) == 1 && v.who != "clerk" && v.who != "HEAD" {
		state = v.about[at] // more of the same
	}
	if v.who == "clerk" {
		for _, a := range d.Applications {
			if u.Path == "/applications/"+a.Number {
				state += " " + a.Status + " " + a.Storage
			}
		}
	}
	return state
}

// pattern is the row of the table that an address belongs to and the visitor
// may see; "" if there is none.
func (v *visitor) pattern(at string) string {
	path, _, _ := strings.Cut(at, "?")
	if path == "/no-such-page" {
		return path
	}
	all := handlers.Addresses()
	slices.SortStableFunc(all, func(a, b handlers.Address) int { return strings.Count(a.Path, ":") - strings.Count(b.Path, ":") })
	for _, a := range all {
		if a.Method != http.MethodGet || notPages[a.Path] != "" || !v.may(a) && (a.For != "anybody" || v.who != "HEAD") {
			continue
		}
		if regexp.MustCompile("^" + regexp.MustCompile(`:[a-z]+`).ReplaceAllString(regexp.QuoteMeta(a.Path), `[^/]+`) + "$").MatchString(path) {
			return a.Path
		}
	}
	return ""
}

// look tries a page; first says that nobody has seen one like it: then it is
// tried in all languages, and the main ones in the dark.
func (v *visitor) look(at string, first bool) {
	v.choose("ky", "light")
	v.Expect(`favicon`) // a scan has no icon
	if v.pattern(at) == "/enrolments/:id/token" {
		v.Expect(`http://127\.0\.0\.1:24114/v1/hello`) // the agent, which does not run here
	}
	v.Goto(at)
	if v.isScan() {
		return
	}
	v.links()
	v.Accessible()
	if !first && v.who != "clerk" {
		v.fits(false)
		return
	}
	name := v.who + strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-").Replace(strings.TrimSuffix(at, "/"))
	v.Shot("page-" + strings.TrimPrefix(name, "-"))
	v.fits(first)
	if !first {
		return
	}
	for _, lang := range []string{"ru", "en"} {
		v.choose(lang, "light")
		v.Goto(at)
		v.Accessible()
		v.fits(true)
	}
	if pattern := v.pattern(at); dark[pattern] {
		v.choose("ky", "dark")
		v.Goto(at)
		v.Accessible()
		v.Shot("dark-" + strings.TrimPrefix(name, "-"))
		v.choose("ky", "light")
	}
}

// dark are the pages to be looked at in the dark as well.
var dark = map[string]bool{
	"/": true, "/login": true, "/login/cloud": true, "/activate": true, "/worklist": true, "/applications/new": true, "/applications/:number": true,
	"/decisions/:number": true, "/organisations/:inn/statement": true, "/enrolments/:id": true, "/staff": true, "/prices": true,
	"/news": true, "/archive": true, "/cabinet": true, "/application": true, "/no-such-page": true,
}

func (v *visitor) fits(narrow bool) {
	v.Size(1920, 1080)
	v.Fits()
	if narrow {
		v.Size(360, 740)
		v.Fits()
	}
	v.Size(1440, 900)
}

func (v *visitor) isScan() bool {
	var kind string
	v.Run(chromedp.Evaluate("document.contentType", &kind))
	return kind != "text/html" || v.Count("main") == 0
}

// choose sets the language and the look as the page's own links do.
func (v *visitor) choose(lang, theme string) {
	for name, value := range map[string]string{"tamga-language": lang, "tamga-theme": theme} {
		v.Run(network.SetCookie(name, value).WithURL(v.base))
	}
}

// links remembers where the page leads.
func (v *visitor) links() {
	var found []string
	v.Run(chromedp.Evaluate(fmt.Sprintf(`[...document.querySelectorAll('a[href]')].map((a) => a.href).filter((h) => h.startsWith(%q)).map((h) => h.slice(%d).split('#')[0])`, v.base+"/", len(v.base)), &found))
	v.queue = append(v.queue, found...)
}
