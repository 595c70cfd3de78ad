package handlers

import (
	"net/http"
	"strings"
	"testing"
)

func TestLanguageChoice(t *testing.T) {
	for _, tc := range []struct{ cookie, accept, want string }{
		{"", "", "ky"},
		{"", "kk,ru", "ru"},
		{"", "kk", "ky"},
		{"", "ru-RU,ru;q=0.9,en;q=0.8", "ru"},
		{"", "ru;q=0.5, ky;q=0.9", "ky"},
		{"", "de, en-GB;q=0.7", "en"},
		{"", "not a language at all;;;", "ky"},
		{"en", "ru", "en"},
		{"xx", "ru", "ru"},
	} {
		s := protected(t, nil)
		b := newBrowser(t, s)
		b.head["Accept-Language"] = tc.accept
		if tc.cookie != "" {
			b.jar[languageCookie] = &http.Cookie{Name: languageCookie, Value: tc.cookie}
		}
		body := b.do(http.MethodGet, "/login", nil).Body.String()
		if !strings.Contains(body, `<html lang="`+tc.want+`"`) {
			t.Errorf("cookie %q, browser %q: want %s, got %.40s", tc.cookie, tc.accept, tc.want, body)
		}
	}
}

func TestLanguageSwitchReturnsToTheSamePage(t *testing.T) {
	s := protected(t, nil)
	b := newBrowser(t, s)
	page := b.do(http.MethodGet, "/login?carrier=cloud&next=%2Fworklist", nil).Body.String()
	link := "/language/ru?next=%2Flogin%3Fcarrier%3Dcloud%26next%3D%252Fworklist"
	if !strings.Contains(page, strings.ReplaceAll(link, "&", "&amp;")) {
		t.Fatalf("no link %s in %s", link, page)
	}
	rec := b.do(http.MethodGet, link, nil)
	if got := rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || got != "/login?carrier=cloud&next=%2Fworklist" {
		t.Errorf("%d %s", rec.Code, got)
	}
	if body := b.do(http.MethodGet, "/login", nil).Body.String(); !strings.Contains(body, `<html lang="ru"`) {
		t.Error("the language was not remembered")
	}
	if code := b.do(http.MethodGet, "/language/kk", nil).Code; code != http.StatusNotFound {
		t.Errorf("a language we do not have: %d", code)
	}
}

func TestNobodyIsSentToAnotherSite(t *testing.T) {
	for _, next := range []string{"https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/a\r\nSet-Cookie: x", "evil", ""} {
		if got := localPath(next); got != "" {
			t.Errorf("%q is taken for our own: %q", next, got)
		}
	}
	for _, next := range []string{"/", "/worklist?a=b&c=%2F", "/a/b"} {
		if got := localPath(next); got != next {
			t.Errorf("%q became %q", next, got)
		}
	}
}
