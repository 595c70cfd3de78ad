//go:build bench

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/smallstep/cli-utils/token"
	"github.com/smallstep/cli-utils/token/provision"
	"go.step.sm/crypto/jose"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
)

// bareClient asks the same step-ca for certificates and does nothing else: no
// intent, no lint, no comparison, nothing stored.
type bareClient struct {
	http *http.Client
	jwk  *jose.JSONWebKey
}

const bareURL = "https://localhost/1.0/sign"

func (a *authority) bareClient() (*bareClient, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(a.bundle) {
		return nil, errors.New("the CA has no TLS identity")
	}
	b, err := os.ReadFile(a.layout.Provisioner())
	if err != nil {
		return nil, err
	}
	jwk := new(jose.JSONWebKey)
	if err := json.Unmarshal(b, jwk); err != nil {
		return nil, err
	}
	return &bareClient{jwk: jwk, http: &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}, MaxIdleConnsPerHost: atOnce,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, a.address)
		},
	}}}, nil
}

// sign has the CA sign a certificate of a subject (DER) for a request (DER).
func (c *bareClient) sign(ctx context.Context, subject, csr []byte) (*x509.Certificate, error) {
	now := time.Now().UTC()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, err
	}
	serial.SetBit(serial, 126, 1)
	sum := sha256.Sum256(csr)
	t, err := provision.New(serial.Text(16), token.WithJWTID(rand.Text()), token.WithKid(c.jwk.KeyID), token.WithIssuer("tamga"),
		token.WithAudience(bareURL), token.WithValidity(now, now.Add(5*time.Minute)),
		token.WithClaim("qs", map[string]any{
			"rawSubject": base64.StdEncoding.EncodeToString(subject), "serial": serial.String(), "profile": string(registry.HolderProfile),
		}),
		token.WithClaim("cnf", map[string]string{"x5rt#S256": base64.RawURLEncoding.EncodeToString(sum[:])}))
	if err != nil {
		return nil, err
	}
	ott, err := t.SignedString(c.jwk.Algorithm, c.jwk.Key)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{
		"csr": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr})), "ott": ott,
		"notBefore": now.Format(time.RFC3339), "notAfter": now.AddDate(1, 0, 0).Format(time.RFC3339),
	})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, bareURL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusCreated {
		return nil, fmt.Errorf("the CA answered %d: %s", answer.StatusCode, text)
	}
	var got struct {
		Certificate string `json:"crt"`
	}
	if err := json.Unmarshal(text, &got); err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(got.Certificate))
	if block == nil {
		return nil, errors.New("the CA's answer holds no certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

// subjectOf is the name in a signatory's certificate.
func subjectOf(d registry.Declaration, s registry.Signatory) ([]byte, error) {
	name := s.Person.Name(registry.Russian)
	return ca.EncodeSubject(ca.Subject{
		Organisation: d.Organisation.FullName(registry.Russian), INN: d.Organisation.INN, Locality: d.Organisation.Settlement.Ru,
		CommonName: name.String(), Surname: name.Surname, GivenName: name.Given + " " + name.Patronymic,
		PersonalNumber: s.Person.PersonalNumber, Title: s.Person.PositionRu,
	})
}
