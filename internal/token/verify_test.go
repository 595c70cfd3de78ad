package token_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/token"
)

var content = []byte(`{"typ":"token-login/1","origin":"https://tamga.example.kg","challenge":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`)

func TestVerifyAcceptsWhatWeSign(t *testing.T) {
	a := newAuthority(t)
	for _, alg := range []string{"P-256", "P-384", "RSA-2048"} {
		t.Run(alg, func(t *testing.T) {
			h := a.issue(t, alg, nil)
			cms := must(token.Sign(content, h.cert, h.key, now))(t)
			for name, in := range map[string][]byte{
				"DER":         cms,
				"PEM CMS":     pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: cms}),
				"PEM PKCS7":   pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: cms}),
				"PEM, spaced": append([]byte("\n "), pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: cms})...),
			} {
				s, err := token.Verify(t.Context(), in, content, a.options())
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if !s.Certificate.Equal(h.cert) || s.PersonalNumber != person || s.INN != organisation || s.Profile != registry.HolderProfile ||
					string(s.Serial) != h.cert.SerialNumber.Text(16) || !s.SigningTime.Equal(now.Truncate(time.Second)) {
					t.Errorf("%s: signer %+v", name, s)
				}
			}
		})
	}
}

func TestOpenSSLAcceptsWhatWeSign(t *testing.T) {
	a := newAuthority(t)
	for _, alg := range []string{"P-256", "RSA-2048"} {
		t.Run(alg, func(t *testing.T) {
			h := a.issue(t, alg, nil)
			o := newOpenSSL(t, a, h, content)
			o.write("cms", must(token.Sign(content, h.cert, h.key, now))(t))
			out, err := o.run("cms", "-verify", "-binary", "-inform", "DER", "-in", "cms", "-CAfile", "ca.pem", "-attime", "1772703000", "-out", "out", "-cades")
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if !bytes.Equal(o.read("out"), content) {
				t.Error("content differs")
			}
			out, err = o.run("cms", "-cmsout", "-print", "-inform", "DER", "-in", "cms", "-noout")
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"contentType", "messageDigest", "signingTime", "signingCertificateV2", "sha256"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %s in\n%s", want, out)
				}
			}
		})
	}
}

func TestVerifyAcceptsWhatOpenSSLSigns(t *testing.T) {
	a := newAuthority(t)
	for _, c := range []struct {
		alg   string
		extra []string
	}{
		{"P-256", nil},
		{"P-256", []string{"-md", "sha256"}},
		{"P-256", []string{"-md", "sha384"}},
		{"P-384", []string{"-md", "sha512", "-cades"}},
		{"RSA-2048", []string{"-md", "sha256"}},
		{"RSA-2048", []string{"-md", "sha512", "-cades"}},
		{"RSA-2048", []string{"-md", "sha256", "-stream"}},
		{"RSA-2048", []string{"-md", "sha256", "-nosmimecap"}},
		{"RSA-2048", []string{"-md", "sha256", "-certfile", "ca.pem"}},
		{"RSA-2048", []string{"-md", "sha256", "-keyopt", "rsa_padding_mode:pss"}},
		{"RSA-2048", []string{"-md", "sha384", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:48"}},
	} {
		t.Run(c.alg+" "+strings.Join(c.extra, " "), func(t *testing.T) {
			h := a.issue(t, c.alg, nil)
			cms := newOpenSSL(t, a, h, content).sign(append(c.extra, "-nodetach")...)
			s, err := token.Verify(t.Context(), cms, content, a.options())
			if err != nil {
				t.Fatal(err)
			}
			if !s.Certificate.Equal(h.cert) {
				t.Error("another signer")
			}
		})
	}
}

// TestVerifyRefuses makes, with openssl or with our own CA, one signature for
// each way to be wrong, and looks for the refusal that belongs to it.
func TestVerifyRefuses(t *testing.T) {
	a, foreign := newAuthority(t), newAuthority(t)
	signed := func(args ...string) func(*testing.T) []byte {
		return func(t *testing.T) []byte {
			h := a.issue(t, "RSA-2048", nil)
			o := newOpenSSL(t, a, h, content)
			second := a.issue(t, "P-256", nil)
			o.write("second.pem", append(certPEM(second.cert), keyPEM(t, second.key)...))
			return o.sign(args...)
		}
	}
	issued := func(change func(*x509.Certificate)) func(*testing.T) []byte {
		return func(t *testing.T) []byte {
			h := a.issue(t, "P-256", change)
			return must(token.Sign(content, h.cert, h.key, now))(t)
		}
	}
	good := issued(nil)
	spoiled := func(at func([]byte) int) func(*testing.T) []byte {
		return func(t *testing.T) []byte {
			b := good(t)
			b[at(b)] ^= 1
			return b
		}
	}
	names := func(attrs ...pkix.AttributeTypeAndValue) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.Subject.ExtraNames = attrs }
	}
	number := pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 5}, Value: "PNOKG-" + person}
	org := pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 97}, Value: "NTRKG-" + organisation}

	for name, c := range map[string]struct {
		cms     func(*testing.T) []byte
		want    string
		options func(*token.Options)
	}{
		"empty":          {func(*testing.T) []byte { return nil }, "error.token.malformed", nil},
		"garbage":        {func(*testing.T) []byte { return []byte("hello") }, "error.token.malformed", nil},
		"too large":      {func(t *testing.T) []byte { return append(good(t), make([]byte, token.MaxCMS)...) }, "error.token.too_large", nil},
		"trailing bytes": {func(t *testing.T) []byte { return append(good(t), 0, 0) }, "error.token.malformed", nil},
		"PEM of another": {func(t *testing.T) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: good(t)}) }, "error.token.malformed", nil},
		"two PEM blocks": {func(t *testing.T) []byte {
			return bytes.Repeat(pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: good(t)}), 2)
		}, "error.token.malformed", nil},
		"nested too deep": {func(*testing.T) []byte { return bytes.Repeat([]byte{0x30, 0x80}, 10_000) }, "error.token.malformed", nil},
		"a certificate":   {func(t *testing.T) []byte { return a.issuing.Raw }, "error.token.malformed", nil},
		"detached":        {signed("-md", "sha256"), "error.token.detached", nil},
		"other content": {func(t *testing.T) []byte {
			h := a.issue(t, "P-256", nil)
			return must(token.Sign([]byte("{}"), h.cert, h.key, now))(t)
		}, "error.token.content", nil},
		"content altered": {spoiled(func(b []byte) int { return bytes.Index(b, content) }), "error.token.content", nil},
		"two signers":     {signed("-md", "sha256", "-nodetach", "-signer", "second.pem"), "error.token.signers", nil},
		"key identifier":  {signed("-md", "sha256", "-nodetach", "-keyid"), "error.token.key_id", nil},
		"no certificate":  {signed("-md", "sha256", "-nodetach", "-nocerts"), "error.token.signer_certificate", nil},
		"no attributes":   {signed("-md", "sha256", "-nodetach", "-noattr"), "error.token.attributes", nil},
		"SHA-1":           {signed("-md", "sha1", "-nodetach"), "error.signature.sha1", nil},
		"MD5":             {signed("-md", "md5", "-nodetach"), "error.token.algorithm", nil},
		"SHA-224":         {signed("-md", "sha224", "-nodetach"), "error.token.algorithm", nil},
		"PSS, MGF SHA-1":  {signed("-md", "sha256", "-nodetach", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha1"), "error.signature.sha1", nil},
		"PSS, MGF other":  {signed("-md", "sha256", "-nodetach", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha512"), "error.token.algorithm", nil},
		"signature":       {spoiled(func(b []byte) int { return len(b) - 1 }), "error.signature.invalid", nil},
		"short RSA key": {func(t *testing.T) []byte {
			return newOpenSSL(t, a, a.issue(t, "RSA-1024", nil), content).sign("-nodetach", "-md", "sha256")
		}, "error.token.algorithm", nil},
		"weak curve": {func(t *testing.T) []byte {
			return newOpenSSL(t, a, a.issue(t, "P-224", nil), content).sign("-nodetach", "-md", "sha256")
		}, "error.token.algorithm", nil},
		"foreign CA": {func(t *testing.T) []byte {
			h := foreign.issue(t, "P-256", nil)
			return must(token.Sign(content, h.cert, h.key, now))(t)
		}, "error.certificate.other_ca", nil},
		"foreign CA sent along": {func(t *testing.T) []byte {
			return newOpenSSL(t, foreign, foreign.issue(t, "RSA-2048", nil), content).sign("-nodetach", "-certfile", "ca.pem")
		}, "error.certificate.other_ca", nil},
		"by the issuing CA itself": {func(t *testing.T) []byte { return must(token.Sign(content, a.issuing, a.key, now))(t) }, "error.certificate.other_ca", nil},
		"a CA below ours":          {issued(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), "error.certificate.other_ca", nil},
		"critical extension": {issued(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}), "error.certificate.other_ca", nil},
		"expired": {issued(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second).Truncate(time.Second) }), "error.certificate.expired", nil},
		"expired, foreign": {func(t *testing.T) []byte {
			h := foreign.issue(t, "P-256", func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Hour) })
			return must(token.Sign(content, h.cert, h.key, now))(t)
		}, "error.certificate.other_ca", nil},
		"not yet usable": {issued(func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) }), "error.certificate.not_yet", nil},
		"revoked":        {good, "error.certificate.revoked", status(token.StatusRevoked, nil)},
		"suspended":      {good, "error.certificate.suspended", status(token.StatusSuspended, nil)},
		"unknown":        {good, "error.token.unknown", status(token.StatusUnknown, nil)},
		"status beyond":  {good, "error.token.unknown", status(99, nil)},
		"status fails":   {good, "error.token.status_unavailable", status(token.StatusGood, errors.New("database is away"))},
		"key usage":      {issued(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }), "error.token.usage", nil},
		"extended usage": {issued(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }), "error.token.usage", nil},
		"any usage":      {issued(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), "error.token.usage", nil},
		"no policy":      {issued(func(c *x509.Certificate) { c.Policies = nil }), "error.token.policy", nil},
		"other policy":   {issued(func(c *x509.Certificate) { c.Policies = []x509.OID{otherPolicy} }), "error.token.policy", nil},
		"both policies":  {issued(func(c *x509.Certificate) { c.Policies = []x509.OID{holderPolicy, operatorPolicy} }), "error.token.policy", nil},
		"policy off":     {good, "error.token.policy", func(o *token.Options) { o.HolderPolicy = x509.OID{} }},
		"no number":      {issued(names(org)), "error.token.names", nil},
		"two numbers":    {issued(names(number, number, org)), "error.token.names", nil},
		"two INNs":       {issued(names(number, org, org)), "error.token.names", nil},
		"no INN":         {issued(names(number)), "error.token.names", nil},
		"passport":       {issued(names(org, pkix.AttributeTypeAndValue{Type: number.Type, Value: "PASKG-AN1234567"})), "error.token.names", nil},
		"short INN":      {issued(names(number, pkix.AttributeTypeAndValue{Type: org.Type, Value: "NTRKG-101202010001"})), "error.token.names", nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := a.options()
			if c.options != nil {
				c.options(&o)
			}
			s, err := token.Verify(t.Context(), c.cms(t), content, o)
			var refusal *registry.Error
			if !errors.As(err, &refusal) || refusal.Key != c.want {
				t.Fatalf("got %v, %v; want %s", s, err, c.want)
			}
		})
	}
}

func TestRefusalsCarryTheirDate(t *testing.T) {
	a := newAuthority(t)
	for key, change := range map[string]func(*x509.Certificate){
		token.KeyExpired:      func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Hour).Truncate(time.Second) },
		token.KeyNotYetUsable: func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour).Truncate(time.Second) },
	} {
		h := a.issue(t, "P-256", change)
		_, err := token.Verify(t.Context(), must(token.Sign(content, h.cert, h.key, now))(t), content, a.options())
		var refusal *registry.Error
		if !errors.As(err, &refusal) || refusal.Key != key {
			t.Fatalf("%s: %v", key, err)
		}
		date, _ := refusal.Args["date"].(time.Time)
		if !date.Equal(h.cert.NotAfter) && !date.Equal(h.cert.NotBefore) {
			t.Errorf("%s: date %v", key, refusal.Args)
		}
	}
}

// Both ends of the validity belong to it (RFC 5280 §4.1.2.5).
func TestValidityIncludesBothEnds(t *testing.T) {
	a := newAuthority(t)
	h := a.issue(t, "P-256", nil)
	cms := must(token.Sign(content, h.cert, h.key, now))(t)
	for at, want := range map[time.Time]bool{
		h.cert.NotBefore: true, h.cert.NotBefore.Add(-time.Microsecond): false,
		h.cert.NotAfter: true, h.cert.NotAfter.Add(time.Second): false,
	} {
		o := a.options()
		o.Now = at
		if _, err := token.Verify(t.Context(), cms, content, o); (err == nil) != want {
			t.Errorf("at %v: %v", at, err)
		}
	}
}

func TestOperatorsCertificateNeedsNoOrganisation(t *testing.T) {
	a := newAuthority(t)
	h := a.issue(t, "P-256", func(c *x509.Certificate) {
		c.Policies = []x509.OID{operatorPolicy}
		c.Subject.ExtraNames = c.Subject.ExtraNames[1:]
	})
	s, err := token.Verify(t.Context(), must(token.Sign(content, h.cert, h.key, now))(t), content, a.options())
	if err != nil || s.Profile != registry.OperatorProfile || s.INN != "" || s.PersonalNumber != person {
		t.Fatalf("%+v %v", s, err)
	}
}

func TestRevocationIsAskedOnlyOfOurOwnValidCertificates(t *testing.T) {
	a, foreign := newAuthority(t), newAuthority(t)
	h := foreign.issue(t, "P-256", nil)
	o := a.options()
	o.Status = func(context.Context, *x509.Certificate) (token.Status, error) {
		t.Error("asked about a stranger's certificate")
		return token.StatusGood, nil
	}
	if _, err := token.Verify(t.Context(), must(token.Sign(content, h.cert, h.key, now))(t), content, o); err == nil {
		t.Error("accepted")
	}
}

func TestVerifyWithoutOptionsIsNoRefusalOfTheSigner(t *testing.T) {
	_, err := token.Verify(t.Context(), []byte("x"), content, token.Options{})
	if err == nil || registry.KindOf(err) != 0 {
		t.Errorf("%v", err)
	}
}

// A Verifier that has seen a certificate still judges its validity, status and
// signature, and takes no other for it.
func TestVerifierRemembersOnlyWhoIssued(t *testing.T) {
	a, foreign := newAuthority(t), newAuthority(t)
	h, f := a.issue(t, "P-256", nil), foreign.issue(t, "P-256", nil)
	o := a.options()
	v := must(token.NewVerifier(o.Roots, o.Issuers, o.HolderPolicy, o.OperatorPolicy))(t)
	cms, theirs := must(token.Sign(content, h.cert, h.key, now))(t), must(token.Sign(content, f.cert, f.key, now))(t)
	revoked := o
	status(token.StatusRevoked, nil)(&revoked)
	for range 2 {
		for name, c := range map[string]struct {
			cms    []byte
			at     time.Time
			status token.StatusFunc
			want   string
		}{
			"good":    {cms, now, o.Status, ""},
			"expired": {cms, h.cert.NotAfter.Add(time.Hour), o.Status, token.KeyExpired},
			"early":   {cms, h.cert.NotBefore.Add(-time.Hour), o.Status, token.KeyNotYetUsable},
			"revoked": {cms, now, revoked.Status, token.ErrRevoked.Key},
			"foreign": {theirs, now, o.Status, token.ErrForeignCA.Key},
		} {
			_, err := v.Verify(t.Context(), c.cms, content, c.at, c.status)
			var refusal *registry.Error
			errors.As(err, &refusal)
			if (err != nil) != (c.want != "") || err != nil && (refusal == nil || refusal.Key != c.want) {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
	}
	if _, err := token.NewVerifier(foreign.options().Roots, o.Issuers, holderPolicy, operatorPolicy); err == nil {
		t.Error("an issuer of another root was taken")
	}
}

func TestSignNeedsTheCertificateOfItsKey(t *testing.T) {
	a := newAuthority(t)
	h, other := a.issue(t, "P-256", nil), a.issue(t, "RSA-2048", nil)
	if _, err := token.Sign(content, h.cert, other.key, now); err == nil {
		t.Error("signed with a certificate of another key")
	}
}

// Every byte that is changed is noticed, whatever it belongs to, unless it
// stands where nothing is protected: then the signer must still be the same.
func TestAnyChangedByteIsRefusedOrHarmless(t *testing.T) {
	a := newAuthority(t)
	h := a.issue(t, "P-256", nil)
	cms := must(token.Sign(content, h.cert, h.key, now))(t)
	for i := range cms {
		b := bytes.Clone(cms)
		b[i] ^= 0x01
		if s, err := token.Verify(t.Context(), b, content, a.options()); err == nil && !s.Certificate.Equal(h.cert) {
			t.Errorf("byte %d: accepted as %v", i, s.Serial)
		}
	}
}

func status(s token.Status, err error) func(*token.Options) {
	return func(o *token.Options) {
		o.Status = func(context.Context, *x509.Certificate) (token.Status, error) { return s, err }
	}
}
