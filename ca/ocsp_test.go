package ca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// delegate has the CA make a delegation for a fresh key.
func delegate(t testing.TB, c *Client) *OCSPSigner {
	t.Helper()
	key := ecKey(t)
	intent, err := c.Issuer().NewOCSPIntent(time.Now(), key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.DelegateOCSP(t.Context(), intent, key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOCSPDelegation(t *testing.T) {
	for _, kt := range []KeyType{P256, RSA3072} {
		t.Run(string(kt), func(t *testing.T) {
			_, c := sharedCA(t)
			if kt == RSA3072 {
				_, c = startCA(t, initCA(t, kt))
			}
			key := ecKey(t)
			intent, err := c.Issuer().NewOCSPIntent(time.Now(), key)
			if err != nil {
				t.Fatal(err)
			}
			first, err := c.DelegateOCSP(t.Context(), intent, key)
			if err != nil {
				t.Fatal(err)
			}
			again, err := c.DelegateOCSP(t.Context(), intent, key)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.Certificate.RawTBSCertificate, again.Certificate.RawTBSCertificate) {
				t.Error("a retry changed the delegation")
			}
			cert := first.Certificate
			if d := cert.NotAfter.Sub(cert.NotBefore); d > MaxOCSPSigner {
				t.Errorf("lives %s", d)
			}
			if _, err := c.Issuer().NewOCSPSigner(cert, ecKey(t)); err == nil {
				t.Error("another key was accepted")
			}
			// What the CA signs for holders delegates nothing.
			w := wanted(t)
			leaf, err := c.Sign(t.Context(), intend(t, c.Issuer(), w), w.Request.DER)
			if err != nil {
				t.Fatal(err)
			}
			if err := rawOf(t, c, ocspProvisioner, map[string]any{"qs": map[string]any{"rawSubject": leaf.RawSubject}}); !errors.Is(err, ErrRefused) {
				t.Errorf("a delegation without a serial: %v", err)
			}
			long := intent
			long.Serial, long.NotAfter = newSerial(), intent.NotAfter.Add(time.Hour)
			if _, err := c.DelegateOCSP(t.Context(), long, key); !errors.Is(err, ErrRefused) {
				t.Errorf("a delegation of more than 30 days: %v", err)
			}
		})
	}
}

func leafOf(t testing.TB, c *Client) *x509.Certificate {
	t.Helper()
	w := wanted(t)
	leaf, err := c.Sign(t.Context(), intend(t, c.Issuer(), w), w.Request.DER)
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

func TestOCSPAnswers(t *testing.T) {
	_, c := sharedCA(t)
	s, leaf, issuer := delegate(t, c), leafOf(t, c), c.Issuer()
	now := time.Now().UTC().Truncate(time.Second)
	for name, want := range map[string]struct {
		standing Standing
		status   int
	}{
		"good":                         {Standing{Known: true}, ocsp.Good},
		"unknown":                      {Standing{}, ocsp.Unknown},
		"revoked":                      {Standing{Known: true, Revoked: true, Reason: KeyCompromise, At: now.Add(-time.Hour)}, ocsp.Revoked},
		"unspecified":                  {Standing{Known: true, Revoked: true, At: now.Add(-time.Hour)}, ocsp.Revoked},
		"suspended":                    {Standing{Known: true, Revoked: true, Reason: CertificateHold, At: now.Add(-time.Minute)}, ocsp.Revoked},
		"of a clock that was set back": {Standing{Known: true, Revoked: true, Reason: Superseded, At: now.Add(time.Hour)}, ocsp.Revoked},
	} {
		for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			t.Run(name+" "+h.String(), func(t *testing.T) {
				der, err := ocsp.CreateRequest(leaf, issuer.Certificate, &ocsp.RequestOptions{Hash: h})
				if err != nil {
					t.Fatal(err)
				}
				r, err := ParseOCSPRequest(der)
				if err != nil {
					t.Fatal(err)
				}
				if !issuer.Names(r.Certificates[0]) || r.Certificates[0].Serial() != SerialOf(leaf.SerialNumber) || r.Nonce != nil {
					t.Fatalf("read as %+v", r)
				}
				answer, err := s.Sign([]OCSPAnswer{{r.Certificates[0], want.standing}}, nil, now, now.Add(time.Hour))
				if err != nil {
					t.Fatal(err)
				}
				got, err := ocsp.ParseResponseForCert(answer, leaf, issuer.Certificate)
				if err != nil {
					t.Fatal(err)
				}
				if got.Status != want.status || !got.ThisUpdate.Equal(now) || !got.NextUpdate.Equal(now.Add(time.Hour)) || !got.ProducedAt.Equal(now) {
					t.Errorf("says %+v", got)
				}
				if got.Status == ocsp.Revoked && (got.RevocationReason != int(want.standing.Reason) || !got.RevokedAt.Equal(earlier(want.standing.At, now))) {
					t.Errorf("revoked at %s for %d", got.RevokedAt, got.RevocationReason)
				}
			})
		}
	}
}

// openssl writes requests, reads answers and finds its nonce in them; gnutls
// verifies the same answers.
func TestOCSPWithOthers(t *testing.T) {
	_, c := sharedCA(t)
	s, issuer := delegate(t, c), c.Issuer()
	leaf, other := leafOf(t, c), leafOf(t, c)
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	root, issuing := file("root.pem", PEM(issuer.Root)), file("issuing.pem", PEM(issuer.Certificate))
	one, two := file("one.pem", PEM(leaf)), file("two.pem", PEM(other))
	run := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	now := time.Now().UTC().Truncate(time.Second)
	for name, flags := range map[string][]string{
		"sha1": {"-no_nonce"}, "sha256": {"-sha256", "-no_nonce"}, "nonce": {"-nonce"},
	} {
		t.Run(name, func(t *testing.T) {
			request := filepath.Join(dir, name+".req")
			args := append([]string{"ocsp", "-issuer", issuing}, flags...)
			run("openssl", append(args, "-cert", one, "-cert", two, "-reqout", request)...)
			der, err := os.ReadFile(request)
			if err != nil {
				t.Fatal(err)
			}
			r, err := ParseOCSPRequest(der)
			if err != nil || len(r.Certificates) != 2 || (r.Nonce != nil) != (name == "nonce") {
				t.Fatalf("%+v %v", r, err)
			}
			answer, err := s.Sign([]OCSPAnswer{
				{r.Certificates[0], Standing{Known: true}},
				{r.Certificates[1], Standing{Known: true, Revoked: true, Reason: KeyCompromise, At: now.Add(-time.Hour)}},
			}, r.Nonce, now, now.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			response := file(name+".resp", answer)
			// Response Verify OK, and with a nonce that it is the same.
			checks := []string{"ocsp", "-issuer", issuing, "-no_nonce"} // else openssl adds one more
			if name == "sha256" {
				checks = append(checks, "-sha256")
			}
			out := run("openssl", append(checks, "-reqin", request, "-cert", one, "-cert", two, "-respin", response, "-CAfile", root, "-verify_other", issuing)...)
			for _, want := range []string{"Response verify OK", one + ": good", two + ": revoked", "Reason: keyCompromise"} {
				if !strings.Contains(out, want) {
					t.Errorf("openssl does not say %q:\n%s", want, out)
				}
			}
			if strings.Contains(out, "WARNING") || strings.Contains(out, "Nonce Verify error") {
				t.Errorf("openssl is not content:\n%s", out)
			}
			out = run("ocsptool", "--verify-response", "--load-response", response, "--load-trust", issuing)
			if !strings.Contains(out, "Verifying OCSP Response: Success") {
				t.Errorf("gnutls: %s", out)
			}
		})
	}
}

// request builds requests that no library makes.
type badRequest struct {
	TBS struct {
		Version    int              `asn1:"explicit,tag:0,default:0,optional"`
		Requestor  asn1.RawValue    `asn1:"explicit,tag:1,optional"`
		List       []badQuestion    `asn1:"sequence"`
		Extensions []pkix.Extension `asn1:"explicit,tag:2,optional,omitempty"`
	}
}

type badQuestion struct {
	ID struct {
		Hash   pkix.AlgorithmIdentifier
		Name   []byte
		Key    []byte
		Serial *big.Int
	}
	Extensions []pkix.Extension `asn1:"explicit,tag:0,optional,omitempty"`
}

func question(serial *big.Int) (q badQuestion) {
	q.ID.Hash = pkix.AlgorithmIdentifier{Algorithm: oidSHA1, Parameters: asn1.NullRawValue}
	q.ID.Name, q.ID.Key, q.ID.Serial = make([]byte, 20), make([]byte, 20), serial
	return q
}

func encodeRequest(t testing.TB, change func(*badRequest)) []byte {
	t.Helper()
	var r badRequest
	r.TBS.List = []badQuestion{question(big.NewInt(5))}
	if change != nil {
		change(&r)
	}
	der, err := asn1.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func nonceOf(t testing.TB, n int) pkix.Extension {
	t.Helper()
	value, err := asn1.Marshal(bytes.Repeat([]byte{7}, n))
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: oidNonce, Value: value}
}

func TestOCSPRequestsAreReadStrictly(t *testing.T) {
	extensions := func(e ...pkix.Extension) func(*badRequest) { return func(r *badRequest) { r.TBS.Extensions = e } }
	questions := func(n int) func(*badRequest) {
		return func(r *badRequest) {
			r.TBS.List = nil
			for i := range n {
				r.TBS.List = append(r.TBS.List, question(big.NewInt(int64(i+1))))
			}
		}
	}
	unknown := asn1.ObjectIdentifier{1, 2, 3}
	for name, c := range map[string]struct {
		change func(*badRequest)
		ok     bool
	}{
		"plain":                      {nil, true},
		"no question":                {questions(0), false},
		"as many as allowed":         {questions(MaxOCSPQuestions), true},
		"more than allowed":          {questions(MaxOCSPQuestions + 1), false},
		"version 2":                  {func(r *badRequest) { r.TBS.Version = 1 }, false},
		"nonce of 1 octet, RFC 8954": {extensions(nonceOf(t, 1)), true},
		"nonce of 32 octets":         {extensions(nonceOf(t, 32)), true},
		"nonce of 33 octets":         {extensions(nonceOf(t, 33)), false},
		"empty nonce":                {extensions(nonceOf(t, 0)), false},
		"two nonces":                 {extensions(nonceOf(t, 8), nonceOf(t, 8)), false},
		"nonce that is no string":    {extensions(pkix.Extension{Id: oidNonce, Value: []byte{1, 2, 3}}), false},
		"critical nonce":             {func(r *badRequest) { e := nonceOf(t, 16); e.Critical = true; r.TBS.Extensions = []pkix.Extension{e} }, true},
		"unknown extension":          {extensions(pkix.Extension{Id: unknown, Value: []byte{5, 0}}), true},
		"unknown critical extension": {extensions(pkix.Extension{Id: unknown, Critical: true, Value: []byte{5, 0}}), false},
		"critical one of a question": {func(r *badRequest) {
			r.TBS.List[0].Extensions = []pkix.Extension{{Id: unknown, Critical: true, Value: []byte{5, 0}}}
		}, false},
		"negative serial":             {func(r *badRequest) { r.TBS.List[0].ID.Serial = big.NewInt(-5) }, false},
		"serial of 21 octets":         {func(r *badRequest) { r.TBS.List[0].ID.Serial = new(big.Int).Lsh(big.NewInt(1), 160) }, false},
		"unknown hash":                {func(r *badRequest) { r.TBS.List[0].ID.Hash.Algorithm = unknown }, true},
		"parameters that are no NULL": {func(r *badRequest) { r.TBS.List[0].ID.Hash.Parameters = asn1.RawValue{FullBytes: []byte{2, 1, 1}} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			der := encodeRequest(t, c.change)
			if _, err := ParseOCSPRequest(der); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrOCSPRequest) {
				t.Errorf("%v", err)
			}
			if _, err := ParseOCSPRequest(append(bytes.Clone(der), 0)); err == nil {
				t.Error("bytes after the end were read over")
			}
			for i := range der {
				if _, err := ParseOCSPRequest(der[:i]); err == nil {
					t.Errorf("cut at %d it was read", i)
				}
			}
		})
	}
	if _, err := ParseOCSPRequest(make([]byte, MaxOCSPRequest+1)); err == nil {
		t.Error("a request of any length is read")
	}
}

func FuzzOCSPRequest(f *testing.F) {
	f.Add(encodeRequest(f, nil))
	f.Add(encodeRequest(f, func(r *badRequest) { r.TBS.Extensions = []pkix.Extension{nonceOf(f, 32)} }))
	f.Fuzz(func(t *testing.T, der []byte) {
		r, err := ParseOCSPRequest(der)
		if err != nil {
			return
		}
		if len(r.Certificates) == 0 || len(r.Certificates) > MaxOCSPQuestions || len(r.Nonce) > maxNonce {
			t.Fatalf("%d questions, nonce of %d", len(r.Certificates), len(r.Nonce))
		}
		for _, id := range r.Certificates {
			if id.Serial() == "" || !bytes.Contains(der, id.Raw) {
				t.Fatal("a question is not the request's")
			}
		}
	})
}
