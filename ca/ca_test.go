package ca

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"log"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // step-ca announces its address
	code := m.Run()
	for _, end := range atEnd {
		end()
	}
	os.Exit(code)
}

// atEnd removes what outlives single tests.
var atEnd []func()

// originals are CAs made once, because encrypting their keys takes a second;
// tests get copies.
var originals = map[KeyType]func() (Layout, error){
	P256:    sync.OnceValues(func() (Layout, error) { return makeCA(P256) }),
	RSA3072: sync.OnceValues(func() (Layout, error) { return makeCA(RSA3072) }),
}

func makeCA(kt KeyType) (Layout, error) {
	dir, err := os.MkdirTemp("", "tamga-ca-")
	if err != nil {
		return Layout{}, err
	}
	atEnd = append(atEnd, func() { _ = os.RemoveAll(dir) })
	l := layoutIn(dir)
	return l, Init(InitOptions{
		Layout: l, Organisation: "Дос Тек", Name: "Дос Тек тест", KeyType: kt,
		Profile: testProfile(), ValidFrom: time.Now().AddDate(-3, 0, 0),
	})
}

func layoutIn(dir string) Layout {
	return Layout{Dir: filepath.Join(dir, "ca"), Secrets: filepath.Join(dir, "secrets")}
}

func testProfile() Profile {
	return ProfileAt("http://ca.example.kg", "1.2.417.1.1.1", "1.2.417.1.1.2")
}

func initCA(t testing.TB, kt KeyType) Layout {
	t.Helper()
	original, err := originals[kt]()
	if err != nil {
		t.Fatal(err)
	}
	l, err := copyCA(original, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func copyCA(original Layout, dir string) (Layout, error) {
	return layoutIn(dir), os.CopyFS(dir, os.DirFS(filepath.Dir(original.Dir)))
}

// shared is a running CA for tests that leave it as it was.
var shared = sync.OnceValues(func() (*Embedded, error) {
	original, err := originals[P256]()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tamga-ca-")
	if err != nil {
		return nil, err
	}
	l, err := copyCA(original, dir)
	if err != nil {
		return nil, err
	}
	e, err := NewEmbedded(l, testProfile())
	if err != nil {
		return nil, err
	}
	atEnd = append(atEnd, func() { _ = e.Stop(); _ = os.RemoveAll(dir) })
	return e, e.Start(context.Background())
})

func sharedCA(t testing.TB) (*Embedded, *Client) {
	t.Helper()
	e, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.Client(0)
	if err != nil {
		t.Fatal(err)
	}
	return e, c
}

func startCA(t testing.TB, l Layout) (*Embedded, *Client) {
	t.Helper()
	e, err := NewEmbedded(l, testProfile())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Stop(); err != nil {
			t.Error(err)
		}
	})
	c, err := e.Client(0)
	if err != nil {
		t.Fatal(err)
	}
	return e, c
}

func testSubject() Subject {
	return Subject{
		Organisation: "ОсОО «Ак-Жол»", INN: "00207199610017",
		CommonName: "Асанов Үсөн Ыманович", Surname: "Асанов", GivenName: "Үсөн Ыманович",
		Title: "Башкы директор", PersonalNumber: "21001199012345", Locality: "Бишкек",
	}
}

func encode(t testing.TB, s Subject) []byte {
	t.Helper()
	der, err := EncodeSubject(s)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

var rsaKey = sync.OnceValue(func() crypto.Signer {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func ecKey(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func csrOf(t testing.TB, key crypto.Signer) *Request {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	r, err := CheckCSR(der)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wanted is a holder's certificate for a year from now.
func wanted(t testing.TB) Wanted {
	t.Helper()
	now := time.Now().UTC()
	return Wanted{
		NotBefore: now, NotAfter: now.AddDate(1, 0, 0), Subject: encode(t, testSubject()),
		Profile: registry.HolderProfile, Request: csrOf(t, ecKey(t)),
	}
}

func intend(t testing.TB, i *Issuer, w Wanted) Intent {
	t.Helper()
	intent, err := i.NewIntent(time.Now(), w)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Lint(intent, w.Request); err != nil {
		t.Fatal(err)
	}
	return intent
}

func TestIssue(t *testing.T) {
	for _, kt := range []KeyType{P256, RSA3072} {
		t.Run(string(kt), func(t *testing.T) {
			_, c := sharedCA(t)
			if kt == RSA3072 {
				_, c = startCA(t, initCA(t, kt))
			}
			for name, key := range map[string]crypto.Signer{"P-256": ecKey(t), "RSA-2048": rsaKey()} {
				t.Run(name, func(t *testing.T) {
					w := wanted(t)
					w.Request = csrOf(t, key)
					w.NotBefore = w.NotBefore.AddDate(0, 0, 60) // a predecessor ends then
					w.NotAfter = w.NotBefore.AddDate(1, 0, 0)
					intent := intend(t, c.Issuer(), w)
					first, err := c.Sign(t.Context(), intent, w.Request.DER)
					if err != nil {
						t.Fatal(err)
					}
					again, err := c.Sign(t.Context(), intent, w.Request.DER)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(first.RawTBSCertificate, again.RawTBSCertificate) {
						t.Error("a retry changed the to-be-signed content")
					}
					if kt == RSA3072 && !bytes.Equal(first.Raw, again.Raw) {
						t.Error("a retry with an RSA key changed the certificate")
					}
					want, err := c.Issuer().expected(intent, w.Request.PublicKey)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(first.RawTBSCertificate, want.RawTBSCertificate) {
						t.Error("what was linted is not what was signed")
					}
					if findings, err := lintCertificate(first.Raw); err != nil || len(findings) > 0 {
						t.Errorf("zlint: %v %v", findings, err)
					}
					opensslVerify(t, c.Issuer(), first)
				})
			}
		})
	}
}

func extension(oid asn1.ObjectIdentifier) pkix.Extension {
	return pkix.Extension{Id: oid, Value: []byte{0x05, 0x00}}
}
