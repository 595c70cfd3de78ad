package pkcs11_test

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/internal/token/pkcs11"
	"github.com/tamga-ca/tamga/internal/token/rutokentest"
)

const pin = "Бото123456"

func open(t *testing.T, tokens ...rutokentest.Token) (*rutokentest.Drawer, *pkcs11.Module) {
	t.Helper()
	d := rutokentest.New(t, tokens...)
	d.Setenv(t)
	m, err := pkcs11.Open(d.Library)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return d, m
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wants(t *testing.T, err error, code pkcs11.Code) {
	t.Helper()
	e, ok := errors.AsType[*pkcs11.Error](err)
	if !ok || e.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func subject(t testing.TB) []byte {
	return must(asn1.Marshal(pkix.Name{CommonName: "Айдай Осмонова", Country: []string{"KG"}}.ToRDNSequence()))(t)
}

// enrol does what an enrolment does on the token, from the login on.
func enrol(t testing.TB, m *pkcs11.Module, serial, pin string, algorithm pkcs11.Algorithm, a *rutokentest.Authority) (pkcs11.Certificate, error) {
	if _, err := m.Login(serial, pin); err != nil {
		return pkcs11.Certificate{}, err
	}
	key, err := m.GenerateKey(serial, algorithm, "Айдай")
	if err != nil {
		return pkcs11.Certificate{}, err
	}
	request, err := m.Request(serial, key.ID, subject(t))
	if err != nil {
		return pkcs11.Certificate{}, err
	}
	cert, err := m.ImportCertificate(serial, a.Issue(t, request), "Айдай")
	if err != nil {
		return cert, err
	}
	_, err = sign(m, serial, cert.ID, []byte("hello"))
	return cert, err
}

func sign(m *pkcs11.Module, serial, certificate string, content []byte) (cms []byte, err error) {
	err = m.Sign(serial, certificate, func(cert *x509.Certificate, key crypto.Signer) (err error) {
		cms, err = token.Sign(content, cert, key, time.Now())
		return err
	})
	return cms, err
}

func TestDevices(t *testing.T) {
	d, m := open(t,
		rutokentest.Token{Label: "Айдай", PIN: pin},
		rutokentest.Token{Release: "1.0"},
		rutokentest.Token{Release: "3.0", Memory: 1000, Tries: 5},
		rutokentest.Token{Absent: true})
	devices := must(m.Devices())(t)
	if len(devices) != 3 {
		t.Fatalf("%d devices", len(devices))
	}
	first, old, newer := devices[0], devices[1], devices[2]
	if first.Serial != d.Tokens[0].Serial || first.Label != "Айдай" || first.Model != "Rutoken ECP" || first.Manufacturer != "Aktiv Co." ||
		first.Release != "2.0" || *first.FreeMemory != 64<<10 || *first.TotalMemory != 128<<10 || first.Reader != "Aktiv Rutoken ECP 00 00" {
		t.Errorf("%+v", first)
	}
	if len(first.Algorithms) != 1 || first.Algorithms[0] != pkcs11.RSA2048 || first.PIN != (pkcs11.PIN{State: pkcs11.PINOk, MinLength: 6, MaxLength: 32}) {
		t.Errorf("%+v", first)
	}
	if old.Release != "1.0" || old.Label != "" || !old.PIN.Factory {
		t.Errorf("%+v", old)
	}
	if newer.Release != "3.0" || len(newer.Algorithms) != 2 || newer.Algorithms[1] != pkcs11.P256 || *newer.FreeMemory != 1000 {
		t.Errorf("%+v", newer)
	}
}

func TestEnrol(t *testing.T) {
	for _, c := range []struct {
		release   string
		algorithm pkcs11.Algorithm
	}{{"2.0", pkcs11.RSA2048}, {"3.0", pkcs11.RSA2048}, {"3.0", pkcs11.P256}} {
		t.Run(c.release+" "+string(c.algorithm), func(t *testing.T) {
			d, m := open(t, rutokentest.Token{PIN: pin, Release: c.release})
			a, serial := rutokentest.NewAuthority(t), d.Tokens[0].Serial
			before := d.Tokens[0].FreeMemory()
			cert, err := enrol(t, m, serial, pin, c.algorithm, a)
			if err != nil {
				t.Fatal(err)
			}
			listed := must(m.Certificates(serial))(t)
			if len(listed) != 1 || !listed[0].HasKey || listed[0].ID != cert.ID || listed[0].Category != pkcs11.User || listed[0].Label != "Айдай" {
				t.Errorf("%+v", listed)
			}
			if o := must(m.Orphans(serial))(t); len(o.Keys)+len(o.Certificates) != 0 {
				t.Errorf("orphans %+v", o)
			}
			_, err = m.ImportCertificate(serial, cert.DER, "again")
			wants(t, err, pkcs11.CertificateExists)
			_, err = m.DeleteKey(serial, cert.KeyID)
			wants(t, err, pkcs11.KeyInUse)

			content := []byte(`{"typ":"token-login/1"}`)
			opensslVerifies(t, a, must(sign(m, serial, cert.ID, content))(t), content)
			pkcs11ToolSees(t, d, cert.KeyID)

			if err := m.DeleteCertificate(serial, cert.ID); err != nil {
				t.Fatal(err)
			}
			o := must(m.Orphans(serial))(t)
			if len(o.Keys) != 1 || o.Keys[0].ID != cert.KeyID || o.Keys[0].Algorithm != c.algorithm || !o.Keys[0].Private || !o.Keys[0].Public {
				t.Fatalf("orphans %+v", o)
			}
			if n := must(m.DeleteKey(serial, cert.KeyID))(t); n != 2 {
				t.Errorf("%d removed", n)
			}
			if now := d.Tokens[0].FreeMemory(); now != before {
				t.Errorf("memory: %d before, %d after", before, now)
			}
		})
	}
}

func opensslVerifies(t *testing.T, a *rutokentest.Authority, cms, content []byte) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	out := filepath.Join(dir, "content")
	cmd := exec.Command("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", write("cms", cms), "-CAfile",
		write("ca", a.PEM()), "-purpose", "any", "-out", out)
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v\n%s", err, b)
	}
	if got := must(os.ReadFile(out))(t); string(got) != string(content) {
		t.Errorf("openssl read %q", got)
	}
}

// pkcs11ToolSees a private key, a public key and a certificate with one id.
func pkcs11ToolSees(t *testing.T, d *rutokentest.Drawer, id string) {
	t.Helper()
	cmd := exec.Command("pkcs11-tool", "--module", d.Library, "--slot-index", "0", "--login", "--pin", pin, "-O")
	b, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("pkcs11-tool: %v\n%s", err, b)
	}
	kinds := map[string]int{}
	starts := objectStart.FindAllIndex(b, -1)
	for i, at := range starts {
		end := len(b)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		kind, rest, _ := strings.Cut(string(b[at[0]:end]), " ")
		kinds[kind]++
		if got := idLine.FindStringSubmatch(rest); got == nil || got[1] != id {
			t.Errorf("%s: ids %v, want %s", kind, got, id)
		}
		if kind == "Private" && !strings.Contains(rest, "sensitive, always sensitive, never extract") {
			t.Errorf("private key:\n%s", rest)
		}
	}
	if len(kinds) != 3 || kinds["Private"] != 1 || kinds["Public"] != 1 || kinds["Certificate"] != 1 {
		t.Errorf("pkcs11-tool sees %v:\n%s", kinds, b)
	}
}

var (
	objectStart = regexp.MustCompile(`(?m)^(?:Private Key|Public Key|Certificate) Object;`)
	idLine      = regexp.MustCompile(`(?m)^\s+ID:\s+([0-9a-f]+)$`)
)
