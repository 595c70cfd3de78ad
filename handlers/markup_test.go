package handlers

import (
	"context"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
)

var update = flag.Bool("update", false, "write the golden pages anew")

// pages are what the golden files hold, in each language.
var goldenPages = []struct {
	name   string
	path   string
	as     *Identity
	before func(*browser) // steps on the way to the page
}{
	{name: "landing", path: "/"},
	{name: "login", path: "/login"},
	{name: "login_token", path: "/login?carrier=token"},
	{name: "login_cloud_inn", path: "/login?carrier=cloud&next=%2Fworklist"},
	{name: "login_cloud_pin", path: "/login/cloud", before: func(b *browser) {
		b.post("/login/cloud", map[string][]string{"inn": {"00101202019906"}})
	}},
	{name: "login_ended", path: "/login?ended=1"},
	{name: "not_found", path: "/nowhere"},
	{name: "staff_not_found", path: "/nowhere", as: &Identity{Kind: OperatorSession, OperatorID: 7, Role: registry.Clerk, Name: "Айдарова Бактыгүл", CertEnds: time.Date(2026, 11, 19, 3, 14, 2, 0, time.UTC)}},
	{name: "client_not_found", path: "/nowhere", as: &Identity{Kind: HolderSession, OrganisationID: 1, Name: "Нур-Тилек Медиа ЖЧК", CertEnds: time.Date(2026, 4, 28, 5, 0, 24, 0, time.UTC)}},
}

func goldenServer(t *testing.T) *Server {
	t.Helper()
	deps := testDeps(t)
	deps.LoginToken, deps.AgentURL = true, "http://127.0.0.1:24114"
	deps.LoginSteps = []authorities.LoginStep{authorities.StepCarrier, authorities.StepDevice, authorities.StepPINCode, authorities.StepCompany}
	deps.CompanyStep = true
	deps.LoginCloud = func(context.Context, CloudLogin) (Identity, error) { return aClerk, nil }
	s, err := newServer(deps)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.register(s.table()); err != nil {
		t.Fatal(err)
	}
	return s
}

// eachPage calls check with every golden page in every language.
func eachPage(t *testing.T, check func(t *testing.T, name, lang, body string, h http.Header)) {
	s := goldenServer(t)
	for _, p := range goldenPages {
		for _, lang := range registry.Languages {
			var cookies []*http.Cookie
			if p.as != nil {
				cookies = loginAs(t, s, *p.as)
			}
			b := newBrowser(t, s, cookies...)
			b.head["Accept-Language"] = string(lang)
			if p.before != nil {
				p.before(b)
			}
			rec := b.do(http.MethodGet, p.path, nil)
			t.Run(p.name+"/"+string(lang), func(t *testing.T) { check(t, p.name, string(lang), rec.Body.String(), rec.Header()) })
		}
	}
}

var varying = []*regexp.Regexp{
	regexp.MustCompile(`(name="csrf" value=")[^"]*`),
	regexp.MustCompile(`(data-csrf=")[^"]*`),
	regexp.MustCompile(`(/assets/)[^/]*`),
	regexp.MustCompile(`(data-who=")[^"]*`),
}

func TestGoldenPages(t *testing.T) {
	eachPage(t, func(t *testing.T, name, lang, body string, _ http.Header) { golden(t, name+"."+lang+".html", body) })
}

// golden compares a page with the one that is kept.
func golden(t *testing.T, name, body string) {
	t.Helper()
	for _, v := range varying {
		body = v.ReplaceAllString(body, "${1}…")
	}
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), body); diff != "" {
		t.Errorf("%s differs; if it should, run go test ./handlers -update\n%s", file, diff)
	}
}

func TestPagesHoldNothingThatThePolicyForbids(t *testing.T) {
	eachPage(t, func(t *testing.T, _, _, body string, h http.Header) {
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("the policy lacks %s: %s", want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("the policy is lax: %s", csp)
		}
		for _, p := range forbidden(body) {
			t.Error(p)
		}
	})
}

func TestPagesAreWellFormed(t *testing.T) {
	eachPage(t, func(t *testing.T, _, lang, body string, h http.Header) {
		for _, p := range malformed(body) {
			t.Error(p)
		}
		if !strings.Contains(body, `<html lang="`+lang+`"`) {
			t.Errorf("not in %s", lang)
		}
		if n := strings.Count(body, "btn-primary"); n > 1 {
			t.Errorf("%d primary buttons", n)
		}
		if n := strings.Count(body, "<h1"); n != 1 {
			t.Errorf("%d headings of the first level", n)
		}
		if h.Get("Cache-Control") != "no-store" {
			t.Error("the page may be kept")
		}
	})
}

// The sources of all pages, also of those no test above shows.
func TestTemplatesHaveNoInlineStyleOrScript(t *testing.T) {
	files, err := filepath.Glob("../templates/*/*.html")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, "../templates/layout.html")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		if m := regexp.MustCompile(`(?i)<style|<script(?:[^>]*)>[^<]|\sstyle\s*=|\son[a-z]+\s*=\s*["']|javascript:|\bhx-on|src="https?:|href="https?:[^"]*\.(?:js|css)`).FindString(text); m != "" {
			t.Errorf("%s: %q", file, m)
		}
		for _, form := range regexp.MustCompile(`(?is)<form[^>]*method="post".*?</form>`).FindAllString(text, -1) {
			if !strings.Contains(form, `{{template "csrf"`) {
				t.Errorf("%s: a form without the CSRF field: %.80s", file, form)
			}
		}
		if regexp.MustCompile(`>[^<{]*\p{Cyrillic}`).MatchString(text) {
			t.Errorf("%s: text that is not in the catalogs", file)
		}
	}
}

// forbidden finds what the Content-Security-Policy would block.
func forbidden(body string) []string {
	var out []string
	z := html.NewTokenizer(strings.NewReader(body))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			if tok.Data == "style" {
				out = append(out, "a <style> element")
			}
			if tok.Data == "script" && attr(tok, "src") == "" {
				out = append(out, "a script in the page")
			}
			for _, a := range tok.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") || strings.HasPrefix(strings.TrimSpace(a.Val), "javascript:") || strings.HasPrefix(a.Val, "data:") {
					out = append(out, "<"+tok.Data+" "+a.Key+"="+a.Val+">")
				}
				if (a.Key == "src" || tok.Data == "link" && a.Key == "href") && strings.Contains(a.Val, "://") {
					out = append(out, "another host: "+a.Val)
				}
			}
		}
	}
}

var voids = []string{"meta", "link", "img", "input", "br", "hr", "path", "circle", "rect", "line", "source", "col"}

// malformed checks what browsers forgive: nesting, identities, references and
// names of fields.
func malformed(body string) []string {
	var (
		out, open    []string
		ids          = map[string]int{}
		refs, labels []string
		fields       []html.Token
	)
	z := html.NewTokenizer(strings.NewReader(body))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		tok := z.Token()
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			if id := attr(tok, "id"); id != "" {
				ids[id]++
			}
			for _, name := range []string{"aria-describedby", "aria-labelledby", "for"} {
				refs = append(refs, strings.Fields(attr(tok, name))...)
			}
			if tok.Data == "label" {
				labels = append(labels, attr(tok, "for"))
			}
			if slices.Contains([]string{"input", "select", "textarea"}, tok.Data) && attr(tok, "type") != "hidden" {
				if !slices.Contains(open, "label") {
					fields = append(fields, tok)
				}
			}
			if tok.Data == "img" && !has(tok, "alt") {
				out = append(out, "an image without alt")
			}
			if kind == html.StartTagToken && !slices.Contains(voids, tok.Data) {
				open = append(open, tok.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				return append(out, "</"+tok.Data+"> closes "+strings.Join(open, ">"))
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		out = append(out, "never closed: "+strings.Join(open, ">"))
	}
	for id, n := range ids {
		if n > 1 {
			out = append(out, "id "+id+" stands twice")
		}
	}
	for _, ref := range refs {
		if ids[ref] == 0 {
			out = append(out, "nothing has the id "+ref)
		}
	}
	for _, f := range fields {
		if !slices.Contains(labels, attr(f, "id")) && attr(f, "aria-label") == "" {
			out = append(out, "a field without a label: "+f.String())
		}
	}
	return out
}

func attr(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(t html.Token, name string) bool {
	return slices.ContainsFunc(t.Attr, func(a html.Attribute) bool { return a.Key == name })
}
