package ca

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"time"
)

// signRequest is the body of step-ca's POST /1.0/sign.
type signRequest struct {
	CSR       string `json:"csr"`
	OTT       string `json:"ott"`
	NotBefore string `json:"notBefore"` // RFC 3339
	NotAfter  string `json:"notAfter"`
}

type signAnswer struct {
	Certificate string `json:"crt"`
}

// Sign has the CA sign exactly the intended certificate, for the request (DER)
// that the intent was made with. It may be repeated with the same arguments:
// serial, validity, subject and key stay, so the to-be-signed content is the
// same every time; only the token is fresh.
//
// ErrUnavailable: unknown outcome, repeat. ErrRefused: never. ErrMismatch: the
// CA signed something else, which is not returned. Any other error is ours.
func (c *Client) Sign(ctx context.Context, intent Intent, csr []byte) (*x509.Certificate, error) {
	if err := c.mine(intent); err != nil {
		return nil, err
	}
	r, err := CheckCSR(csr)
	if err != nil {
		return nil, err
	}
	o, err := c.issuer.order(intent, r)
	if err != nil {
		return nil, err
	}
	return c.Place(ctx, o)
}

// mine refuses an intent that cannot be repeated exactly.
func (c *Client) mine(intent Intent) error {
	if intent.ProfileID != "" && intent.ProfileID != c.issuer.profileID {
		return errContradiction("the intent was made for another profile or issuing certificate")
	}
	return nil
}

// Place is Sign of an order.
func (c *Client) Place(ctx context.Context, o *Order) (*x509.Certificate, error) {
	intent, csr := o.intent, o.request.DER
	if err := c.mine(intent); err != nil {
		return nil, err
	}
	serial, err := number(intent.Serial)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(csr)
	subject := o.request.CommonName
	if subject == "" {
		subject = string(intent.Serial)
	}
	ott, err := c.token("/sign", subject, map[string]any{
		"qs": map[string]any{
			"rawSubject": base64.StdEncoding.EncodeToString(intent.Subject),
			"serial":     serial.String(),
			"profile":    string(intent.Profile),
		},
		"cnf": map[string]string{"x5rt#S256": base64.RawURLEncoding.EncodeToString(sum[:])},
	})
	if err != nil {
		return nil, err
	}
	var answer signAnswer
	err = c.post(ctx, "/sign", signRequest{
		CSR:       string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr})),
		OTT:       ott,
		NotBefore: intent.NotBefore.UTC().Format(time.RFC3339),
		NotAfter:  intent.NotAfter.UTC().Format(time.RFC3339),
	}, &answer)
	if err != nil {
		return nil, fmt.Errorf("signing serial %s: %w", intent.Serial, err)
	}
	got, err := oneCertificate([]byte(answer.Certificate))
	if err != nil {
		return nil, fmt.Errorf("signing serial %s: %w: %w", intent.Serial, ErrMismatch, err)
	}
	if err := c.issuer.compareWith(intent, o.want, o.tbs, got); err != nil {
		return nil, err
	}
	return got, nil
}
