package ca

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

func testIssuer(t testing.TB) *Issuer {
	t.Helper()
	l := initCA(t, P256)
	i, err := LoadIssuer(l.IssuingCertificate(), l.RootCertificate(), testProfile())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestNewIntent(t *testing.T) {
	i := testIssuer(t)
	now := time.Now()
	end := i.Certificate.NotAfter
	for name, c := range map[string]struct {
		change func(*Wanted)
		ok     bool
		key    string
	}{
		"from now":              {func(w *Wanted) {}, true, ""},
		"from the predecessor":  {func(w *Wanted) { w.NotBefore = now.AddDate(0, 2, 0); w.NotAfter = now.AddDate(1, 2, 0) }, true, ""},
		"a leap year":           {func(w *Wanted) { w.NotAfter = w.NotBefore.Add(MaxValidity) }, true, ""},
		"within the tolerance":  {func(w *Wanted) { w.NotBefore = now.Add(-ClockTolerance / 2) }, true, ""},
		"backdated":             {func(w *Wanted) { w.NotBefore = now.Add(-2 * ClockTolerance) }, false, ""},
		"longer than a year":    {func(w *Wanted) { w.NotAfter = w.NotBefore.Add(MaxValidity + time.Second) }, false, ""},
		"ends before it begins": {func(w *Wanted) { w.NotAfter = w.NotBefore.Add(-time.Hour) }, false, ""},
		"beyond the issuer's":   {func(w *Wanted) { w.NotBefore = end.AddDate(0, -6, 0); w.NotAfter = end.Add(time.Second) }, false, "error.ca.beyond_issuer"},
		"the issuer's last":     {func(w *Wanted) { w.NotBefore = end.AddDate(0, -6, 0); w.NotAfter = end }, true, ""},
		"no such profile":       {func(w *Wanted) { w.Profile = "root" }, false, ""},
		"not a subject":         {func(w *Wanted) { w.Subject = []byte{0x30, 0x00} }, false, ""},
		"no request":            {func(w *Wanted) { w.Request = nil }, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := wanted(t)
			c.change(&w)
			intent, err := i.NewIntent(now, w)
			if (err == nil) != c.ok {
				t.Fatalf("got %v", err)
			}
			var e *registry.Error
			if c.key != "" && (!errors.As(err, &e) || e.Key != c.key) {
				t.Errorf("got %v, want %s", err, c.key)
			}
			if err != nil {
				return
			}
			if intent.NotBefore != w.NotBefore.UTC().Truncate(time.Second) || intent.NotAfter != w.NotAfter.UTC().Truncate(time.Second) {
				t.Errorf("validity %s to %s", intent.NotBefore, intent.NotAfter)
			}
		})
	}
}

func TestSerials(t *testing.T) {
	seen := map[registry.Serial]bool{}
	bits := 0
	for range 1000 {
		s := newSerial()
		n, err := number(s)
		if err != nil || n.BitLen() > 127 || seen[s] {
			t.Fatalf("%s: %v", s, err)
		}
		seen[s] = true
		bits = max(bits, n.BitLen())
	}
	if bits != 127 {
		t.Errorf("at most %d bits in 1000 serials", bits)
	}
	for _, s := range []registry.Serial{"", "0", "-1", "+1", "0a", "A", "0xa", " a", "g", "ffffffffffffffffffffffffffffffffffffffff"} {
		if n, err := number(s); err == nil {
			t.Errorf("%q was read as %s", s, n)
		}
	}
}

func TestLintRefuses(t *testing.T) {
	i := testIssuer(t)
	w := wanted(t)
	intent := intend(t, i, w)
	bad := intent
	long, err := asn1.Marshal([]rdnSET{{{oidCommonName, asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: bytes.Repeat([]byte("x"), 65)}}}})
	if err != nil {
		t.Fatal(err)
	}
	bad.Subject = long
	err = i.Lint(bad, w.Request)
	var e *registry.Error
	if !errors.As(err, &e) || e.Key != "error.ca.lint" || e.Args["list"] == "" {
		t.Errorf("got %v", err)
	}
	if err := i.Lint(intent, csrOf(t, ecKey(t))); !errors.Is(err, ErrRefused) {
		t.Errorf("another request: %v", err)
	}
}

func TestProfileCheck(t *testing.T) {
	for name, change := range map[string]func(*Profile){
		"no OID":        func(p *Profile) { p.HolderPolicy = "1.2.x" },
		"same OIDs":     func(p *Profile) { p.HolderPolicy = p.OperatorPolicy },
		"no URL":        func(p *Profile) { p.CRL = "" },
		"not a web URL": func(p *Profile) { p.OCSP = "ldap://x/" },
		"a template":    func(p *Profile) { p.IssuingCA = "http://x/{{fail}}" },
		"Cyrillic":      func(p *Profile) { p.IssuingCA = "http://кг/ca" },
	} {
		t.Run(name, func(t *testing.T) {
			p := testProfile()
			change(&p)
			if err := p.Check(); err == nil {
				t.Error("accepted")
			}
		})
	}
}
