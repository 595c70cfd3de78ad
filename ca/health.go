package ca

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// canaryEvery is how long a good canary is believed. Each one leaves a used
// token of some 500 bytes in step-ca's database.
const canaryEvery = 5 * time.Minute

// Health tells whether the CA can issue: nil, or an error as Sign's. step-ca's
// own /health says ok while its database is down, so every canaryEvery, and
// after a failure, a request is sent that needs everything but the CA's key:
// clocks, provisioner, database, template. Its token names no subject, so the
// template refuses it; a CA that signs it is not configured as WriteConfig
// does, and that is an error too.
func (c *Client) Health(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/health", nil)
	if err != nil {
		return fmt.Errorf("asking the CA's health: %w", err)
	}
	var answer struct {
		Status string `json:"status"`
	}
	err = c.do(r, &answer)
	if err == nil && answer.Status != "ok" {
		err = fmt.Errorf("%w: it says it is %q", ErrUnavailable, answer.Status)
	}
	c.canary.Lock()
	defer c.canary.Unlock()
	if err == nil && time.Since(c.canary.good) > canaryEvery {
		err = c.sing(ctx)
	}
	if err != nil {
		c.canary.good = time.Time{}
		return fmt.Errorf("asking the CA's health: %w", err)
	}
	if c.canary.good.IsZero() || time.Since(c.canary.good) > canaryEvery {
		c.canary.good = time.Now()
	}
	return nil
}

func (c *Client) sing(ctx context.Context) error {
	if c.canary.csr == "" {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
		if err != nil {
			return err
		}
		c.canary.csr = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	}
	ott, err := c.token("/sign", "canary", nil)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	err = c.post(ctx, "/sign", signRequest{
		CSR: c.canary.csr, OTT: ott,
		NotBefore: now.Format(time.RFC3339), NotAfter: now.Add(2 * minValidity).Format(time.RFC3339),
	}, &struct{}{})
	var answer *answerError
	switch {
	case err == nil:
		return fmt.Errorf("%w: it signs tokens without content: run it with the ca.json written here", ErrRefused)
	case errors.As(err, &answer) && answer.status == http.StatusBadRequest && strings.Contains(answer.message, "qs required"):
		return nil
	}
	return err
}
