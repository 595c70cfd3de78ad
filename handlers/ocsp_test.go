package handlers

import (
	"bytes"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"golang.org/x/crypto/ocsp"
)

// The request of a GET, as clients escape it.
func TestOCSPOfPath(t *testing.T) {
	der := []byte{0x30, 0xff, 0xfe, 0xfb, 0xef, 0xff, 0x3f} // + and / in base64
	text := base64.StdEncoding.EncodeToString(der)
	for _, path := range []string{
		"/ocsp/" + url.PathEscape(text), "/ocsp/" + url.QueryEscape(text), "/ocsp/" + text, "/ocsp/" + base64.RawStdEncoding.EncodeToString(der),
	} {
		u, err := url.Parse("http://ca.example" + path)
		if err != nil {
			t.Fatal(err)
		}
		if got := ocspOfPath(u.Path); !bytes.Equal(got, der) {
			t.Errorf("%s: %x", path, got)
		}
	}
	for _, path := range []string{"/ocsp", "/ocsp/", "/ocsp/%%%", "/ocsp/a b"} {
		if got := ocspOfPath(path); len(got) != 0 {
			t.Errorf("%s: %x", path, got)
		}
	}
}

func TestETags(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, `"a"`: true, `W/"a"`: true, `"b"`: false, `"b", "a"`: true, "*": true, "a": false,
	} {
		if matches(header, `"a"`) != want {
			t.Errorf("%s: %v", header, !want)
		}
	}
}

// What breaks while an answer is made is said in OCSP too (RFC 6960 §2.3).
func TestOCSPBroken(t *testing.T) {
	s := &Server{log: slog.New(slog.DiscardHandler)} // without a workflow
	rec := httptest.NewRecorder()
	c := echo.New().NewContext(httptest.NewRequest(http.MethodPost, "/ocsp", strings.NewReader("0")), rec)
	if err := s.ocsp(c); err != nil {
		t.Fatal(err)
	}
	var said ocsp.ResponseError
	if _, err := ocsp.ParseResponse(rec.Body.Bytes(), nil); !errors.As(err, &said) || said.Status != ocsp.InternalError {
		t.Errorf("a broken server answers %x", rec.Body)
	}
	if got := rec.Header().Get("Cache-Control"); got != "no-store" || rec.Code != http.StatusOK {
		t.Errorf("status %d, Cache-Control %q", rec.Code, got)
	}
}
