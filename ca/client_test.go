package ca

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.step.sm/crypto/pemutil"

	"github.com/tamga-ca/tamga/internal/registry"
)

// raw sends step-ca a token of the given claims for a request of its own.
func raw(t *testing.T, c *Client, claims map[string]any) error {
	t.Helper()
	return rawOf(t, c, provisionerName, claims)
}

func rawOf(t *testing.T, c *Client, provisioner string, claims map[string]any) error {
	t.Helper()
	ott, err := c.tokenOf(provisioner, "/sign", "x", claims)
	if err != nil {
		t.Fatal(err)
	}
	return rawToken(t, c, ott)
}

func rawToken(t *testing.T, c *Client, ott string) error {
	t.Helper()
	now := time.Now().UTC()
	return c.post(t.Context(), "/sign", signRequest{
		CSR: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csrOf(t, ecKey(t)).DER})),
		OTT: ott, NotBefore: now.Format(time.RFC3339), NotAfter: now.AddDate(1, 0, 0).Format(time.RFC3339),
	}, &signAnswer{})
}

// The CA's template fails closed: without complete content, nothing.
func TestTemplateFailsClosed(t *testing.T) {
	_, c := sharedCA(t)
	subject := encode(t, testSubject())
	serial, err := number(newSerial())
	if err != nil {
		t.Fatal(err)
	}
	qs := func(change func(m map[string]any)) map[string]any {
		m := map[string]any{"rawSubject": subject, "serial": serial.String(), "profile": "holder"}
		change(m)
		return map[string]any{"qs": m}
	}
	if err := raw(t, c, qs(func(map[string]any) {})); err != nil {
		t.Fatalf("complete: %v", err)
	}
	for name, claims := range map[string]map[string]any{
		"no content":        nil,
		"empty content":     {"qs": map[string]any{}},
		"text":              {"qs": "x"},
		"no subject":        qs(func(m map[string]any) { delete(m, "rawSubject") }),
		"no serial":         qs(func(m map[string]any) { delete(m, "serial") }),
		"a short serial":    qs(func(m map[string]any) { m["serial"] = "1" }),
		"a number":          qs(func(m map[string]any) { m["serial"] = 1.5e38 }),
		"no profile":        qs(func(m map[string]any) { delete(m, "profile") }),
		"unknown profile":   qs(func(m map[string]any) { m["profile"] = "root" }),
		"a subject of text": qs(func(m map[string]any) { m["rawSubject"] = "CN=x" }),
	} {
		t.Run(name, func(t *testing.T) {
			if err := raw(t, c, claims); err == nil {
				t.Error("signed")
			}
		})
	}
}

func TestTokens(t *testing.T) {
	_, c := sharedCA(t)
	claims := map[string]any{"qs": map[string]any{"rawSubject": encode(t, testSubject()), "serial": "1" + strings.Repeat("0", 37), "profile": "holder"}}
	ott, err := c.token("/sign", "x", claims)
	if err != nil {
		t.Fatal(err)
	}
	if err := rawToken(t, c, ott); err != nil {
		t.Fatal(err)
	}
	if err := rawToken(t, c, ott); !errors.Is(err, ErrUnavailable) || !errors.Is(err, ErrCredentials) {
		t.Errorf("a used token: %v", err)
	}
	claims["cnf"] = map[string]string{"x5rt#S256": "AAAA"}
	if err := raw(t, c, claims); !errors.Is(err, ErrRefused) {
		t.Errorf("another request's token: %v", err)
	}
	// A token for another purpose, and one of another provisioner.
	delete(claims, "cnf")
	if ott, err = c.token("/revoke", "x", claims); err != nil {
		t.Fatal(err)
	}
	if err := rawToken(t, c, ott); !errors.Is(err, ErrCredentials) {
		t.Errorf("a token to revoke: %v", err)
	}
	other := Layout{Dir: t.TempDir(), Secrets: t.TempDir()}
	if err := (InitOptions{Layout: other}).makeProvisioner(); err != nil {
		t.Fatal(err)
	}
	jwk, err := readProvisioner(other.Provisioner())
	if err != nil {
		t.Fatal(err)
	}
	stranger := &Client{issuer: c.issuer, base: c.base, jwk: jwk, http: c.http}
	w := wanted(t)
	_, err = stranger.Sign(t.Context(), intend(t, c.issuer, w), w.Request.DER)
	if !errors.Is(err, ErrCredentials) || registry.KindOf(err) != registry.Unavailable {
		t.Errorf("another provisioner: %v", err)
	}
}

func TestSignRefusesAnotherIntent(t *testing.T) {
	_, c := sharedCA(t)
	w := wanted(t)
	intent := intend(t, c.Issuer(), w)
	if _, err := c.Sign(t.Context(), intent, csrOf(t, ecKey(t)).DER); !errors.Is(err, ErrRefused) {
		t.Errorf("another request: %v", err)
	}
	changed := testProfile()
	changed.HolderPolicy = "1.2.417.9"
	i, err := NewIssuer(PEM(c.issuer.Certificate), PEM(c.issuer.Root), changed)
	if err != nil {
		t.Fatal(err)
	}
	later := &Client{issuer: i, base: c.base, jwk: c.jwk, http: c.http}
	if _, err := later.Sign(t.Context(), intent, w.Request.DER); !errors.Is(err, ErrRefused) {
		t.Errorf("after a change of profile: %v", err)
	}
	// A CA whose template was not changed with the profile signs something else.
	w2 := wanted(t)
	if _, err := later.Sign(t.Context(), intend(t, i, w2), w2.Request.DER); !errors.Is(err, ErrMismatch) {
		t.Errorf("profile and template differ: %v", err)
	}
	// The CA refuses what has ended by the machine's clock.
	nb, na := Expired(-time.Minute)
	w.NotBefore, w.NotAfter = nb, na
	old, err := ForDemo(c.Issuer()).NewIntentBackdated(w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Sign(t.Context(), old, w.Request.DER); !errors.Is(err, ErrRefused) {
		t.Errorf("ended: %v", err)
	}
}

func TestBackdatedForDemo(t *testing.T) {
	_, c := sharedCA(t)
	w := wanted(t)
	w.NotBefore, w.NotAfter = Expired(3 * time.Second)
	if _, err := c.Issuer().NewIntent(time.Now(), w); err == nil {
		t.Fatal("the ordinary constructor backdated")
	}
	intent, err := ForDemo(c.Issuer()).NewIntentBackdated(w)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Sign(t.Context(), intent, w.Request.DER)
	if err != nil {
		t.Fatal(err)
	}
	if !got.NotAfter.Equal(w.NotAfter) || !got.NotBefore.Equal(w.NotBefore) {
		t.Errorf("%s to %s", got.NotBefore, got.NotAfter)
	}
}

func TestRevoke(t *testing.T) {
	e, c := sharedCA(t)
	w := wanted(t)
	intent := intend(t, c.Issuer(), w)
	if _, err := c.Sign(t.Context(), intent, w.Request.DER); err != nil {
		t.Fatal(err)
	}
	never := newSerial()
	for range 2 { // the second time changes nothing
		for _, s := range []registry.Serial{intent.Serial, never} {
			if err := c.Revoke(t.Context(), s, KeyCompromise); err != nil {
				t.Error(err)
			}
		}
	}
	for _, s := range []registry.Serial{intent.Serial, never} {
		n, err := number(s)
		if err != nil {
			t.Fatal(err)
		}
		if revoked, err := e.running.db.IsRevoked(n.String()); err != nil || !revoked {
			t.Errorf("%s: %v %v", s, revoked, err)
		}
	}
	if err := c.Revoke(t.Context(), newSerial(), 6); err == nil {
		t.Error("certificateHold was pushed")
	}
	if err := c.Revoke(t.Context(), "x", Unspecified); err == nil {
		t.Error("a serial that is none")
	}
}

// fakeCA answers in step-ca's place.
func fakeCA(t *testing.T, l Layout, answer http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewTLSServer(answer)
	t.Cleanup(s.Close)
	i, err := LoadIssuer(l.IssuingCertificate(), l.RootCertificate(), testProfile())
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(ClientOptions{
		URL: s.URL, CABundle: PEM(s.Certificate()), ProvisionerKey: l.Provisioner(), Timeout: 3 * time.Second, Issuer: i,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestErrorClasses(t *testing.T) {
	l := initCA(t, P256)
	problem := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"400":              {problem(400, `{"status":400,"message":"x"}`), ErrRefused},
		"403":              {problem(403, `{"status":403}`), ErrRefused},
		"401":              {problem(401, ``), ErrCredentials},
		"404":              {problem(404, `not here`), ErrUnavailable},
		"429":              {problem(429, ``), ErrUnavailable},
		"500":              {problem(500, `{"status":500,"message":"x"}`), ErrUnavailable},
		"a gateway's page": {problem(502, `<html>Bad Gateway`), ErrUnavailable},
		"not JSON":         {problem(201, `<html>`), ErrUnavailable},
		"half an answer":   {problem(201, `{"crt": "-----BEG`), ErrUnavailable},
		"no certificate":   {problem(201, `{}`), ErrMismatch},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, ErrUnavailable},
		"endless":             {endless, ErrUnavailable},
		"silence":             {silent, ErrUnavailable},
		"a broken connection": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			client := fakeCA(t, l, c.answer)
			w := wanted(t)
			_, err := client.Sign(t.Context(), intend(t, client.Issuer(), w), w.Request.DER)
			if !errors.Is(err, c.want) {
				t.Errorf("sign: got %v, want %v", err, c.want)
			}
			if errors.Is(c.want, ErrMismatch) {
				return
			}
			if err := client.Revoke(t.Context(), newSerial(), Superseded); !errors.Is(err, c.want) {
				t.Errorf("revoke: got %v, want %v", err, c.want)
			}
		})
	}
}

// silent answers nothing. Only when the body is read does a server notice that
// the client has gone.
func silent(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func endless(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := w.Write(make([]byte, 64<<10)); err != nil {
			return
		}
	}
}

func TestCancelledRequest(t *testing.T) {
	c := fakeCA(t, initCA(t, P256), silent)
	w := wanted(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Sign(ctx, intend(t, c.Issuer(), w), w.Request.DER); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A CA that has the issuing key and signs something other than was asked.
func TestLyingCA(t *testing.T) {
	l := initCA(t, P256)
	password, err := readPassword(l.Password())
	if err != nil {
		t.Fatal(err)
	}
	key, err := pemutil.Read(l.IssuingKey(), pemutil.WithPassword(password))
	if err != nil {
		t.Fatal(err)
	}
	signer := key.(crypto.Signer)
	stranger := ecKey(t)
	issuing := testCertificate(t, l.IssuingCertificate())
	cousin := *issuing // another CA of the same name
	cousin.PublicKey = stranger.Public()
	renamed := *issuing
	renamed.RawSubject = encode(t, testSubject())
	moved := *issuing
	moved.SubjectKeyId = []byte("another key's")

	for name, lie := range map[string]func(t *testing.T, honest *x509.Certificate) *x509.Certificate{
		"serial":              changed(issuing, signer, func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Add(c.SerialNumber, big.NewInt(1)) }),
		"not before":          changed(issuing, signer, func(c *x509.Certificate) { c.NotBefore = c.NotBefore.Add(-time.Second) }),
		"not after":           changed(issuing, signer, func(c *x509.Certificate) { c.NotAfter = c.NotAfter.Add(time.Second) }),
		"subject":             changed(issuing, signer, func(c *x509.Certificate) { s := testSubject(); s.INN = "00207199610018"; c.RawSubject = encode(t, s) }),
		"public key":          changed(issuing, signer, func(c *x509.Certificate) { c.PublicKey = stranger.Public() }),
		"key usage":           changed(issuing, signer, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }),
		"extended key usage":  changed(issuing, signer, func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) }),
		"a CA":                changed(issuing, signer, func(c *x509.Certificate) { c.IsCA = true }),
		"policy":              changed(issuing, signer, func(c *x509.Certificate) { c.Policies = mustOIDs(t, "1.2.417.1.1.2") }),
		"no CRL":              changed(issuing, signer, func(c *x509.Certificate) { c.CRLDistributionPoints = nil }),
		"an alternative name": changed(issuing, signer, func(c *x509.Certificate) { c.EmailAddresses = []string{"a@example.kg"} }),
		"one extension more": changed(issuing, signer, func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, extension(asn1.ObjectIdentifier{1, 2, 3}))
		}),
		"signature algorithm": changed(issuing, signer, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA512 }),
		"authority key":       changed(&moved, signer, func(*x509.Certificate) {}),
		"another issuer":      changed(&renamed, signer, func(*x509.Certificate) {}),
		"an impostor":         changed(&cousin, stranger, func(*x509.Certificate) {}),
		"the issuer itself":   func(*testing.T, *x509.Certificate) *x509.Certificate { return issuing },
		"":                    changed(issuing, signer, func(*x509.Certificate) {}),
	} {
		t.Run(name, func(t *testing.T) {
			var honest *x509.Certificate
			c := fakeCA(t, l, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusCreated)
				_ = json.NewEncoder(w).Encode(signAnswer{string(PEM(lie(t, honest)))})
			})
			w := wanted(t)
			intent := intend(t, c.Issuer(), w)
			var err error
			if honest, err = c.Issuer().expected(intent, w.Request.PublicKey); err != nil {
				t.Fatal(err)
			}
			got, err := c.Sign(t.Context(), intent, w.Request.DER)
			if name == "" {
				if err != nil {
					t.Errorf("the truth was refused: %v", err)
				}
			} else if !errors.Is(err, ErrMismatch) || got != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

// changed signs an altered copy of the honest certificate.
func changed(parent *x509.Certificate, signer crypto.Signer, alter func(*x509.Certificate)) func(*testing.T, *x509.Certificate) *x509.Certificate {
	return func(t *testing.T, honest *x509.Certificate) *x509.Certificate {
		c := *honest
		c.ExtraExtensions, c.SignatureAlgorithm = nil, 0
		alter(&c)
		der, err := x509.CreateCertificate(rand.Reader, &c, parent, c.PublicKey, signer)
		if err != nil {
			t.Error(err)
			return honest
		}
		got, err := x509.ParseCertificate(der)
		if err != nil {
			t.Error(err)
			return honest
		}
		return got
	}
}

func testCertificate(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := oneCertificate(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustOIDs(t *testing.T, s string) []x509.OID {
	t.Helper()
	oid, err := x509.ParseOID(s)
	if err != nil {
		t.Fatal(err)
	}
	return []x509.OID{oid}
}

func TestHealth(t *testing.T) {
	l := initCA(t, P256)
	e, c := startCA(t, l)
	if err := c.Health(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Health(t.Context()); err != nil {
		t.Fatal(err)
	}
	// /health goes on saying ok; only the canary notices.
	if err := e.running.db.Shutdown(); err != nil {
		t.Fatal(err)
	}
	c.canary.good = time.Time{}
	if err := c.Health(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("without its database: %v", err)
	}
	careless := fakeCA(t, l, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, `{"status":"ok","crt":"x"}`)
	})
	if err := careless.Health(t.Context()); !errors.Is(err, ErrRefused) {
		t.Errorf("a template that does not fail closed: %v", err)
	}
}

func TestNewClientRefuses(t *testing.T) {
	l := initCA(t, P256)
	i := testIssuer(t)
	good := ClientOptions{URL: "https://ca.example:9000", CABundle: PEM(i.Root), ProvisionerKey: l.Provisioner(), Issuer: i}
	if _, err := NewClient(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ClientOptions){
		"http":       func(o *ClientOptions) { o.URL = "http://ca.example" },
		"a path":     func(o *ClientOptions) { o.URL = "https://ca.example/x" },
		"a password": func(o *ClientOptions) { o.URL = "https://a:b@ca.example" },
		"no bundle":  func(o *ClientOptions) { o.CABundle = []byte("x") },
		"no key":     func(o *ClientOptions) { o.ProvisionerKey = l.Config() },
		"no issuer":  func(o *ClientOptions) { o.Issuer = nil },
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			change(&o)
			if _, err := NewClient(o); err == nil {
				t.Error("accepted")
			}
		})
	}
}
