package ca

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	stepca "github.com/smallstep/certificates/ca"
	"github.com/smallstep/certificates/db"
)

// startWithin bounds one start of the embedded CA. Reading an encrypted key and
// opening the database take well under a second.
const startWithin = 20 * time.Second

// localName is what the embedded CA is called by its client.
const localName = "localhost"

// Embedded is step-ca inside this process, on a free port of the loopback
// interface, with a TLS identity that lives as long as this value. It may be
// stopped and started again; clients stay valid.
type Embedded struct {
	layout Layout
	issuer *Issuer
	tls    tls.Certificate
	bundle []byte

	change sync.Mutex // held while starting and stopping

	state   sync.Mutex
	address string // empty while stopped
	running *run
	clients []*Client
}

type run struct {
	ca    *stepca.CA
	db    db.AuthDB
	lock  *os.File
	ended chan error
}

// NewEmbedded prepares the CA that Init made. Start starts it. The profile in
// use is this one, whatever ca.json says.
func NewEmbedded(l Layout, p Profile) (*Embedded, error) {
	issuer, err := LoadIssuer(l.IssuingCertificate(), l.RootCertificate(), p)
	if err != nil {
		return nil, err
	}
	identity, bundle, err := localIdentity()
	if err != nil {
		return nil, fmt.Errorf("embedded CA: %w", err)
	}
	return &Embedded{layout: l, issuer: issuer, tls: identity, bundle: bundle}, nil
}

// Issuer is the CA's public side.
func (e *Embedded) Issuer() *Issuer { return e.issuer }

// Client makes a client of this CA. It works whenever the CA runs, and answers
// ErrUnavailable otherwise. timeout 0 is DefaultTimeout.
func (e *Embedded) Client(timeout time.Duration) (*Client, error) {
	c, err := NewClient(ClientOptions{
		URL:            "https://" + localName,
		CABundle:       e.bundle,
		ProvisionerKey: e.layout.Provisioner(),
		Timeout:        timeout,
		Issuer:         e.issuer,
		dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			address := e.listening()
			if address == "" {
				return nil, errors.New("the embedded CA is stopped")
			}
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		},
	})
	if err != nil {
		return nil, err
	}
	e.state.Lock()
	defer e.state.Unlock()
	e.clients = append(e.clients, c)
	return c, nil
}

// Listening is where the running CA answers, host:port, empty while it is
// stopped, and the PEM certificate by which it is known as "localhost": for who
// measures it without Client.
func (e *Embedded) Listening() (address string, bundle []byte) { return e.listening(), e.bundle }

func (e *Embedded) listening() string {
	e.state.Lock()
	defer e.state.Unlock()
	return e.address
}

// Start starts the CA and waits until it answers; a start that fails is tried
// once more. ErrLocked means that another process runs this CA. Starting a
// started CA does nothing.
func (e *Embedded) Start(ctx context.Context) error {
	e.change.Lock()
	defer e.change.Unlock()
	if e.running != nil {
		return nil
	}
	r, address, err := e.start(ctx)
	if err != nil && !errors.Is(err, ErrLocked) && ctx.Err() == nil {
		r, address, err = e.start(ctx)
	}
	if err != nil {
		return fmt.Errorf("starting the embedded CA: %w", err)
	}
	e.state.Lock()
	e.running, e.address = r, address
	e.state.Unlock()
	return nil
}

// Stop ends the CA and releases its database. Requests under way end first.
// Stopping a stopped CA does nothing.
func (e *Embedded) Stop() error {
	e.change.Lock()
	defer e.change.Unlock()
	e.state.Lock()
	r := e.running
	e.running, e.address = nil, ""
	clients := slices.Clone(e.clients)
	e.state.Unlock()
	if r == nil {
		return nil
	}
	defer hangUp(clients)()
	if err := r.stop(); err != nil {
		return fmt.Errorf("stopping the embedded CA: %w", err)
	}
	return nil
}

// hangUp closes unused connections until the function it returns is called: a
// server that shuts down waits five seconds for one that has never carried a
// request.
func hangUp(clients []*Client) (enough func()) {
	done := make(chan struct{})
	go func() {
		for {
			for _, c := range clients {
				c.http.CloseIdleConnections()
			}
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() { close(done) }
}

func (e *Embedded) start(ctx context.Context) (_ *run, address string, err error) {
	r := &run{ended: make(chan error, 1)}
	defer func() {
		if err != nil {
			r.release()
		}
	}()
	if r.lock, err = lockFile(e.layout.lock()); err != nil {
		return nil, "", err
	}
	password, err := readPassword(e.layout.Password())
	if err != nil {
		return nil, "", err
	}
	if address, err = freeAddress(); err != nil {
		return nil, "", err
	}
	cfg, err := ConfigOptions{
		RootCertificate:    e.layout.RootCertificate(),
		IssuingCertificate: e.layout.IssuingCertificate(),
		IssuingKey:         e.layout.IssuingKey(),
		ProvisionerKey:     e.layout.Provisioner(),
		Address:            address,
		DNSNames:           []string{localName},
		Database:           BoltDatabase(e.layout.Database()),
		Profile:            e.issuer.Profile,
	}.config()
	if err != nil {
		return nil, "", err
	}
	cfg.Init()
	// Opened here because a CA that fails to start does not close it.
	if r.db, err = db.New(cfg.DB); err != nil {
		return nil, "", fmt.Errorf("opening step-ca's database: %w", err)
	}
	r.ca, err = stepca.New(cfg,
		stepca.WithPassword(password), stepca.WithQuiet(true), stepca.WithDatabase(r.db),
		stepca.WithTLSConfig(&tls.Config{Certificates: []tls.Certificate{e.tls}, MinVersion: tls.VersionTLS13}))
	if err != nil {
		return nil, "", err
	}
	running := r.ca
	go func() { r.ended <- running.Run() }()
	if err := e.await(ctx, r, address); err != nil {
		return nil, "", err
	}
	return r, address, nil
}

// await polls until the CA answers at the address, by its own TLS identity. If
// it does not, the CA has ended when await returns. A cancelled start is let
// come up first: smallstep's Stop races with a Run that has just begun.
func (e *Embedded) await(ctx context.Context, r *run, address string) error {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(e.bundle)
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool, ServerName: localName, MinVersion: tls.VersionTLS13},
		DisableKeepAlives: true,
	}
	client := &http.Client{Transport: transport, Timeout: time.Second}
	up, cancel := context.WithTimeout(context.WithoutCancel(ctx), startWithin)
	defer cancel()
	for !answers(up, client, "https://"+address+"/health") {
		select {
		case err := <-r.ended: // it has stopped itself, and must not be stopped again
			r.ca, r.db = nil, nil
			return err
		case <-up.Done():
			return errors.Join(up.Err(), r.stop())
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(err, r.stop())
	}
	return nil
}

func answers(ctx context.Context, client *http.Client, address string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// stop is called once, for a CA that runs: smallstep's Stop panics the second
// time.
func (r *run) stop() error {
	err := r.ca.Stop() // closes the database
	r.ca, r.db = nil, nil
	if ended := <-r.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	r.release()
	return err
}

func (r *run) release() {
	if r.db != nil {
		_ = r.db.Shutdown()
		r.db = nil
	}
	if r.lock != nil {
		_ = r.lock.Close() // ends the lock
		r.lock = nil
	}
}

// lockFile holds a lock that ends with the process, however it ends.
func lockFile(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("%w (lock %s)", ErrLocked, name)
	}
	return nil, fmt.Errorf("locking %s: %w", name, err)
}

func readPassword(file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the CA's password: %w", err)
	}
	password := strings.TrimRight(string(b), "\r\n")
	if password == "" {
		return nil, fmt.Errorf("reading the CA's password: %s is empty", file)
	}
	return []byte(password), nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// localIdentity is a self-signed TLS certificate: step-ca would otherwise have
// its own HTTPS certificate issued by the issuing CA, every day.
func localIdentity() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: localName},
		DNSNames:     []string{localName},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: c}, PEM(c), nil
}
