package ca

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	zx509 "github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3/lint"
)

// TestLintsLeftOut provokes the lints that are left out because they only warn.
func TestLintsLeftOut(t *testing.T) {
	name, err := asn1.Marshal(pkix.RDNSequence{{
		{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: " Асанов "},
		{Type: asn1.ObjectIdentifier{2, 5, 4, 12}, Value: "директор"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	key := ecKey(t)
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), RawSubject: name, NotBefore: time.Now(), NotAfter: time.Now().AddDate(1, 0, 0),
		IssuingCertificateURL: []string{"https://ca.example.kg/ca.cer"},
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := zx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range onlyWarned {
		l := lint.GlobalRegistry().CertificateLints().ByName(name)
		if l == nil {
			t.Errorf("there is no %s", name)
			continue
		}
		if got := l.Execute(c, lint.NewEmptyConfig()).Status; got != lint.Notice && got != lint.Warn {
			t.Errorf("%s: %s", name, got)
		}
	}
}
