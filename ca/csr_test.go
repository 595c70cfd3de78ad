package ca

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

func makeCSR(t testing.TB, key crypto.Signer, template x509.CertificateRequest) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &template, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestCheckCSR(t *testing.T) {
	ec := ecKey(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := makeCSR(t, ec, x509.CertificateRequest{})
	forged := bytes.Clone(good)
	forged[len(forged)-1] ^= 1
	// A request for ec's key, signed by another key.
	foreign := makeCSR(t, ecKey(t), x509.CertificateRequest{})
	swapped := bytes.Replace(foreign, spki(t, foreign), spki(t, good), 1)
	email := x509.CertificateRequest{EmailAddresses: []string{"a@example.kg"}}
	named := x509.CertificateRequest{Subject: pkix.Name{CommonName: "x"}}

	for name, c := range map[string]struct {
		der []byte
		key string
	}{
		"P-256":                   {good, ""},
		"RSA-2048":                {makeCSR(t, rsaKey(), x509.CertificateRequest{}), ""},
		"empty":                   {nil, "error.ca.csr_malformed"},
		"not DER":                 {[]byte("-----BEGIN"), "error.ca.csr_malformed"},
		"trailing data":           {append(bytes.Clone(good), 0), "error.ca.csr_malformed"},
		"too large":               {make([]byte, MaxCSR+1), "error.ca.csr_malformed"},
		"signature altered":       {forged, "error.ca.csr_possession"},
		"somebody else's key":     {swapped, "error.ca.csr_possession"},
		"a subject":               {makeCSR(t, ec, named), "error.ca.csr_content"},
		"an alternative name":     {makeCSR(t, ec, email), "error.ca.csr_content"},
		"an extension":            {makeCSR(t, ec, x509.CertificateRequest{ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Value: []byte{0x30, 0x03, 1, 1, 0xff}}}}), "error.ca.csr_content"},
		"P-384":                   {makeCSR(t, p384, x509.CertificateRequest{}), "error.ca.key_algorithm"},
		"Ed25519":                 {makeCSR(t, ed, x509.CertificateRequest{}), "error.ca.csr_algorithm"},
		"signed with SHA-1 (RSA)": {sha1CSR(t, rsaKey()), "error.ca.csr_algorithm"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := CheckCSR(c.der)
			if c.key == "" {
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Hash) != 64 || len(r.KeyHash) != 64 || r.Hash == r.KeyHash {
					t.Errorf("hashes %q %q", r.Hash, r.KeyHash)
				}
				return
			}
			var e *registry.Error
			if !errors.As(err, &e) || e.Key != c.key || e.Kind != registry.Invalid {
				t.Errorf("got %v, want %s", err, c.key)
			}
		})
	}
}

// spki is the request's public key as it stands in the request.
func spki(t *testing.T, der []byte) []byte {
	t.Helper()
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		t.Fatal(err)
	}
	return csr.RawSubjectPublicKeyInfo
}

// sha1CSR relabels a request; whether its signature is right does not matter,
// because the algorithm is judged first.
func sha1CSR(t *testing.T, key crypto.Signer) []byte {
	sha256WithRSA := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b}
	sha1WithRSA := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05}
	return bytes.Replace(makeCSR(t, key, x509.CertificateRequest{}), sha256WithRSA, sha1WithRSA, 1)
}

func TestCheckKey(t *testing.T) {
	n := rsaKey().(*rsa.PrivateKey).N
	times3 := new(big.Int).Mul(n, big.NewInt(3))
	times3.SetBit(times3, 0, 1)
	for times3.BitLen() != 2056 { // a multiple of 8 bits, and of 3
		times3.Mul(times3, big.NewInt(3))
	}
	for name, c := range map[string]struct {
		key rsa.PublicKey
		bad string
	}{
		"good":            {rsa.PublicKey{N: n, E: 65537}, ""},
		"1024 bits":       {rsa.PublicKey{N: new(big.Int).Rsh(n, 1024), E: 65537}, "error.ca.key_algorithm"},
		"8192 bits":       {rsa.PublicKey{N: new(big.Int).Lsh(n, 6144), E: 65537}, "error.ca.key_algorithm"},
		"2041 bits":       {rsa.PublicKey{N: new(big.Int).Rsh(n, 7), E: 65537}, "error.ca.key_algorithm"},
		"exponent 3":      {rsa.PublicKey{N: n, E: 3}, "error.ca.weak_key"},
		"exponent even":   {rsa.PublicKey{N: n, E: 65538}, "error.ca.weak_key"},
		"exponent huge":   {rsa.PublicKey{N: n, E: 1<<33 + 1}, "error.ca.weak_key"},
		"modulus even":    {rsa.PublicKey{N: new(big.Int).SetBit(n, 0, 0), E: 65537}, "error.ca.weak_key"},
		"divisible by 3":  {rsa.PublicKey{N: times3, E: 65537}, "error.ca.weak_key"},
		"a prime is fine": {rsa.PublicKey{N: n, E: 65539}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkKey(&c.key)
			if c.bad == "" && err != nil || c.bad != "" && (err == nil || err.Error() != c.bad) {
				t.Errorf("got %v, want %q", err, c.bad)
			}
		})
	}
}

func TestCheckCSRHooks(t *testing.T) {
	used := registry.Refuse(registry.Conflict, "error.ca.weak_key")
	var seen string
	der := makeCSR(t, ecKey(t), x509.CertificateRequest{})
	_, err := CheckCSR(der, func(r *Request) error { seen = r.KeyHash; return nil }, func(*Request) error { return used })
	if !errors.Is(err, used) || len(seen) != 64 {
		t.Errorf("got %v, saw %q", err, seen)
	}
}

func FuzzCheckCSR(f *testing.F) {
	f.Add(makeCSR(f, ecKey(f), x509.CertificateRequest{}))
	f.Add(makeCSR(f, rsaKey(), x509.CertificateRequest{}))
	f.Add(makeCSR(f, ecKey(f), x509.CertificateRequest{Subject: pkix.Name{CommonName: "x"}, DNSNames: []string{"a"}}))
	f.Add([]byte{0x30, 0x00})
	f.Fuzz(func(t *testing.T, der []byte) {
		r, err := CheckCSR(der)
		if err != nil {
			if registry.KindOf(err) != registry.Invalid {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		csr, err := x509.ParseCertificateRequest(r.DER)
		if err != nil || csr.CheckSignature() != nil || len(csr.Extensions) > 0 || csr.Subject.String() != "" {
			t.Fatalf("accepted: %v", err)
		}
	})
}
