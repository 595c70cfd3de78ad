//go:build e2e

package e2e

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/tamga-ca/tamga/internal/registry"
)

// An auditor finds a suspended certificate, reads its life, takes the list away
// and keeps the search, in ky and in ru.
func TestAuditor(t *testing.T) {
	s := startDemo(t, "dostek")
	d := s.Demo(t)
	who := slices.IndexFunc(d.People, func(p Person) bool { return p.Role == string(registry.Auditor) })
	serial := ""
	for _, c := range d.Certificates {
		if c.Status == "suspended" {
			serial = c.Serial
		}
	}
	if who < 0 || serial == "" {
		t.Fatal("the demo has no auditor or no suspended certificate")
	}
	for _, lang := range []string{"ky", "ru"} {
		t.Run(lang, func(t *testing.T) {
			w, page := wordsOf(t, "dostek", lang), open(t, s)
			page.Language(lang)
			page.logIn(w, d.People[who].Identifier, w.T(whose[d.People[who].Choice]), d.People[who].PIN)
			page.Until("being logged in", patience, func() bool { return page.Count("form[data-logout]") == 1 })
			tryAudit(page, w, serial)
			trySample(page, w)
			tryRegister(page, s, d)
			tryAccess(page, w, d)
			tryDataRequest(t, s, d, w)
		})
	}
}

func tryAudit(page *Page, w words, serial string) {
	page.Goto("/audit/certificates")
	page.look()
	page.Choose("#f-state", "suspended")
	page.Submit("main form[method=get] button[type=submit]")
	page.See(w.T("audit.state.suspended"))
	row := fmt.Sprintf("tr[data-row=%q]", strings.ToLower(serial))
	if page.Count(row) != 1 {
		page.t.Fatalf("the search does not find %s:\n%s", serial, page.body())
	}
	page.look()

	for _, kind := range []string{"csv", "xlsx"} {
		var status int
		page.Run(chromedp.Evaluate(fmt.Sprintf(`fetch(document.querySelector('a[href*="certificates.%s"]').href).then((r) => r.blob().then((b) => b.size > 100 ? r.status : 0))`, kind), &status,
			func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		if status != 200 {
			page.t.Errorf("the %s answers %d", kind, status)
		}
	}
	name := "Аудит " + w.T("audit.state.suspended")
	page.Fill("#f-name", name)
	page.Submit("main form[action='/audit/searches'] button[type=submit]")
	page.See(w.T("audit.saved_done"))
	page.Goto("/audit/certificates")
	page.In("").Follow(name)
	page.Submit(row + " a.tg-key")
	page.See(w.T("history.certificate.suspended"))
	page.look()
	page.tryPack(w, serial)
	page.Goto("/audit/charts")
	page.look()
	page.Goto("/audit")
	page.look()
}

// tryPack has the life of a certificate packed, and the program check it without
// server and database; a pack in which one byte is another fails.
func (p *Page) tryPack(w words, serial string) {
	p.t.Helper()
	p.Goto("/audit/packs?certificate=" + serial)
	p.look()
	p.Fill("#f-purpose", "Сот иши № 12")
	pack := p.posted(`form[action="/audit/packs"]`)
	file := filepath.Join(p.t.TempDir(), "pack.zip")
	write := func(b []byte) {
		if err := os.WriteFile(file, b, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	write(pack)
	// No key was kept outside the server, and the program says what that leaves open.
	if said := command(p.t, nil, "journal", "verify", file); !strings.HasPrefix(said, "consistent only with itself") {
		p.t.Errorf("of the pack it is said: %s", said)
	}
	pack[len(pack)/2] ^= 1
	write(pack)
	cmd := exec.CommandContext(p.t.Context(), binary(p.t, tamga), "journal", "verify", file)
	if out, err := cmd.CombinedOutput(); err == nil {
		p.t.Errorf("of an altered pack it is said: %s", out)
	}
	p.Goto("/audit")
	p.See(w.T("history.pack.made"))
}

// posted sends a form as its button would and returns what comes back.
func (p *Page) posted(form string) []byte {
	p.t.Helper()
	var sent string
	p.Run(chromedp.Evaluate(fmt.Sprintf(`(() => {
		const form = document.querySelector(%q);
		return fetch(form.action, {method: 'POST', body: new URLSearchParams(new FormData(form))}).then((r) => r.ok ? r.arrayBuffer() : Promise.reject(r.status))
			.then((b) => btoa(Array.from(new Uint8Array(b), (c) => String.fromCharCode(c)).join('')));
	})()`, form), &sent, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	b, err := base64.StdEncoding.DecodeString(sent)
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

// look looks at a page as axe-core and both widths do.
func (p *Page) look() {
	p.t.Helper()
	p.Accessible()
	for _, size := range [][2]int64{{390, 844}, {1440, 900}} {
		p.Size(size[0], size[1])
		p.Fits()
	}
}
