package ca

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/smallstep/cli-utils/token"
	"github.com/smallstep/cli-utils/token/provision"
	"go.step.sm/crypto/jose"
)

// DefaultTimeout bounds one request to the CA.
const DefaultTimeout = 15 * time.Second

// maxAnswer bounds what is read of an answer; a chain of three has about 8 KiB.
const maxAnswer = 256 << 10

// ClientOptions say which step-ca to ask. Embedded.Client fills them for the
// embedded one.
type ClientOptions struct {
	URL            string        // "https://host[:port]", no path
	CABundle       []byte        // PEM; whom step-ca's own HTTPS certificate must come from
	ProvisionerKey string        // file of the private JWK
	Timeout        time.Duration // default DefaultTimeout
	Issuer         *Issuer

	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client asks one step-ca, embedded or external, for certificates and
// revocations. It is safe for concurrent use.
//
// It speaks HTTP itself instead of through smallstep's client, which reads
// answers without bound, loses the status of one that is not JSON, and loads
// an identity from the home directory.
type Client struct {
	issuer *Issuer
	base   string
	jwk    *jose.JSONWebKey
	http   *http.Client

	canary canary
}

// NewClient makes a client; it does not connect yet.
func NewClient(o ClientOptions) (*Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("address of the CA: %q is not https://host[:port]", o.URL)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(o.CABundle) {
		return nil, errors.New("bundle of the CA's address: no PEM certificate")
	}
	if o.Issuer == nil {
		return nil, errors.New("client of the CA: no issuer")
	}
	jwk, err := readProvisioner(o.ProvisionerKey)
	if err != nil {
		return nil, err
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		// HTTP/1.1: a server that shuts down waits long for idle HTTP/2
		// connections.
		DialContext:         o.dial,
		TLSHandshakeTimeout: o.Timeout,
		IdleConnTimeout:     10 * time.Second, // less than step-ca's 15
		MaxIdleConnsPerHost: 8,
	}
	return &Client{
		issuer: o.Issuer,
		base:   "https://" + u.Host,
		jwk:    jwk,
		http: &http.Client{
			Transport: transport,
			Timeout:   o.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse // tokens go to one place
			},
		},
	}, nil
}

// Issuer is whose certificates this client gets.
func (c *Client) Issuer() *Issuer { return c.issuer }

// token mints a single-use token: fresh jti and times each.
func (c *Client) token(path, subject string, claims map[string]any) (string, error) {
	return c.tokenOf(provisionerName, path, subject, claims)
}

func (c *Client) tokenOf(provisioner, path, subject string, claims map[string]any) (string, error) {
	now := time.Now() // the machine's clock, because step-ca reads that one
	options := []token.Options{
		token.WithJWTID(rand.Text()),
		token.WithKid(c.jwk.KeyID),
		token.WithIssuer(provisioner),
		token.WithAudience(c.base + "/1.0" + path),
		token.WithValidity(now, now.Add(5*time.Minute)),
	}
	for name, v := range claims {
		options = append(options, token.WithClaim(name, v))
	}
	t, err := provision.New(subject, options...)
	if err != nil {
		return "", fmt.Errorf("making a token for the CA: %w", err)
	}
	s, err := t.SignedString(c.jwk.Algorithm, c.jwk.Key)
	if err != nil {
		return "", fmt.Errorf("making a token for the CA: %w", err)
	}
	return s, nil
}

// answerError is an answer of status 400 or more.
type answerError struct {
	status  int
	message string
}

func (e *answerError) Error() string {
	return fmt.Sprintf("the CA answered %d: %s", e.status, e.message)
}

// post sends a request and reads the answer into out. Its errors are classed.
func (c *Client) post(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encoding a request to the CA: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/1.0"+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("encoding a request to the CA: %w", err)
	}
	r.GetBody = nil // never sent twice by the transport: a token serves once
	r.Header.Set("Content-Type", "application/json")
	return c.do(r, out)
}

func (c *Client) do(r *http.Request, out any) error {
	answer, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, withoutURL(err))
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%w: reading the answer: %w", ErrUnavailable, err)
	}
	if answer.StatusCode >= 300 {
		var problem struct {
			Message string `json:"message"`
		}
		_ = json.Unmarshal(body, &problem) // a gateway's HTML has none
		return classed(&answerError{answer.StatusCode, problem.Message})
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%w: the answer is not readable: %w", ErrUnavailable, err)
	}
	return nil
}

// classed sorts answers: 400 and 403 are about the request and final; all
// others about the CA, and the outcome is unknown.
func classed(e *answerError) error {
	switch e.status {
	case http.StatusBadRequest, http.StatusForbidden:
		return fmt.Errorf("%w: %w", ErrRefused, e)
	case http.StatusUnauthorized:
		return fmt.Errorf("%w: %w: %w", ErrUnavailable, ErrCredentials, e)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, e)
}

// withoutURL unwraps the *url.Error, whose text repeats address and method.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

type canary struct {
	sync.Mutex
	csr  string
	good time.Time
}
