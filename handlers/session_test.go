package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

// browser is a client that keeps cookies, as far as these tests need.
type browser struct {
	t    *testing.T
	s    *Server
	jar  map[string]*http.Cookie
	head map[string]string
}

func newBrowser(t *testing.T, s *Server, cookies ...*http.Cookie) *browser {
	b := &browser{t: t, s: s, jar: map[string]*http.Cookie{}, head: map[string]string{}}
	for _, c := range cookies {
		b.jar[c.Name] = c
	}
	return b
}

func (b *browser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	var req *http.Request
	if form != nil {
		req = httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		req = httptest.NewRequest(method, path, nil)
	}
	for _, c := range b.jar {
		req.AddCookie(c)
	}
	for name, value := range b.head {
		req.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	b.s.echo.ServeHTTP(rec, req)
	for _, c := range rec.Result().Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(b.jar, c.Name)
		} else {
			b.jar[c.Name] = c
		}
	}
	return rec
}

// post sends a form as a page of ours does.
func (b *browser) post(path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	b.do(http.MethodGet, "/login", nil) // for the token
	form.Set("csrf", b.jar["tamga-csrf"].Value)
	return b.do(http.MethodPost, path, form)
}

// protected is a server with an address for clerks.
func protected(t *testing.T, change func(*Deps)) *Server {
	t.Helper()
	deps := testDeps(t)
	if change != nil {
		change(&deps)
	}
	s, err := newServer(deps)
	if err != nil {
		t.Fatal(err)
	}
	done := func(c echo.Context) error {
		if c.Request().Method == http.MethodPost {
			return s.redirect(c, "/worklist")
		}
		return s.render(c, http.StatusOK, "landing", &landingPage{Page: s.page(c, "")})
	}
	rows := append(s.table(),
		route{Method: http.MethodGet, Path: "/worklist/1", Access: Operator(registry.Clerk), Handle: done},
		route{Method: http.MethodPost, Path: "/worklist/1", Access: Operator(registry.Clerk), Handle: done})
	if err := s.register(rows); err != nil {
		t.Fatal(err)
	}
	return s
}

var aClerk = Identity{Kind: OperatorSession, OperatorID: 7, Role: registry.Clerk, Name: "Айдарова Бактыгүл"}

func TestSessionEndsWhenIdleAndAtItsAbsoluteLimit(t *testing.T) {
	now := time.Now()
	s := protected(t, func(d *Deps) { d.Machine = func() time.Time { return now } })
	b := newBrowser(t, s, loginAs(t, s, aClerk)...)
	in := func() bool { return b.do(http.MethodGet, "/worklist/1", nil).Code == http.StatusOK }
	for range 3 {
		now = now.Add(29 * time.Minute)
		if !in() {
			t.Fatal("a session in use ended")
		}
	}
	now = now.Add(31 * time.Minute)
	if in() {
		t.Error("an idle session is alive")
	}
	b = newBrowser(t, s, loginAs(t, s, aClerk)...)
	begin := now
	for now.Sub(begin) < 12*time.Hour-time.Hour {
		now = now.Add(25 * time.Minute)
		if !in() {
			t.Fatalf("ended after %v", now.Sub(begin))
		}
	}
	now = begin.Add(12*time.Hour + time.Second)
	if in() {
		t.Error("a session outlives twelve hours")
	}
}

func TestSessionIsKilledWhenItsPersonMayNoLongerWork(t *testing.T) {
	var refusal error
	s := protected(t, func(d *Deps) {
		d.CheckSession = func(context.Context, Identity) error { return refusal }
	})
	b := newBrowser(t, s, loginAs(t, s, aClerk)...)
	if code := b.do(http.MethodGet, "/worklist/1", nil).Code; code != http.StatusOK {
		t.Fatal(code)
	}
	refusal = registry.Refuse(registry.Unauthenticated, "error.operator_disabled")
	if rec := b.do(http.MethodGet, "/worklist/1", nil); rec.Code != http.StatusUnauthorized || !strings.Contains(rec.Body.String(), "Кирүү укугуңуз жабылды.") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	refusal = nil
	if code := b.do(http.MethodGet, "/worklist/1", nil).Code; code != http.StatusSeeOther {
		t.Errorf("the killed session came back: %d", code)
	}
	b = newBrowser(t, s, loginAs(t, s, aClerk)...)
	refusal = errors.New("database is away")
	if code := b.do(http.MethodGet, "/worklist/1", nil).Code; code != http.StatusInternalServerError {
		t.Errorf("a check that failed let in, or ended the session: %d", code)
	}
	refusal = nil
	if code := b.do(http.MethodGet, "/worklist/1", nil).Code; code != http.StatusOK {
		t.Errorf("a check that failed once ended the session: %d", code)
	}
}

func TestLoginChangesTheTokenAndStoresItHashed(t *testing.T) {
	store := memstore.NewWithCleanupInterval(0)
	s := protected(t, func(d *Deps) {
		d.Sessions = store
		d.LoginCloud = func(_ context.Context, in CloudLogin) (Identity, error) {
			if in.PIN != "482915" {
				return Identity{}, registry.Refuse(registry.Invalid, "error.ecloud.login")
			}
			return aClerk, nil
		}
	})
	b := newBrowser(t, s)
	rec := b.post("/login/cloud", url.Values{"inn": {"00101202019906"}, "next": {"/worklist/1"}})
	if rec.Code != http.StatusSeeOther {
		t.Fatal(rec.Code, rec.Body)
	}
	guest := b.jar["tamga-session"]
	if guest == nil {
		t.Fatal("the INN was not kept")
	}
	pin := func(code string) *httptest.ResponseRecorder {
		return b.post("/login/cloud/pin", url.Values{"role": {"HEAD"}, "pin": {code}, "next": {"/worklist/1"}})
	}
	rec = pin("000000")
	if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "ИНН же ПИН-код туура эмес.") {
		t.Fatal(rec.Code, rec.Body)
	}
	if strings.Contains(rec.Body.String(), "000000") {
		t.Error("the page repeats the PIN-code")
	}
	rec = pin("482915")
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/worklist/1" {
		t.Fatal(rec.Code, rec.Header())
	}
	mine := b.jar["tamga-session"]
	if mine.Value == guest.Value {
		t.Error("the token did not change at login")
	}
	if !mine.HttpOnly || mine.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie %v", mine)
	}
	if _, found, _ := store.Find(mine.Value); found {
		t.Error("the store knows the token itself")
	}
	if rec := newBrowser(t, s, guest).do(http.MethodGet, "/worklist/1", nil); rec.Code == http.StatusOK {
		t.Error("the guest's token is a clerk's now")
	}
	b.post("/logout", url.Values{})
	if rec := newBrowser(t, s, mine).do(http.MethodGet, "/worklist/1", nil); rec.Code == http.StatusOK {
		t.Error("the session outlived logout")
	}
}

func TestNobodyWhoOnlyLooksGetsASession(t *testing.T) {
	s := protected(t, nil)
	b := newBrowser(t, s)
	b.do(http.MethodGet, "/", nil)
	b.do(http.MethodGet, "/login", nil)
	if b.jar["tamga-session"] != nil {
		t.Error("a guest's look was stored")
	}
}

func TestCookiesAreBoundToTheHostOverTLS(t *testing.T) {
	s := protected(t, func(d *Deps) { d.BaseURL = "https://ca.example" })
	cookies := loginAs(t, s, aClerk)
	if c := cookies[0]; c.Name != "__Host-session" || !c.Secure || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %v", c)
	}
	rec := newBrowser(t, s).do(http.MethodGet, "/login", nil)
	if rec.Header().Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS over TLS")
	}
}

// A form sent after the session ended shows the login and says that nothing
// was lost; the browser's store holds the form meanwhile.
func TestExpiredSessionOnPostKeepsTheForm(t *testing.T) {
	s := protected(t, nil)
	b := newBrowser(t, s)
	b.head["Referer"] = "http://example.com/worklist/1?tab=2"
	rec := b.post("/worklist/1", url.Values{"keep": {"w1"}})
	body := rec.Body.String()
	if rec.Code != http.StatusUnauthorized || !strings.Contains(body, "эч нерсе жоголгон жок") || !strings.Contains(body, `data-status="401"`) {
		t.Fatal(rec.Code, body)
	}
	if strings.Contains(body, "data-kept=") {
		t.Error("the browser is told to forget the form")
	}
	b = newBrowser(t, s, loginAs(t, s, aClerk)...)
	if rec := b.post("/worklist/1", url.Values{"keep": {"w1"}}); rec.Code != http.StatusSeeOther {
		t.Fatal(rec.Code)
	}
	if body := b.do(http.MethodGet, "/worklist/1", nil).Body.String(); !strings.Contains(body, `data-kept="w1"`) {
		t.Error("the page after the form did its work does not say so")
	}
	if body := b.do(http.MethodGet, "/worklist/1", nil).Body.String(); strings.Contains(body, "data-kept=") {
		t.Error("it says so twice")
	}
}

func TestHtmxWithoutASessionStaysOnThePage(t *testing.T) {
	s := protected(t, nil)
	b := newBrowser(t, s)
	b.head["HX-Request"] = "true"
	b.head["HX-Current-URL"] = "http://example.com/worklist/1"
	rec := b.do(http.MethodGet, "/worklist/1", nil)
	if rec.Code != http.StatusUnauthorized || !strings.Contains(rec.Body.String(), `href="/login?ended=1&amp;next=%2Fworklist%2F1"`) || rec.Header().Get("HX-Redirect") != "" {
		t.Error(rec.Code, rec.Header(), rec.Body)
	}
}

func TestLoginIsSlowedPerSource(t *testing.T) {
	s := protected(t, nil)
	b := newBrowser(t, s)
	codes := map[int]int{}
	for range 15 {
		codes[b.post("/login/cloud", url.Values{"inn": {"1"}}).Code]++
	}
	if codes[http.StatusTooManyRequests] == 0 {
		t.Errorf("fifteen tries at once: %v", codes)
	}
}
