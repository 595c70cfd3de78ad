//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
)

// trySample draws the quarter's sample again, and records and corrects a finding.
func trySample(page *Page, w words) {
	page.Goto("/audit/samples")
	page.look()
	page.Submit("table a.tg-key")
	page.look()
	page.In("").Follow(w.T("sample.again"))
	page.See(w.T("sample.same"))
	page.Submit("table[data-rows] a.tg-key")
	page.look()
	if page.Sees(w.T("error.finding.own_file")) { // drawn by lot: it may be the auditor's own
		if page.Count("main form") != 0 {
			page.t.Errorf("a form for what is refused:\n%s", page.body())
		}
		return
	}
	before, certificate := page.Count(".tg-history li"), page.Path()
	note := "M-2a ишеним катында мөөнөт жок. " + w.lang
	page.Click("input[name=outcome][value=finding]")
	page.Fill("#f-note", note)
	page.Expect(`\b422\b`)
	page.In("").Follow(w.T("action.save"))
	if page.Count("#f-severity[aria-invalid]") != 1 || page.In("").Value(w.T("finding.note")) != note {
		page.t.Errorf("a finding without severity:\n%s", page.body())
	}
	page.Choose("#f-severity", "minor")
	page.In("").Follow(w.T("action.save"))
	page.See(w.T("finding.saved"))
	page.Goto(certificate)
	page.See(note)
	page.Click("input[name=outcome][value=none]")
	page.Choose("#f-severity", "")
	page.Fill("#f-note", "")
	page.In("").Follow(w.T("action.save"))
	page.Goto(certificate)
	page.See(w.T("finding.correction"))
	page.See(note)
	if n := page.Count(".tg-history li") - before; n != 2 {
		page.t.Errorf("%d entries of two results", n)
	}
}

// tryRegister takes the register away; openssl verifies it as the page says, and
// refuses it with one byte changed.
func tryRegister(page *Page, s *Server, d Demo) {
	page.Goto("/audit/register")
	page.look()
	page.Fill("#f-date", time.Now().AddDate(0, 0, -1).Format("02.01.2006"))
	files := unzip(page.t, page.posted(`form[action="/audit/register"]`))
	dir := page.t.TempDir()
	var content, signature string
	for name, b := range files {
		path := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(path, b, 0o600); err != nil {
			page.t.Fatal(err)
		}
		switch {
		case strings.HasSuffix(name, ".json"):
			content = path
		case strings.HasSuffix(name, ".p7s"):
			signature = path
		}
	}
	root := ca.Layout{Dir: filepath.Join(s.Dir, "data", "ca")}.RootCertificate()
	verify := func() error {
		cmd := exec.CommandContext(page.t.Context(), "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content", content, "-CAfile", root, "-purpose", "any", "-out", os.DevNull)
		out, err := cmd.CombinedOutput()
		page.t.Logf("openssl: %s", bytes.TrimSpace(out))
		return err
	}
	if err := verify(); err != nil {
		page.t.Errorf("the register's signature: %v", err)
	}
	b, err := os.ReadFile(content)
	if err != nil {
		page.t.Fatal(err)
	}
	if !json.Valid(b) || !bytes.Contains(b, []byte(d.Certificates[0].Serial)) {
		page.t.Errorf("the register names no certificate of the demo: %.300s", b)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(content, b, 0o600); err != nil {
		page.t.Fatal(err)
	}
	if verify() == nil {
		page.t.Error("openssl accepts an altered register")
	}
	page.Goto("/audit/register")
	if page.Count("table tbody tr") == 0 {
		page.t.Error("the page does not list the export")
	}
}

// tryAccess looks at a scan: not without a purpose, and then the list of views
// tells it.
func tryAccess(page *Page, w words, d Demo) {
	page.Goto("/applications/" + d.Applications[0].Number)
	page.Submit(`.tg-docs a[href*="document="]`)
	page.Submit(`#under a.btn[href^="/files/"]`)
	page.look()
	page.Expect(`\b422\b`)
	page.Fill("#f-purpose", " ")
	page.In("").Follow(w.T("file.view"))
	page.Accessible()
	scan := page.Path()
	purpose := "Сот иши № 7, " + w.lang
	page.Fill("#f-purpose", purpose)
	if b := page.posted(`form[action^="/files/"]`); len(b) < 100 {
		page.t.Errorf("%s with a purpose: %d bytes", scan, len(b))
	}
	page.Goto("/audit/access?q=" + d.Applications[0].Number)
	page.look()
	page.See(purpose)
}

// tryDataRequest answers what a person asks of their own data: recorded by a
// clerk, refused a second time while it is open, collected, handed over.
func tryDataRequest(t *testing.T, s *Server, d Demo, w words) {
	var clerk, asks Person
	for _, p := range d.People {
		switch {
		case p.Role == string(registry.Clerk):
			clerk = p
		case p.Role == string(registry.Approver): // employees are people too
			asks = p
		}
	}
	page := open(t, s)
	page.Language(w.lang)
	page.Expect(`\b(409|422)\b`)
	page.logIn(w, clerk.Identifier, w.T("ecloud.role_operator"), clerk.PIN)
	page.Goto("/data-requests")
	page.look()
	record := func() {
		page.Fill("#f-personal_number", asks.Identifier)
		page.Click("input[name=way][value=person]")
		page.Fill("#f-asked_by", asks.Name)
		page.Fill("#f-identified", "Паспорту көрсөтүлдү.")
		page.In(w.T("data_request.new")).Follow(w.T("action.save"))
	}
	record()
	page.See(w.begins("data_request.recorded", "number", ""))
	page.look()
	path := page.Path()
	page.Goto("/data-requests")
	record()
	page.See(w.T("error.data_request.open"))
	page.Goto(path)
	files := unzip(t, page.posted(`form[action$="/export"]`))
	if !json.Valid(files["data.json"]) || !bytes.Contains(files["data.json"], []byte(asks.Identifier)) || !bytes.HasPrefix(files["summary.pdf"], []byte("%PDF-")) {
		t.Errorf("collected: %d files, %.200s", len(files), files["data.json"])
	}
	page.Goto(path)
	page.Fill("#f-remark", "Колго берилди.")
	page.In(w.T("data_request.hand_over")).Follow(w.T("data_request.hand_over"))
	page.See(w.T("data_request.handed_over"))
	page.look()
}
