package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
)

// signedByStranger is what a carrier sends, by a certificate of nobody.
func signedByStranger(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<31, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	cms, err := Sign([]byte("content"), cert, key, time.Unix(1e9, 0))
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

func TestTheUsualFormIsReadWithoutTheLibrary(t *testing.T) {
	if _, ok := new(Verifier).readUsual(signedByStranger(t)); !ok {
		t.Error("the form that Sign makes is not the usual one")
	}
}

// FuzzUsualForm: what is read as the usual form, the library reads the same.
func FuzzUsualForm(f *testing.F) {
	f.Add(signedByStranger(f))
	f.Fuzz(func(t *testing.T, der []byte) {
		m, ok := new(Verifier).readUsual(der)
		if !ok || !wellNested(der) {
			return
		}
		p, err := pkcs7.Parse(der)
		if err != nil {
			t.Fatalf("the library does not read it: %v", err)
		}
		if !bytes.Equal(m.content, p.Content) || len(p.Certificates) != 1 || !p.Certificates[0].Equal(m.certificates[0]) || len(p.Signers) != 1 {
			t.Fatal("the library reads another content or certificate")
		}
		a, b := m.signers[0], p.Signers[0]
		if a.SID.Serial.Cmp(b.IssuerAndSerialNumber.SerialNumber) != 0 || !bytes.Equal(a.SID.Issuer.FullBytes, b.IssuerAndSerialNumber.IssuerName.FullBytes) ||
			!a.Digest.Algorithm.Equal(b.DigestAlgorithm.Algorithm) || !a.Algorithm.Algorithm.Equal(b.DigestEncryptionAlgorithm.Algorithm) ||
			!bytes.Equal(a.Signature, b.EncryptedDigest) || len(a.Attributes) != len(b.AuthenticatedAttributes) {
			t.Fatal("the library reads another signer")
		}
		for i := range a.Attributes {
			if !a.Attributes[i].Type.Equal(b.AuthenticatedAttributes[i].Type) || !bytes.Equal(a.Attributes[i].Values.FullBytes, b.AuthenticatedAttributes[i].Value.FullBytes) {
				t.Fatal("the library reads another attribute")
			}
		}
	})
}
