package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
)

// failing is a server whose /fail answers with err, and what it logged.
func failing(t *testing.T, err error) (*Server, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	deps := testDeps(t)
	deps.Log = slog.New(slog.NewTextHandler(&log, nil))
	s, e := newServer(deps)
	if e != nil {
		t.Fatal(e)
	}
	fail := func(echo.Context) error { return err }
	rows := append(s.table(),
		route{Method: http.MethodGet, Path: "/fail", Access: Public(), Handle: fail},
		route{Method: http.MethodGet, Path: "/panic", Access: Public(), Handle: func(echo.Context) error { panic("secret detail") }},
		route{Method: http.MethodGet, Path: "/proto", Access: Machine(), Handle: fail},
		route{Method: http.MethodGet, Path: "/half", Access: Public(), Handle: func(c echo.Context) error {
			_ = c.String(http.StatusOK, "half")
			return err
		}})
	if e := s.register(rows); e != nil {
		t.Fatal(e)
	}
	return s, &log
}

func TestErrorsBecomeStatuses(t *testing.T) {
	wrapped := func(k registry.Kind, key string, args ...any) error {
		return fmt.Errorf("doing x: %w", registry.Refuse(k, key, args...))
	}
	for _, tc := range []struct {
		err  error
		code int
		says string
	}{
		{wrapped(registry.Invalid, "error.inn.digits", "n", 13), 422, "ИНН 14 цифрадан турушу керек. Азыр: 13."},
		{wrapped(registry.Forbidden, "error.forbidden"), 403, "Бул аракетке уруксатыңыз жок."},
		{wrapped(registry.NotFound, "error.not_found"), 404, "Барак табылган жок."},
		{wrapped(registry.Conflict, "error.application.state", "action", "approve", "status", "in_review"), 409, "Арыздын азыркы абалы: Каралууда. Бул аракет азыр мүмкүн эмес: бекитүү."},
		{wrapped(registry.Conflict, "error.balance.insufficient", "sum", registry.Tyiyn(125000)), 409, "Жетишпеген сумма: 1\u00a0250,00\u00a0сом."},
		{wrapped(registry.Invalid, "error.certificate.expired", "date", time.Date(2018, 7, 3, 5, 0, 24, 0, time.UTC)), 422, "03.07.2018 11:00:24"},
		{wrapped(registry.Throttled, "error.throttled", "n", 5), 429, "5 мүнөттөн кийин"},
		{wrapped(registry.Unavailable, "error.ca.unavailable"), 503, "өзү уланат"},
		{registry.Errors{registry.Refuse(registry.Invalid, "error.required")}, 422, "Бул талааны толтуруңуз."},
		{fmt.Errorf("parsing: %w", &http.MaxBytesError{Limit: 1e6}), 413, "1\u00a0МБ"},
		{fmt.Errorf("deep: %w", echo.NewHTTPError(405)), 405, "суроо-талапты кабыл албайт"},
		{errors.New("secret detail"), 500, "Кайрылуунун номери"},
		{echo.NewHTTPError(500, "secret detail"), 500, "Кайрылуунун номери"},
		{context.Canceled, 500, "Кайрылуунун номери"},
	} {
		s, _ := failing(t, tc.err)
		rec := newBrowser(t, s).do(http.MethodGet, "/fail", nil)
		if rec.Code != tc.code || !strings.Contains(rec.Body.String(), tc.says) {
			t.Errorf("%v: %d, want %d and %q:\n%s", tc.err, rec.Code, tc.code, tc.says, rec.Body)
		}
		if strings.Contains(rec.Body.String(), "secret") {
			t.Errorf("%v: the page tells the detail", tc.err)
		}
	}
}

func TestAFaultIsLoggedOnceWithItsNumber(t *testing.T) {
	for _, path := range []string{"/fail", "/panic"} {
		s, log := failing(t, errors.New("secret detail"))
		rec := newBrowser(t, s).do(http.MethodGet, path+"?inn=00101202019906", nil)
		id := rec.Header().Get("X-Request-Id")
		if rec.Code != 500 || id == "" || !strings.Contains(rec.Body.String(), id) {
			t.Errorf("%s: %d, number %q not on the page", path, rec.Code, id)
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), "secret detail") || !strings.Contains(log.String(), id) {
			t.Errorf("%s: logged %d times: %s", path, n, log)
		}
		if strings.Contains(log.String(), "00101202019906") {
			t.Errorf("%s: the log holds the query: %s", path, log)
		}
	}
	s, log := failing(t, registry.Refuse(registry.Forbidden, "error.forbidden"))
	newBrowser(t, s).do(http.MethodGet, "/fail", nil)
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("a refusal is logged as a fault: %s", log)
	}
}

func TestErrorsSpeakTheClientsFormat(t *testing.T) {
	s, _ := failing(t, registry.Refuse(registry.Conflict, "error.changed_meanwhile").On("phone"))
	b := newBrowser(t, s)
	b.head["Accept"] = "application/json"
	rec := b.do(http.MethodGet, "/fail", nil)
	for _, want := range []string{`"error":"error.changed_meanwhile"`, `"field":"phone"`, `"message":"Маалымат өзгөрүп кетти.`} {
		if rec.Code != 409 || !strings.Contains(rec.Body.String(), want) {
			t.Errorf("JSON: %d %s", rec.Code, rec.Body)
		}
	}
	b = newBrowser(t, s)
	b.head["HX-Request"] = "true"
	rec = b.do(http.MethodGet, "/fail", nil)
	if rec.Code != 409 || strings.Contains(rec.Body.String(), "<html") || !strings.Contains(rec.Body.String(), `class="tg-note is-stop"`) {
		t.Errorf("htmx: %d %s", rec.Code, rec.Body)
	}
	rec = newBrowser(t, s).do(http.MethodGet, "/proto", nil)
	if rec.Code != 409 || rec.Body.String() != "Conflict\n" || rec.Header().Get("Set-Cookie") != "" {
		t.Errorf("protocol: %d %q %v", rec.Code, rec.Body, rec.Header())
	}
	rec = newBrowser(t, s).do(http.MethodGet, "/half", nil)
	if rec.Code != 200 || rec.Body.String() != "half" {
		t.Errorf("after the answer had begun: %d %q", rec.Code, rec.Body)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s, _ := failing(t, nil)
	theme := url.Values{"theme": {"dark"}}
	if rec := newBrowser(t, s).do(http.MethodPost, "/theme", theme); rec.Code != http.StatusForbidden {
		t.Errorf("without a token: %d", rec.Code)
	}
	b := newBrowser(t, s)
	b.do(http.MethodGet, "/login", nil)
	b.head["Sec-Fetch-Site"] = "cross-site"
	b.head["Origin"] = "https://evil.example"
	stolen := url.Values{"theme": {"dark"}, "csrf": {b.jar["tamga-csrf"].Value}}
	if rec := b.do(http.MethodPost, "/theme", stolen); rec.Code != http.StatusForbidden {
		t.Errorf("from another site, with the token: %d", rec.Code)
	}
	b = newBrowser(t, s)
	b.head["Sec-Fetch-Site"] = "same-origin"
	if rec := b.do(http.MethodPost, "/theme", theme); rec.Code != http.StatusSeeOther {
		t.Errorf("the browser says it is our own page: %d", rec.Code)
	}
	b = newBrowser(t, s)
	if rec := b.post("/theme", url.Values{"theme": {"dark"}, "next": {"/login"}}); rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/login" {
		t.Errorf("our own form: %d %v", rec.Code, rec.Header())
	}
	if body := b.do(http.MethodGet, "/login", nil).Body.String(); !strings.Contains(body, `data-bs-theme="dark"`) {
		t.Error("the theme was not remembered")
	}
}

func TestBodiesHaveALimit(t *testing.T) {
	s, _ := failing(t, nil)
	b := newBrowser(t, s)
	rec := b.post("/theme", url.Values{"theme": {strings.Repeat("x", defaultLimit)}})
	if rec.Code != http.StatusRequestEntityTooLarge || !strings.Contains(rec.Body.String(), "өтө чоң") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
