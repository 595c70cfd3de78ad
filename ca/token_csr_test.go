package ca

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
)

func TestCheckTokenCSR(t *testing.T) {
	usage := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: []byte{0x03, 0x02, 0x06, 0xc0}}
	for name, c := range map[string]struct {
		template x509.CertificateRequest
		key      string
	}{
		"nothing":             {x509.CertificateRequest{}, ""},
		"a name":              {x509.CertificateRequest{Subject: pkix.Name{CommonName: "Асанова Г. Б."}}, ""},
		"a name and usages":   {x509.CertificateRequest{Subject: pkix.Name{CommonName: "x", Country: []string{"KG"}}, ExtraExtensions: []pkix.Extension{usage}}, ""},
		"an alternative name": {x509.CertificateRequest{DNSNames: []string{"ca.example.kg"}}, "error.ca.csr_content"},
		"an e-mail address":   {x509.CertificateRequest{EmailAddresses: []string{"a@example.kg"}}, "error.ca.csr_content"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := CheckTokenCSR(makeCSR(t, rsaKey(), c.template))
			if c.key == "" && (err != nil || r.CommonName != c.template.Subject.CommonName) || c.key != "" && (err == nil || err.Error() != c.key) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// What a token's software asks for in its request comes to nothing.
func TestTokenCSRDecidesNothing(t *testing.T) {
	_, c := sharedCA(t)
	r, err := CheckTokenCSR(makeCSR(t, rsaKey(), x509.CertificateRequest{Subject: pkix.Name{CommonName: "Somebody Else", Organization: []string{"Other"}}}))
	if err != nil {
		t.Fatal(err)
	}
	w := wanted(t)
	w.Request = r
	o, err := c.Issuer().NewOrder(intend(t, c.Issuer(), w), r)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := c.Place(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if string(cert.RawSubject) != string(w.Subject) {
		t.Errorf("the subject is %s", cert.Subject)
	}
}

func TestGuessableKeysAreRefused(t *testing.T) {
	// As those chips did it: k·M + 65537^a mod M, M the product of the primes
	// up to 167.
	m := big.NewInt(2)
	for _, p := range markPrimes {
		m.Mul(m, big.NewInt(p.prime))
	}
	least := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(3), 1022), m)
	room := new(big.Int).Sub(new(big.Int).Div(new(big.Int).Lsh(big.NewInt(1), 1024), m), least)
	prime := func() *big.Int {
		for {
			a, _ := rand.Int(rand.Reader, m)
			k, _ := rand.Int(rand.Reader, room)
			p := new(big.Int).Exp(big.NewInt(65537), a, m)
			if p.Add(p, k.Mul(k.Add(k, least), m)); p.BitLen() == 1024 && p.ProbablyPrime(20) {
				return p
			}
		}
	}
	for {
		n := new(big.Int).Mul(prime(), prime())
		if n.BitLen() != 2048 {
			continue
		}
		if err := checkKey(&rsa.PublicKey{N: n, E: 65537}); err == nil || err.Error() != "error.ca.weak_key" {
			t.Errorf("got %v", err)
		}
		break
	}
	if err := checkKey(rsaKey().Public()); err != nil {
		t.Errorf("an ordinary key: %v", err)
	}
	if registry.KindOf(checkKey("nothing")) != registry.Invalid {
		t.Error("a key that is none is taken")
	}
}
