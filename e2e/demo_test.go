//go:build e2e

package e2e

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp/kb"

	"github.com/tamga-ca/tamga/internal/authorities"
)

var whose = map[string]string{"HEAD": "signatory.HEAD", "ACCOUNTANT": "signatory.ACCOUNTANT", "OPERATOR": "ecloud.role_operator"}

// The demo of each authority, as people meet it.
func TestDemo(t *testing.T) {
	for _, authority := range authorities.Names {
		t.Run(authority, func(t *testing.T) {
			s := startDemo(t, authority)
			d, w := s.Demo(t), wordsOf(t, authority, "ky")
			if authority == "dostek" {
				t.Run("Pages", func(t *testing.T) { tryPages(t, s, d, w) })
				t.Run("SessionEndsWhileTyping", func(t *testing.T) { trySessionEnd(t, s, d, w) })
			}
			if authority == "ubr" {
				t.Run("OwnPages", func(t *testing.T) { tryOwnPages(t, s, d, w) })
			}
			t.Run("KnownCompany", func(t *testing.T) { tryKnownCompany(t, s, d, w) })
			t.Run("WithoutScript", func(t *testing.T) { tryWithoutScript(t, s, d, w) })
			t.Run("RelyingParties", func(t *testing.T) { tryRelyingParties(t, s, d) })
			t.Run("RefusedHolders", func(t *testing.T) { tryRefusedHolders(t, s, d, w) })
		})
	}
}

// A certificate that is not usable yet, expired, suspended or revoked opens
// nothing, and each says so in its own sentence.
func tryRefusedHolders(t *testing.T, s *Server, d Demo, w words) {
	for _, c := range d.Certificates {
		if c.Status == "expired" { // the CA makes none that is over: it was made to end soon
			time.Sleep(time.Until(certificate(t, c.File).NotAfter.Add(time.Second)))
		}
	}
	for status, key := range map[string]string{
		"not-yet": "error.certificate.not_yet", "expired": "error.certificate.expired",
		"suspended": "error.certificate.suspended", "revoked": "error.certificate.revoked",
	} {
		i := slices.IndexFunc(d.People, func(p Person) bool { return p.Certificate == status })
		if i < 0 {
			t.Errorf("the demo has nobody whose certificate is %s", status)
			continue
		}
		p, page := d.People[i], open(t, s)
		page.Expect(`\b(401|403|422|429)\b`)
		page.logIn(w, p.Identifier, w.T(whose[p.Choice]), p.PIN)
		if got := page.Text("form .tg-note.is-stop"); !strings.HasPrefix(plain(got), plain(w.begins(key, "date", ""))) {
			t.Errorf("%s: the page says %q", status, got)
		}
		page.Goto("/")
		if page.Count("form[data-logout]") != 0 {
			t.Errorf("%s: logged in", status)
		}
	}
}

func certificate(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		t.Fatalf("%s is no PEM", file)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A session that ends while a form is being typed loses nothing: the page says
// so and stays, and the form is there again after the login, with all that was
// typed.
func trySessionEnd(t *testing.T, s *Server, d Demo, w words) {
	i := slices.IndexFunc(d.People, func(p Person) bool { return p.Role == "clerk" })
	p, c := d.People[i], open(t, s)
	c.Expect(`\b401\b`)
	c.logIn(w, p.Identifier, w.T("ecloud.role_operator"), p.PIN)
	c.Goto("/applications/new")
	org := c.In(w.T("organisation.organisation"))
	org.Type(w.T("organisation.inn"), "00101201710095")
	org.Type(w.T("organisation.name_ru"), "Тегирмен")
	c.Keys(kb.Tab)
	c.Until("the draft to be kept", patience, func() bool { return c.Sees(w.begins("application.draft_kept", "number", "", "time", "")) })
	// An answer that is still on its way brings the cookie back.
	c.Until("the cookie to be gone", patience, func() bool {
		c.Run(network.DeleteCookies("tamga-session").WithURL(c.base))
		time.Sleep(time.Second)
		return !slices.ContainsFunc(c.cookies(), func(k *network.Cookie) bool { return k.Name == "tamga-session" })
	})
	org.Type(w.T("organisation.street"), "Ибраимов көчөсү 103, 4-кабат")
	c.Keys(kb.Tab) // what is typed is sent at times, what is left at once
	c.See(w.T("error.session.ended"))
	c.See(w.T("session.typed_kept"))
	c.In("#notices").Follow(w.T("action.login"))
	c.enterNumber(w, p.Identifier)
	c.enterPIN(w, w.T("ecloud.role_operator"), p.PIN)
	c.Until("the form", patience, func() bool { return c.Count("#application-form") == 1 })
	for label, want := range map[string]string{
		"organisation.inn": "00101201710095", "organisation.name_ru": "Тегирмен", "organisation.street": "Ибраимов көчөсү 103, 4-кабат",
	} {
		if got := org.Value(w.T(label)); got != want {
			t.Errorf("%s is %q after the login, want %q", w.T(label), got, want)
		}
	}
}
