//go:build e2e

package e2e

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"crypto/x509/pkix"

	"golang.org/x/crypto/ocsp"
)

// tryExternalStatus waits for the CRL and a delegation of OCSP where step-ca is
// outside, and returns the list's number. step-ca's own list names its
// distribution point; ours does not.
func tryExternalStatus(t *testing.T, s *Server, stepCA bool) int64 {
	t.Helper()
	issuer, err := x509.ParseCertificate(bytesAt(t, s.URL+"/ca/issuing.cer"))
	if err != nil {
		t.Fatal(err)
	}
	unknown := *issuer // any serial: the answer is signed
	request, err := ocsp.CreateRequest(&unknown, issuer, nil)
	if err != nil {
		t.Fatal(err)
	}
	point := func(e pkix.Extension) bool { return e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 28}) }
	var last string
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(500 * time.Millisecond) {
		answer, err := http.Post(s.URL+"/ocsp", "application/ocsp-request", bytes.NewReader(request))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ocsp.ParseResponseForCert(body, &unknown, issuer); err != nil || got.Status != ocsp.Unknown {
			last = "OCSP: " + last
			continue
		}
		_, der := get(t, s.URL+"/crl/issuing.crl", "")
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			last = fmt.Sprintf("CRL: %v: %.300q", err, der)
			continue
		}
		if err := list.CheckSignatureFrom(issuer); err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(list.Extensions, point) != stepCA {
			last = "CRL of the other signer"
			continue
		}
		return list.Number.Int64()
	}
	t.Fatalf("nothing is said: %s", last)
	return 0
}
