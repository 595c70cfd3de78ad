package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/token"
)

// Address says which server is spoken to.
type Address struct {
	Server string `env:"TAMGA_TOKEN_SERVER" required:"" placeholder:"URL" help:"Address of the server, as people's browsers see it: https://tamga.example.kg."`
	CA     string `name:"ca" env:"TAMGA_TOKEN_CA" placeholder:"FILE" help:"PEM file with the certificate that the server's HTTPS is trusted by. Empty: the system's."`
}

// server is a Tamga server, spoken to as a page would.
type server struct {
	base     *url.URL
	client   *http.Client
	language string
}

// refusal is what the server refused, in the person's language.
type refusal struct {
	Status  int    `json:"-"`
	Key     string `json:"error"`
	Message string `json:"message"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Key, r.Message) }

const (
	maxAnswer     = 4 << 20
	serverTimeout = 30 * time.Second
)

func (a Address) open(language string) (*server, error) {
	base := strings.TrimRight(a.Server, "/")
	if err := token.CheckOrigin(base); err != nil {
		return nil, fmt.Errorf("--server: %w", err)
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("--server: %w", err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if a.CA != "" {
		pool := x509.NewCertPool()
		pem, err := os.ReadFile(a.CA)
		if err != nil {
			return nil, fmt.Errorf("--ca: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--ca: %s has no certificate", a.CA)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &server{base: u, language: language, client: &http.Client{
		Jar: jar, Transport: transport, Timeout: serverTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// origin is the address as signatures name it.
func (s *server) origin() string { return s.base.String() }

// visit fetches the login page for the cookie that every POST needs.
func (s *server) visit(ctx context.Context) error {
	res, err := s.send(ctx, http.MethodGet, "/login", nil)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	return nil
}

// csrf is the token that the cookie holds.
func (s *server) csrf() string {
	for _, c := range s.client.Jar.Cookies(s.base) {
		if strings.HasSuffix(c.Name, "csrf") {
			return c.Value
		}
	}
	return ""
}

func (s *server) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	kind := "application/json"
	switch v := in.(type) {
	case nil:
	case url.Values:
		body, kind = strings.NewReader(v.Encode()), "application/x-www-form-urlencoded"
	default:
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.base.String()+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Accept-Language", s.language)
	r.Header.Set("X-CSRF-Token", s.csrf())
	r.Header.Set("Origin", s.origin())
	res, err := s.client.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, saying("server.away", "url", s.origin())
	}
	return res, nil
}

// call asks for JSON and reads the answer into out.
func (s *server) call(ctx context.Context, method, path string, in, out any) error {
	res, err := s.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return saying("server.away", "url", s.origin())
	}
	if res.StatusCode >= 400 {
		r := &refusal{Status: res.StatusCode}
		if json.Unmarshal(b, r) == nil && r.Message != "" {
			return r
		}
	}
	if res.StatusCode != http.StatusOK || json.Unmarshal(b, out) != nil {
		return saying("server.strange", "url", s.origin()+path, "status", res.StatusCode)
	}
	return nil
}

func (s *server) post(ctx context.Context, path string, in, out any) error {
	return s.call(ctx, http.MethodPost, path, in, out)
}

// keep writes the session's cookies into a file that curl and we can read.
func (s *server) keep(path string) error {
	var b strings.Builder
	b.WriteString("# Netscape HTTP Cookie File\n")
	secure := strings.ToUpper(fmt.Sprint(s.base.Scheme == "https"))
	for _, c := range s.client.Jar.Cookies(s.base) {
		fmt.Fprintf(&b, "#HttpOnly_%s\tFALSE\t/\t%s\t0\t%s\t%s\n", s.base.Hostname(), secure, c.Name, c.Value)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(b.String())
	return errors.Join(err, f.Close())
}

// take reads what keep wrote.
func (s *server) take(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	var cookies []*http.Cookie
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Split(strings.TrimPrefix(lines.Text(), "#HttpOnly_"), "\t")
		if len(fields) == 7 && fields[0] == s.base.Hostname() {
			cookies = append(cookies, &http.Cookie{Name: fields[5], Value: fields[6], Path: "/", Secure: fields[3] == "TRUE", HttpOnly: true})
		}
	}
	s.client.Jar.SetCookies(s.base, cookies)
	return lines.Err()
}
