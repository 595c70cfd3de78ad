package token_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/token"
)

var (
	now            = time.Date(2026, 3, 5, 9, 30, 0, 123456000, time.UTC)
	holderPolicy   = mustOID("1.3.6.1.4.1.99999.1.1")
	operatorPolicy = mustOID("1.3.6.1.4.1.99999.1.2")
	otherPolicy    = mustOID("1.3.6.1.4.1.99999.1.3")
)

const (
	person       = "20101199000001"
	organisation = "00101202010001"
)

// authority is a root and an issuing CA.
type authority struct {
	root, issuing *x509.Certificate
	key           crypto.Signer // the issuing CA's
}

func newAuthority(tb testing.TB) *authority {
	tb.Helper()
	rootKey, key := newKey(tb, "P-256"), newKey(tb, "P-256")
	root := makeCA(tb, "Test Root", nil, rootKey.Public(), rootKey)
	return &authority{root: root, issuing: makeCA(tb, "Test Issuing", root, key.Public(), rootKey), key: key}
}

func makeCA(tb testing.TB, name string, parent *x509.Certificate, pub crypto.PublicKey, signer crypto.Signer) *x509.Certificate {
	tb.Helper()
	template := &x509.Certificate{
		SerialNumber: newSerial(), Subject: pkix.Name{CommonName: name},
		NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	if parent == nil {
		parent = template
	}
	return parse(tb, must(x509.CreateCertificate(rand.Reader, template, parent, pub, signer))(tb))
}

// holder is a certificate and its key.
type holder struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// issue makes a holder's certificate; change, if not nil, may spoil it.
func (a *authority) issue(tb testing.TB, algorithm string, change func(*x509.Certificate)) holder {
	tb.Helper()
	key := newKey(tb, algorithm)
	c := &x509.Certificate{
		SerialNumber: newSerial(),
		Subject: pkix.Name{CommonName: "Айдай Асанова", ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: "NTRKG-" + organisation},
			{Type: asn1.ObjectIdentifier{2, 5, 4, 5}, Value: "PNOKG-" + person},
		}},
		NotBefore: now.AddDate(0, -1, 0).Truncate(time.Second), NotAfter: now.AddDate(0, 11, 0).Truncate(time.Second),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection},
		Policies:    []x509.OID{holderPolicy}, SubjectKeyId: []byte{1, 2, 3, 4},
	}
	if change != nil {
		change(c)
	}
	return holder{parse(tb, must(x509.CreateCertificate(rand.Reader, c, a.issuing, key.Public(), a.key))(tb)), key}
}

// options accept what a issued and find everything good.
func (a *authority) options() token.Options {
	return token.Options{
		Roots: []*x509.Certificate{a.root}, Issuers: []*x509.Certificate{a.issuing},
		HolderPolicy: holderPolicy, OperatorPolicy: operatorPolicy, Now: now,
		Status: func(context.Context, *x509.Certificate) (token.Status, error) { return token.StatusGood, nil },
	}
}

// openssl runs a command in a directory that holds the files of a and h:
// ca.pem (issuing and root), cert.pem, key.pem, content. A machine without
// openssl fails the test: it is the other side of this format.
type openssl struct {
	tb  testing.TB
	dir string
}

func newOpenSSL(tb testing.TB, a *authority, h holder, content []byte) *openssl {
	tb.Helper()
	o := &openssl{tb, tb.TempDir()}
	o.write("ca.pem", append(certPEM(a.issuing), certPEM(a.root)...))
	o.write("cert.pem", certPEM(h.cert))
	o.write("key.pem", keyPEM(tb, h.key))
	o.write("content", content)
	return o
}

func (o *openssl) run(args ...string) ([]byte, error) {
	cmd := exec.CommandContext(o.tb.Context(), "openssl", args...)
	cmd.Dir = o.dir
	return cmd.CombinedOutput()
}

// sign makes a CMS with `openssl cms -sign` and extra arguments.
func (o *openssl) sign(extra ...string) []byte {
	o.tb.Helper()
	args := append([]string{"cms", "-sign", "-binary", "-in", "content", "-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER", "-out", "cms"}, extra...)
	if out, err := o.run(args...); err != nil {
		o.tb.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return o.read("cms")
}

func (o *openssl) write(name string, b []byte) {
	o.tb.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, name), b, 0o600); err != nil {
		o.tb.Fatal(err)
	}
}

func (o *openssl) read(name string) []byte {
	o.tb.Helper()
	return must(os.ReadFile(filepath.Join(o.dir, name)))(o.tb)
}

func newKey(tb testing.TB, algorithm string) crypto.Signer {
	tb.Helper()
	switch algorithm {
	case "P-256":
		return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(tb)
	case "P-384":
		return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))(tb)
	case "P-224":
		return must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))(tb)
	case "RSA-2048":
		return must(rsa.GenerateKey(rand.Reader, 2048))(tb)
	case "RSA-1024":
		tb.(*testing.T).Setenv("GODEBUG", "rsa1024min=0")
		return must(rsa.GenerateKey(rand.Reader, 1024))(tb)
	}
	tb.Fatalf("no algorithm %q", algorithm)
	return nil
}

func newSerial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b)
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b)
}

func certPEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func keyPEM(tb testing.TB, key crypto.Signer) []byte {
	tb.Helper()
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))(tb)})
}

func parse(tb testing.TB, der []byte) *x509.Certificate {
	tb.Helper()
	return must(x509.ParseCertificate(der))(tb)
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func mustOID(s string) x509.OID {
	oid, err := x509.ParseOID(s)
	if err != nil {
		panic(err)
	}
	return oid
}
