//go:build e2e

package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tamga-ca/tamga/handlers"
	"github.com/tamga-ca/tamga/internal/registry"
)

// aClerk logs in at the counter.
func aClerk(t *testing.T, s *Server, d Demo, w words) *Page {
	t.Helper()
	i := slices.IndexFunc(d.People, func(p Person) bool { return p.Role == "clerk" })
	c := open(t, s)
	c.logIn(w, d.People[i].Identifier, w.T("ecloud.role_operator"), d.People[i].PIN)
	return c
}

// typist counts the keys that a person presses.
type typist struct {
	Part
	pressed int
}

func (y *typist) keys(keys string) {
	y.t.Helper()
	y.pressed += len([]rune(keys))
	y.Keys(keys)
}

// tab goes to a field by the keyboard alone.
func (y *typist) tab(part Part, label string) {
	y.t.Helper()
	for range 150 {
		var there bool
		y.Run(chromedp.Evaluate("document.activeElement !== document.body && document.activeElement === "+part.field(label), &there))
		if there {
			return
		}
		y.keys(kb.Tab)
	}
	y.t.Fatalf("the keyboard does not reach %q at %s", label, y.where())
}

// A company that is on file is taken in by the keyboard alone, well within two
// minutes: its number, what is new, the consents. On a slow line nothing that is
// typed while the answer is on its way is lost, and the keyboard stays where it
// was.
func tryKnownCompany(t *testing.T, s *Server, d Demo, w words) {
	i := slices.IndexFunc(d.People, func(p Person) bool { return p.Role == "HEAD" && p.Certificate == "valid" })
	if i < 0 {
		t.Fatal("the demo has no head with a valid certificate")
	}
	c := aClerk(t, s, d, w)
	c.Goto("/worklist")
	y := &typist{Part: c.In("")}
	y.keys("n")
	c.Until("the form", patience, func() bool { return c.Count("#application-form") == 1 })
	org := c.In(w.T("organisation.organisation"))
	c.Run(network.EmulateNetworkConditions(false, 700, -1, -1))
	y.tab(org, w.T("organisation.inn"))
	y.keys(d.People[i].Identifier)
	// Not a moment's rest: on to another field, while the company is looked up.
	y.tab(org, w.T("organisation.street"))
	const street = "Токтогул көчөсү 7"
	for _, key := range street {
		y.keys(string(key))
		time.Sleep(40 * time.Millisecond)
	}
	c.Until("what is on file", patience, func() bool { return org.Value(w.T("organisation.name_ru")) != "" })
	c.Run(network.EmulateNetworkConditions(false, 0, -1, -1))
	if got := org.Value(w.T("organisation.street")); got != street {
		t.Errorf("of what was typed meanwhile is left %q, want %q", got, street)
	}
	var at string
	c.Run(chromedp.Evaluate("document.activeElement.name", &at))
	if at != "organisation.street" {
		t.Errorf("the keyboard is at %q", at)
	}
	y.keys(", 3")
	if got := org.Value(w.T("organisation.street")); got != street+", 3" {
		t.Errorf("the street is %q", got)
	}
	for _, whose := range []string{"signatory.HEAD", "signatory.ACCOUNTANT", "person.trusted"} {
		part := c.In(w.T(whose))
		var shown bool
		c.Run(chromedp.Evaluate(part.field(w.T("person.consent"))+" !== null", &shown))
		if !shown {
			continue
		}
		y.tab(part, w.T("person.consent"))
		y.keys(" ")
	}
	c.Until("the draft to be kept", patience, func() bool { return c.Sees(w.begins("application.draft_kept", "number", "", "time", "")) })
	y.pressed += 2
	c.Run(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(2)))
	c.Until("the file", patience, func() bool {
		return strings.HasPrefix(c.Path(), "/applications/") && c.Sees(w.T("status.application.submitted"))
	})
	c.See(street + ", 3")
	// A hundred keys a minute is slow.
	t.Logf("%d keys", y.pressed)
	if y.pressed > 200 {
		t.Errorf("%d keys do not fit two minutes", y.pressed)
	}
}

// Reading, and plain forms, without any JavaScript: the login with the E-Cloud,
// the lists, a form that is filled in from what is on file, refused with all that
// was typed and then taken in, and a paper of it.
func tryWithoutScript(t *testing.T, s *Server, d Demo, w words) {
	c := open(t, s)
	c.Expect(`\b422\b`)
	c.WithoutScript()
	i := slices.IndexFunc(d.People, func(p Person) bool { return p.Role == "clerk" })
	c.logIn(w, d.People[i].Identifier, w.T("ecloud.role_operator"), d.People[i].PIN)
	for _, a := range handlers.Addresses() {
		if a.Method != http.MethodGet || !slices.Contains(a.Roles, registry.Clerk) || strings.Contains(a.Path, ":") || notPages[a.Path] != "" {
			continue
		}
		if status := c.Goto(a.Path); status != http.StatusOK || c.Text("h1") == "" {
			t.Errorf("%s without JavaScript: %d", a.Path, status)
		}
	}

	c.Goto("/worklist")
	c.In("").Follow(w.T("worklist.new"))
	org := c.In(w.T("organisation.organisation"))
	known := slices.IndexFunc(d.People, func(p Person) bool { return p.Role == "HEAD" && p.Certificate == "valid" })
	org.Type(w.T("organisation.inn"), d.People[known].Identifier)
	org.Follow(w.T("application.fill"))
	if org.Value(w.T("organisation.name_ru")) == "" {
		t.Error("nothing is filled in without JavaScript")
	}
	const street = "Токтогул көчөсү 9"
	org.Type(w.T("organisation.street"), street)
	c.In("").Follow(w.T("application.update_list"))
	if n := c.Count("#checklist .tg-docs > li"); n < 3 {
		t.Errorf("%d documents are asked for", n)
	}
	c.In("").Follow(w.T("action.submit"))
	c.See(w.T("error.registry.consent"))
	if got := org.Value(w.T("organisation.street")); got != street {
		t.Errorf("after a refusal the street is %q", got)
	}
	for _, prefix := range []string{"head", "accountant", "trusted"} {
		c.Run(chromedp.Evaluate(`void document.querySelectorAll('input[name="`+prefix+`.consent"]:not(:checked)').forEach((e) => { if (e.checkVisibility()) e.click(); })`, nil))
	}
	c.In("").Follow(w.T("action.submit"))
	c.See(w.T("status.application.submitted"))
	c.In("").Follow(w.T("action.take"))
	title := ""
	c.Run(chromedp.Evaluate(`document.querySelector('.tg-docs [data-row] > a').textContent.trim()`, &title))
	c.In("").Follow(title)
	c.Run(chromedp.SetUploadFiles("#under input[type=file]", []string{pdfPaper(t, "paper.pdf", "Registration")}, chromedp.ByQuery))
	c.In("#under").Follow(w.T("action.add_file"))
	c.See(w.T("flash.uploaded"))
	c.In("").Follow(w.T("action.logout"))
	c.Goto("/worklist")
	if !strings.HasPrefix(c.Path(), "/login") {
		t.Errorf("after the logout %s still opens", c.Path())
	}
}
