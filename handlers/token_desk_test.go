package handlers

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/token"
)

var onToken = url.Values{"storage": {"RUTOKEN"}}

func stateOf(t *testing.T, rec *httptest.ResponseRecorder) (v deskState) {
	t.Helper()
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil || rec.Code != http.StatusOK {
		t.Fatalf("%d %v\n%s", rec.Code, err, rec.Body)
	}
	return v
}

func refusedWith(t *testing.T, rec *httptest.ResponseRecorder, status int, key string) {
	t.Helper()
	var v struct{ Error, Message string }
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil || rec.Code != status || v.Error != key || v.Message == "" {
		t.Errorf("%d %s, want %d %s", rec.Code, rec.Body, status, key)
	}
}

type m = map[string]any

func TestTheDeskOverHTTP(t *testing.T) {
	d := newIssuingCounter(t)
	_, es := d.approved(onToken)
	at := fmt.Sprintf("/enrolments/%d/token", es[0].ID)
	clerk, approver, guest := d.as(registry.Clerk, 0), d.as(registry.Approver, 0), newBrowser(t, d.s)
	see(t, clerk.do(http.MethodGet, fmt.Sprintf("/enrolments/%d", es[0].ID), nil), http.StatusOK, at, "Рутокенге жазуу")
	see(t, clerk.do(http.MethodGet, at, nil), http.StatusOK, "data-desk-pin", `type="password"`)
	rec := approver.do(http.MethodGet, at, nil)
	see(t, rec, http.StatusOK, "tg-steps")
	if strings.Contains(rec.Body.String(), "data-desk-pin") {
		t.Error("an approver is asked for a PIN-code")
	}
	guest.do(http.MethodGet, "/login", nil)
	for path, body := range map[string]m{"/device": {}, "/key": {}, "/csr": {}, "/written": {}, "/ask": {}, "/prove": {}, "/receive": {}, "/removed": {}} {
		if rec := approver.json(at+path, body); rec.Code != http.StatusForbidden {
			t.Errorf("%s by an approver: %d", path, rec.Code)
		}
		if rec := guest.json(at+path, body); rec.Code != http.StatusUnauthorized {
			t.Errorf("%s by nobody: %d", path, rec.Code)
		}
		if rec := clerk.json(at+path, m{"surprise": 1}); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s with a member of no meaning: %d", path, rec.Code)
		}
	}

	device := m{"serial": "0929441017", "label": "Кардар", "model": "Rutoken ECP", "release": "1.0", "algorithms": []string{"RSA-2048"}, "freeMemory": 60000}
	refusedWith(t, clerk.json(at+"/device", m{"device": device}), http.StatusConflict, "error.token.old")
	device["release"] = "2.0"
	v := stateOf(t, clerk.json(at+"/device", m{"device": device, "certificates": []string{}}))
	if v.Step != "device" || v.Remove.Markers == nil || v.OnToken == nil || v.Clerk == nil {
		t.Errorf("%+v", v)
	}
	v = stateOf(t, clerk.json(at+"/key", m{"serial": "0929441017", "algorithm": "RSA-2048"}))
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	v = stateOf(t, clerk.json(at+"/csr", m{"marker": v.Key.Marker, "keyId": "ab:cd", "csr": base64.StdEncoding.EncodeToString(csr)}))
	if v.Step != "issue" || v.Key.KeyID != "abcd" {
		t.Errorf("%+v", v)
	}
	if err := d.flow.WorkOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	clerk.head["Accept"] = "application/json"
	v = stateOf(t, clerk.do(http.MethodGet, at, nil))
	delete(clerk.head, "Accept")
	if v.Step != "write" || v.Certificate == nil {
		t.Fatalf("%+v", v)
	}
	refusedWith(t, clerk.json(at+"/written", m{"serial": "0929441017", "certificate": "AAAA"}), http.StatusConflict, "error.token.written_differs")
	v = stateOf(t, clerk.json(at+"/written", m{"serial": "0929441017", "certificate": v.Certificate.DER}))
	der, err := base64.StdEncoding.DecodeString(v.Certificate.DER)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ action, path, then string }{{"prove", "/prove", "receive"}, {"receive", "/receive", "done"}} {
		q := stateOf(t, clerk.json(at+"/ask", m{"action": step.action}))
		envelope, err := base64.StdEncoding.DecodeString(q.Envelope)
		if err != nil || !strings.Contains(q.Text, "0929441017") {
			t.Fatalf("%q, %v", q.Text, err)
		}
		cms, err := token.Sign(envelope, cert, key, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		refusedWith(t, clerk.json(at+step.path, m{"challenge": q.Challenge, "cms": "?"}), http.StatusUnprocessableEntity, "error.token.malformed")
		v = stateOf(t, clerk.json(at+step.path, m{"challenge": q.Challenge, "cms": base64.StdEncoding.EncodeToString(cms)}))
		if string(v.Step) != step.then {
			t.Fatalf("after %s: %s", step.action, v.Step)
		}
	}
	rec = clerk.post(strings.TrimSuffix(at, "/token")+"/paper", url.Values{})
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/pdf" || rec.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the paper: %d %v", rec.Code, rec.Header())
	}
	see(t, clerk.do(http.MethodGet, at, nil), http.StatusOK, "Токен ээсине берилди")
}

func TestGoldenTokenPages(t *testing.T) {
	d := newIssuingCounter(t)
	_, es := d.approved(onToken)
	for _, l := range registry.Languages {
		b := d.as(registry.Clerk, 0)
		b.head["Accept-Language"] = string(l)
		rec := b.do(http.MethodGet, fmt.Sprintf("/enrolments/%d/token", es[0].ID), nil)
		see(t, rec, http.StatusOK)
		golden(t, "token."+string(l)+".html", rec.Body.String())
		for _, wrong := range slices.Concat(forbidden(rec.Body.String()), malformed(rec.Body.String())) {
			t.Error(wrong)
		}
	}
}
