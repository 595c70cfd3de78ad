package ca

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// MaxOCSPSigner is the longest that a delegation lives: nobody can revoke one
// (id-pkix-ocsp-nocheck), so a stolen key must end by itself.
const MaxOCSPSigner = 30 * 24 * time.Hour

// ocspProvisioner is the issuer of tokens for delegations: the same key as
// provisionerName's, but a template that gives nothing else, and for 30 days at
// most.
const ocspProvisioner = "tamga-ocsp"

// ocspTemplate fixes everything but the serial number and the key on the CA's
// side.
const ocspTemplate = `{
{{- if not .Token.qs }}{{ fail "qs required" }}{{ end }}
{{- if not (regexMatch "^[1-9][0-9]{29,38}$" (toString .Token.qs.serial)) }}{{ fail "qs.serial required" }}{{ end }}
	"subject": {"country": "` + country + `", "commonName": "OCSP responder"},
	"serialNumber": {{ toJson .Token.qs.serial }},
	"keyUsage": ["digitalSignature"],
	"extKeyUsage": ["ocspSigning"],
	"basicConstraints": {"isCA": false, "maxPathLen": -1},
	"extensions": [{"id": "1.3.6.1.5.5.7.48.1.5", "critical": false, "value": "BQA="}]
}
`

// OCSPIntent is exactly one delegation that the CA may be asked for; committed
// to our database before it is.
type OCSPIntent struct {
	Serial    registry.Serial
	NotBefore time.Time // UTC, whole seconds
	NotAfter  time.Time
	KeyHash   string // as Request.KeyHash
}

// NewOCSPIntent draws a serial for a delegation from now, by the machine's
// clock, for as long as is allowed and the issuing CA lives.
func (i *Issuer) NewOCSPIntent(now time.Time, key crypto.Signer) (OCSPIntent, error) {
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return OCSPIntent{}, fmt.Errorf("delegating OCSP: %w", err)
	}
	from := now.UTC().Truncate(time.Second)
	intent := OCSPIntent{Serial: newSerial(), NotBefore: from, NotAfter: earlier(from.Add(MaxOCSPSigner), i.Certificate.NotAfter), KeyHash: hash(public)}
	if intent.NotAfter.Sub(from) < minValidity {
		return OCSPIntent{}, registry.Refuse(registry.Conflict, "error.ca.beyond_issuer")
	}
	return intent, nil
}

// DelegateOCSP has the CA sign the intended delegation. It may be repeated with
// the same intent. Errors as Sign's.
func (c *Client) DelegateOCSP(ctx context.Context, intent OCSPIntent, key crypto.Signer) (*OCSPSigner, error) {
	serial, err := number(intent.Serial)
	if err != nil {
		return nil, fmt.Errorf("delegating OCSP: %w", err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, fmt.Errorf("delegating OCSP: %w", err)
	}
	sum := sha256.Sum256(csr)
	ott, err := c.tokenOf(ocspProvisioner, "/sign", string(intent.Serial), map[string]any{
		"qs":  map[string]any{"serial": serial.String()},
		"cnf": map[string]string{"x5rt#S256": base64.RawURLEncoding.EncodeToString(sum[:])},
	})
	if err != nil {
		return nil, err
	}
	var answer signAnswer
	err = c.post(ctx, "/sign", signRequest{
		CSR: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr})), OTT: ott,
		NotBefore: intent.NotBefore.UTC().Format(time.RFC3339), NotAfter: intent.NotAfter.UTC().Format(time.RFC3339),
	}, &answer)
	if err != nil {
		return nil, fmt.Errorf("delegating OCSP: %w", err)
	}
	got, err := oneCertificate([]byte(answer.Certificate))
	if err != nil {
		return nil, fmt.Errorf("delegating OCSP: %w: %w", ErrMismatch, err)
	}
	if got.SerialNumber.Cmp(serial) != 0 || !got.NotBefore.Equal(intent.NotBefore) || !got.NotAfter.Equal(intent.NotAfter) {
		return nil, fmt.Errorf("delegating OCSP: %w: another serial or validity", ErrMismatch)
	}
	s, err := c.issuer.NewOCSPSigner(got, key)
	if err != nil {
		return nil, fmt.Errorf("delegating OCSP: %w: %w", ErrMismatch, err)
	}
	return s, nil
}
