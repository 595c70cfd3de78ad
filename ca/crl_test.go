package ca

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// revocations are entries of every kind.
func revocations(n int, now time.Time) map[registry.Serial]Standing {
	out := map[registry.Serial]Standing{}
	reasons := []Reason{Unspecified, KeyCompromise, AffiliationChanged, Superseded, CessationOfOperation, PrivilegeWithdrawn, CertificateHold}
	for i := range n {
		s := Standing{Known: true, Revoked: true, Reason: reasons[i%len(reasons)], At: now.Add(-time.Duration(i) * time.Hour)}
		if i%3 == 0 {
			s.InvalidSince = s.At.Add(-48 * time.Hour)
		}
		out[newSerial()] = s
	}
	return out
}

func crlOf(t testing.TB, entries map[registry.Serial]Standing, at time.Time) *CRL {
	t.Helper()
	l := new(CRL)
	for serial, s := range entries {
		if err := l.Add(serial, s, at); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func crlSigner(t testing.TB, l Layout) *CRLSigner {
	t.Helper()
	i, err := LoadIssuer(l.IssuingCertificate(), l.RootCertificate(), testProfile())
	if err != nil {
		t.Fatal(err)
	}
	key, err := l.IssuingSigner()
	if err != nil {
		t.Fatal(err)
	}
	s, err := i.NewCRLSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What we encode ourselves is, with a key whose signatures do not vary, byte
// for byte what the standard library encodes.
func TestCRLIsTheStandardLibrarys(t *testing.T) {
	s := crlSigner(t, initCA(t, RSA3072))
	now := time.Now().UTC().Truncate(time.Second)
	for _, n := range []int{0, 1, 7, 300, 3000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			l := new(CRL)
			theirs := &x509.RevocationList{Number: big.NewInt(int64(n)*1000 + 200), ThisUpdate: now, NextUpdate: now.Add(24 * time.Hour)}
			for serial, r := range revocations(n, now) {
				if err := l.Add(serial, r, now); err != nil {
					t.Fatal(err)
				}
				number, err := number(serial)
				if err != nil {
					t.Fatal(err)
				}
				e := x509.RevocationListEntry{SerialNumber: number, RevocationTime: r.At, ReasonCode: int(r.Reason)}
				if !r.InvalidSince.IsZero() {
					value, err := asn1.MarshalWithParams(r.InvalidSince, "generalized")
					if err != nil {
						t.Fatal(err)
					}
					e.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 24}, Value: value}}
				}
				theirs.RevokedCertificateEntries = append(theirs.RevokedCertificateEntries, e)
			}
			want, err := x509.CreateRevocationList(rand.Reader, theirs, s.issuer.Certificate, s.key)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Sign(l, theirs.Number.Int64(), theirs.ThisUpdate, theirs.NextUpdate)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("differs:\n%x\n%x", got[:min(len(got), 600)], want[:min(len(want), 600)])
			}
			facts, err := s.issuer.ReadCRL(got)
			if err != nil || facts.Entries != n || facts.Number.Cmp(theirs.Number) != 0 {
				t.Errorf("%+v %v", facts, err)
			}
		})
	}
}

func TestCRLTimes(t *testing.T) {
	s := crlSigner(t, initCA(t, P256))
	now := time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)
	l := crlOf(t, map[registry.Serial]Standing{newSerial(): {Revoked: true, At: now.Add(-time.Second)}, newSerial(): {Revoked: true, At: now.Add(time.Hour)}}, now)
	der, err := s.Sign(l, 1, now, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	got, err := x509.ParseRevocationList(der)
	if err != nil || !got.ThisUpdate.Equal(now) {
		t.Fatalf("%v %v", got, err)
	}
	for _, e := range got.RevokedCertificateEntries {
		if e.RevocationTime.After(now) {
			t.Errorf("revoked at %s, after the list of %s", e.RevocationTime, now)
		}
	}
	for name, bad := range map[string]Standing{"good": {Known: true}, "no reason": {Revoked: true, Reason: 7}} {
		if err := new(CRL).Add(newSerial(), bad, now); err == nil {
			t.Errorf("%s was listed", name)
		}
	}
}

// openssl and gnutls read the list and refuse what is in it.
func TestCRLWithOthers(t *testing.T) {
	layout := initCA(t, P256)
	_, c := startCA(t, layout)
	s, issuer := crlSigner(t, layout), c.Issuer()
	good, revoked, held := leafOf(t, c), leafOf(t, c), leafOf(t, c)
	now := time.Now().UTC().Truncate(time.Second)
	l := crlOf(t, map[registry.Serial]Standing{
		SerialOf(revoked.SerialNumber): {Revoked: true, Reason: KeyCompromise, At: now.Add(-time.Minute), InvalidSince: now.Add(-time.Hour)},
		SerialOf(held.SerialNumber):    {Revoked: true, Reason: CertificateHold, At: now.Add(-time.Minute)},
	}, now)
	der, err := s.Sign(l, 4711, now, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	root, issuing, crl := file("root.pem", PEM(issuer.Root)), file("issuing.pem", PEM(issuer.Certificate)), file("crl.der", der)
	crlPEM := filepath.Join(dir, "crl.pem")
	out, err := exec.Command("openssl", "crl", "-inform", "DER", "-in", crl, "-CAfile", issuing, "-out", crlPEM, "-text").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "verify OK") {
		t.Fatalf("openssl crl: %v\n%s", err, out)
	}
	text, err := os.ReadFile(crlPEM)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Version 2 (0x1)", "X509v3 CRL Number", "4711", "Key Compromise", "Certificate Hold", "Invalidity Date"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("openssl does not read %q:\n%s", want, text)
		}
	}
	for name, want := range map[string]struct {
		cert *x509.Certificate
		says string
	}{"good": {good, "good.pem: OK"}, "revoked": {revoked, "certificate revoked"}, "held": {held, "certificate revoked"}} {
		out, _ := exec.Command("openssl", "verify", "-x509_strict", "-crl_check", "-CAfile", root, "-untrusted", issuing, "-CRLfile", crlPEM, file(name+".pem", PEM(want.cert))).CombinedOutput()
		if !strings.Contains(string(out), want.says) {
			t.Errorf("%s: openssl verify: %s", name, out)
		}
	}
	out, err = exec.Command("certtool", "--verify-crl", "--infile", crlPEM, "--load-ca-certificate", issuing).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Verified") {
		t.Errorf("certtool: %v\n%s", err, out)
	}
	out, err = exec.Command("certtool", "--crl-info", "--inder", "--infile", crl).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Revoked certificates (2)") || !strings.Contains(strings.ToLower(string(out)), fmt.Sprintf("%x", revoked.SerialNumber)) {
		t.Errorf("certtool: %v\n%s", err, out)
	}
}

func TestCRLSignerIsTheIssuingKeyOnly(t *testing.T) {
	l := initCA(t, P256)
	i, err := LoadIssuer(l.IssuingCertificate(), l.RootCertificate(), testProfile())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.NewCRLSigner(ecKey(t)); err == nil {
		t.Error("a list of a delegate was to be signed")
	}
	if _, err := i.NewCRLSigner(rsaKey()); err == nil {
		t.Error("a list of another key was to be signed")
	}
}

// The issuing key through smallstep's key management: an encrypted file, and a
// token of SoftHSM with the same key in it.
func TestOpenKey(t *testing.T) {
	l := initCA(t, RSA3072)
	i, err := LoadIssuer(l.IssuingCertificate(), l.RootCertificate(), testProfile())
	if err != nil {
		t.Fatal(err)
	}
	try := func(address string) {
		t.Helper()
		key, err := OpenKey(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		s, err := i.NewCRLSigner(key)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().UTC().Truncate(time.Second)
		der, err := s.Sign(crlOf(t, revocations(5, now), now), 1, now, now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := i.ReadCRL(der); err != nil {
			t.Error(err)
		}
	}
	try("softkms:path=" + l.IssuingKey() + "?pin-source=" + l.Password())
	try(softHSM(t, l))
	for _, bad := range []string{"", "nonsense", "softkms:path=/nowhere", "pkcs11:token=nowhere;object=x?pin-value=s3cret", "else:x"} {
		if _, err := OpenKey(t.Context(), bad); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// softHSM puts the issuing key into a token and returns its address.
func softHSM(t *testing.T, l Layout) string {
	t.Helper()
	dir := t.TempDir()
	conf, pin, plain := filepath.Join(dir, "softhsm2.conf"), filepath.Join(dir, "pin"), filepath.Join(dir, "plain.pem")
	for name, content := range map[string]string{conf: "directories.tokendir = " + dir + "\nobjectstore.backend = file\n", pin: "1234567\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	for _, args := range [][]string{
		{"openssl", "pkcs8", "-topk8", "-nocrypt", "-in", l.IssuingKey(), "-passin", "file:" + l.Password(), "-out", plain},
		{"softhsm2-util", "--init-token", "--free", "--label", "ca", "--pin", "1234567", "--so-pin", "1234567"},
		{"softhsm2-util", "--import", plain, "--token", "ca", "--label", "issuing", "--id", "7331", "--pin", "1234567"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	for _, module := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"} {
		if _, err := os.Stat(module); err == nil {
			return "pkcs11:module-path=" + module + ";token=ca;id=7331;object=issuing?pin-source=" + pin
		}
	}
	t.Fatal("the module of SoftHSM is nowhere (Debian: softhsm2)")
	return ""
}
