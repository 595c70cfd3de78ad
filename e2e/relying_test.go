//go:build e2e

package e2e

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// tryRelyingParties asks about every certificate of the demo as relying parties
// do: openssl and GnuTLS over POST, Go over GET, the CRL through openssl, GnuTLS
// and Go. All of them and demo.json agree.
func tryRelyingParties(t *testing.T, s *Server, d Demo) {
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	issuingDER, rootDER := bytesAt(t, s.URL+"/ca/issuing.cer"), bytesAt(t, s.URL+"/ca/root.cer")
	issuer, err := x509.ParseCertificate(issuingDER)
	if err != nil {
		t.Fatal(err)
	}
	issuing, root := file("issuing.pem", pemOf(issuingDER)), file("root.pem", pemOf(rootDER))

	crlDER := awaitCRL(t, s.URL+"/crl/issuing.crl", d)
	crl := file("crl.der", crlDER)
	crlPEM := filepath.Join(dir, "crl.pem")
	if out := openssl(t, nil, "crl", "-inform", "DER", "-in", crl, "-CAfile", issuing, "-out", crlPEM); !strings.Contains(out, "verify OK") {
		t.Errorf("openssl crl: %s", out)
	}
	list, err := x509.ParseRevocationList(crlDER)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, e := range list.RevokedCertificateEntries {
		listed[fmt.Sprintf("%x", e.SerialNumber)] = true
	}
	gnutls, err := exec.Command("certtool", "--crl-info", "--infile", crlPEM).CombinedOutput()
	if err != nil {
		t.Fatalf("certtool (Debian: gnutls-bin): %v\n%s", err, gnutls)
	}
	for _, c := range d.Certificates {
		off := c.Status == "suspended" || c.Status == "revoked"
		if listed[c.Serial] != off || strings.Contains(strings.ToLower(string(gnutls)), c.Serial) != off {
			t.Errorf("%s is %s; listed by Go %v", c.Serial, c.Status, listed[c.Serial])
		}
		out, _ := tryOpenssl(t, nil, "verify", "-no_check_time", "-crl_check", "-CAfile", root, "-untrusted", issuing, "-CRLfile", crlPEM, c.File)
		if strings.Contains(out, "certificate revoked") != off || strings.Contains(out, ": OK") == off {
			t.Errorf("%s is %s; openssl verify: %s", c.Serial, c.Status, out)
		}
		says := map[bool]string{true: ": revoked", false: ": good"}[off]
		for _, flag := range []string{"-nonce", "-no_nonce", "-sha256"} {
			out, err := tryOpenssl(t, nil, "ocsp", flag, "-issuer", issuing, "-cert", c.File, "-url", s.URL+"/ocsp", "-CAfile", root, "-verify_other", issuing)
			if err != nil || !strings.Contains(out, "Response verify OK") || !strings.Contains(out, says) || strings.Contains(out, "no nonce in response") {
				t.Errorf("%s is %s; openssl ocsp %s: %v\n%s", c.Serial, c.Status, flag, err, out)
			}
			if c.Status == "suspended" && !strings.Contains(out, "certificateHold") {
				t.Errorf("a suspension is no hold: %s", out)
			}
		}
		asked := exec.Command("ocsptool", "--ask="+s.URL+"/ocsp", "--nonce", "--load-issuer", issuing, "--load-cert", c.File, "--load-trust", issuing)
		text, _ := asked.CombinedOutput() // its status is the certificate's
		if word := map[bool]string{true: "Certificate Status: revoked", false: "Certificate Status: good"}[off]; !strings.Contains(string(text), word) || !strings.Contains(string(text), "Verifying OCSP Response: Success") {
			t.Errorf("%s is %s; ocsptool: %s", c.Serial, c.Status, text)
		}
		tryOCSPOverGET(t, s.URL, certificate(t, c.File), issuer, off)
	}
	tryBadOCSP(t, s.URL)
}

// tryOCSPOverGET asks with the request in the path, and again with the ETag.
func tryOCSPOverGET(t *testing.T, base string, cert, issuer *x509.Certificate, off bool) {
	t.Helper()
	request, err := ocsp.CreateRequest(cert, issuer, nil)
	if err != nil {
		t.Fatal(err)
	}
	address := base + "/ocsp/" + url.PathEscape(base64.StdEncoding.EncodeToString(request))
	answer, body := get(t, address, "")
	got, err := ocsp.ParseResponseForCert(body, cert, issuer)
	if err != nil || (got.Status == ocsp.Revoked) != off {
		t.Errorf("over GET: %+v %v", got, err)
	}
	h := answer.Header
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	if h.Get("Content-Type") != "application/ocsp-response" || h.Get("Cache-Control") != "public, max-age=60, no-transform, must-revalidate" || err != nil || !modified.Equal(got.ThisUpdate) {
		t.Errorf("headers: %v", h)
	}
	expires, err := http.ParseTime(h.Get("Expires"))
	if err != nil || time.Until(expires) > time.Minute || h.Get("Set-Cookie") != "" {
		t.Errorf("headers: %v", h)
	}
	if again, body := get(t, address, h.Get("Etag")); again.StatusCode != http.StatusNotModified || len(body) > 0 {
		t.Errorf("with its ETag: %d", again.StatusCode)
	}
}

func tryBadOCSP(t *testing.T, base string) {
	for name, body := range map[string][]byte{"noise": []byte("noise"), "nothing": nil, "much": bytes.Repeat([]byte{0x30}, 20<<10)} {
		answer, err := http.Post(base+"/ocsp", "application/ocsp-request", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || !bytes.Equal(got, ocsp.MalformedRequestErrorResponse) || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %x %v", name, got, answer.Header)
		}
	}
	r, err := http.NewRequest(http.MethodPut, base+"/ocsp", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", answer.StatusCode)
	}
}

// awaitCRL waits for the list that tells all of the demo: the background work
// makes it within seconds. Its validators hold.
func awaitCRL(t *testing.T, address string, d Demo) []byte {
	t.Helper()
	off := 0
	for _, c := range d.Certificates {
		if c.Status == "suspended" || c.Status == "revoked" {
			off++
		}
	}
	var last string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		answer, der := get(t, address, "")
		list, err := x509.ParseRevocationList(der)
		if err != nil || len(list.RevokedCertificateEntries) != off {
			last = fmt.Sprint(answer.StatusCode, err)
			continue
		}
		h := answer.Header
		modified, err := http.ParseTime(h.Get("Last-Modified"))
		if h.Get("Content-Type") != "application/pkix-crl" || err != nil || !modified.Equal(list.ThisUpdate) || h.Get("Etag") == "" {
			t.Errorf("headers: %v", h)
		}
		if again, _ := get(t, address, h.Get("Etag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("with its ETag: %d", again.StatusCode)
		}
		return der
	}
	t.Fatalf("no list of %d entries: %s", off, last)
	return nil
}

func get(t *testing.T, address, etag string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, body
}

func bytesAt(t *testing.T, address string) []byte {
	t.Helper()
	answer, body := get(t, address, "")
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d", address, answer.StatusCode)
	}
	return body
}

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
