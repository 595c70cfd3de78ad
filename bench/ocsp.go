//go:build bench

package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

const ocspTable = "OCSP"

func init() {
	explained[ocspTable] = "Answers a second over HTTP to eight askers that keep their connections, about sixteen certificates of which two are revoked, by POST. The peers serve the same certificates on the same cores, in processes of their own: cfssl ocspserve (Debian's golang-cfssl) the very answers that we signed, openssl ocsp what it signs itself; it closes each connection. The bare handler is net/http that reads the question and returns the bytes of one answer. The askers are one lean program for all and run on the same cores. With a nonce nothing can be signed ahead: both sign each answer."
}

// ocspFor is how long each server is asked in a round.
const ocspFor = 3 * time.Second

// answering is what the offices' answers are signed with.
func (a *authority) answering() (*workflow.Answering, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	issuing, err := a.layout.IssuingSigner()
	return &workflow.Answering{Key: key, KeyID: "bench.1", CRLKey: issuing}, err
}

func answers(ctx context.Context, b *bench) error {
	a, err := newAuthority(ctx, filepath.Join(b.dir, "ocsp"), ca.P256)
	if err != nil {
		return err
	}
	defer a.stop()
	return b.onEach(ctx, a, func(o *office) error { return b.answersOf(ctx, o) })
}

// answersOf measures one database.
func (b *bench) answersOf(ctx context.Context, o *office) error {
	working, stop := context.WithCancel(ctx)
	worked := make(chan struct{})
	go func() { o.flow.Work(working); close(worked) }()
	defer func() { stop(); <-worked }()
	r, err := o.responder(ctx, filepath.Join(b.dir, "ocsp-"+o.name))
	if err != nil {
		return err
	}
	defer r.close()
	measured := map[string][]float64{}
	for range b.rounds {
		for name, address := range r.addresses {
			n, err := r.rate(address, r.posts)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			measured[name] = append(measured[name], n)
		}
		for _, name := range []string{"ours", "openssl"} {
			n, err := r.rate(r.addresses[name], r.nonces)
			if err != nil {
				return fmt.Errorf("%s with a nonce: %w", name, err)
			}
			measured[name+" nonce"] = append(measured[name+" nonce"], n)
		}
	}
	better := "cfssl"
	if median(measured["openssl"]) > median(measured["cfssl"]) {
		better = "openssl"
	}
	for _, peer := range []string{"cfssl", "openssl"} {
		f := compare(fmt.Sprintf("beside %s, %s", peer, o.name), "/s", measured["ours"], measured[peer])
		if peer == better {
			f.atLeast = 3
		}
		b.measured(ocspTable, f)
	}
	f := compare("beside a bare handler, "+o.name, "/s", measured["ours"], measured["bare"])
	f.atLeast = 0.7
	b.measured(ocspTable, f)
	b.measured(ocspTable, compare("with a nonce, beside openssl, "+o.name, "/s", measured["ours nonce"], measured["openssl nonce"]))
	return nil
}

// responder is four servers that answer about the same certificates.
type responder struct {
	*office
	addresses     map[string]string
	posts, nonces [][]byte // whole HTTP requests
	closers       []func()
}

func (r *responder) close() {
	for _, c := range r.closers {
		c()
	}
}

func (o *office) responder(ctx context.Context, dir string) (_ *responder, err error) {
	r := &responder{office: o, addresses: map[string]string{}}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	who, err := o.holders(ctx, 0, func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })
	if err != nil {
		return nil, err
	}
	for _, h := range who[:2] {
		if err := o.store.Write(ctx, func(tx *store.Tx) error {
			c, err := tx.CertificateBySerial(ca.SerialOf(h.cert.SerialNumber))
			if err != nil {
				return err
			}
			return tx.SetCertificateStatus(c.ID, registry.CertIssued, registry.CertRevoked, 1, time.Now())
		}); err != nil {
			return nil, err
		}
	}
	if err := r.ours(); err != nil {
		return nil, err
	}
	var one []byte
	one, err = r.questions(ctx, who)
	if err != nil {
		return nil, err
	}
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body)
		w.Header().Set("Content-Type", "application/ocsp-response")
		_, _ = w.Write(one)
	}))
	r.closers = append(r.closers, bare.Close)
	r.addresses["bare"] = bare.Listener.Addr().String()
	if err := r.cfssl(ctx, dir, who); err != nil {
		return nil, err
	}
	return r, r.openssl(ctx, dir, who)
}

func (r *responder) ours() error {
	s, err := r.serve()
	if err != nil {
		return err
	}
	r.closers = append(r.closers, s.Close)
	r.addresses["ours"] = s.Listener.Addr().String()
	return nil
}

// questions makes the HTTP requests, waits until ours answers, and returns one
// answer.
func (r *responder) questions(ctx context.Context, who []holder) (one []byte, err error) {
	issuer := r.client.Issuer().Certificate
	for _, h := range who {
		der, err := ocsp.CreateRequest(h.cert, issuer, nil)
		if err != nil {
			return nil, err
		}
		r.posts = append(r.posts, post(der))
		r.nonces = append(r.nonces, post(withNonce(der)))
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			one = r.flow.AnswerOCSP(ctx, der).DER
			if _, err := ocsp.ParseResponseForCert(one, h.cert, issuer); err == nil {
				break
			} else if time.Now().After(deadline) {
				return nil, err
			}
		}
		if _, err := ocsp.ParseResponseForCert(r.flow.AnswerOCSP(ctx, withNonce(der)).DER, h.cert, issuer); err != nil {
			return nil, fmt.Errorf("with a nonce: %w", err)
		}
	}
	return one, nil
}

func post(der []byte) []byte {
	return append(fmt.Appendf(nil, "POST /ocsp HTTP/1.1\r\nHost: ca.example.kg\r\nContent-Type: application/ocsp-request\r\nContent-Length: %d\r\n\r\n", len(der)), der...)
}

// withNonce adds a nonce of 16 octets to a request of less than 128.
func withNonce(der []byte) []byte {
	tbs := der[2:]
	extensions := append([]byte{0xa2, 0x23, 0x30, 0x21, 0x30, 0x1f, 0x06, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2, 0x04, 18, 0x04, 16}, "0123456789abcdef"...)
	body := append(bytes.Clone(tbs[2:]), extensions...)
	return append([]byte{0x30, byte(len(body) + 2), 0x30, byte(len(body))}, body...)
}

// cfssl serves what we signed.
func (r *responder) cfssl(ctx context.Context, dir string, who []holder) error {
	var lines strings.Builder
	for _, h := range who {
		der, err := ocsp.CreateRequest(h.cert, r.client.Issuer().Certificate, nil)
		if err != nil {
			return err
		}
		lines.WriteString(base64.StdEncoding.EncodeToString(r.flow.AnswerOCSP(ctx, der).DER) + "\n")
	}
	file := filepath.Join(dir, "responses")
	if err := os.WriteFile(file, []byte(strings.TrimSpace(lines.String())), 0o600); err != nil {
		return err
	}
	address, port, err := freePort()
	if err != nil {
		return err
	}
	return r.start("cfssl", address, exec.CommandContext(ctx, "cfssl", "ocspserve", "-port", port, "-responses", file, "-loglevel", "5"))
}

// openssl signs each answer with a delegation of its own.
func (r *responder) openssl(ctx context.Context, dir string, who []holder) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	intent, err := r.client.Issuer().NewOCSPIntent(time.Now(), key)
	if err != nil {
		return err
	}
	signer, err := r.client.DelegateOCSP(ctx, intent, key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	var index strings.Builder
	for i, h := range who {
		state, when := "V", ""
		if i < 2 {
			state, when = "R", time.Now().UTC().Format("060102150405Z")+",keyCompromise"
		}
		serial := h.cert.SerialNumber.Text(16)
		if len(serial)%2 == 1 {
			serial = "0" + serial
		}
		fmt.Fprintf(&index, "%s\t%s\t%s\t%s\tunknown\t/CN=%d\n", state, h.cert.NotAfter.UTC().Format("060102150405Z"), when, strings.ToUpper(serial), i)
	}
	for name, content := range map[string][]byte{
		"index.txt": []byte(index.String()), "issuing.pem": ca.PEM(r.client.Issuer().Certificate), "ocsp.pem": ca.PEM(signer.Certificate),
		"ocsp.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	address, port, err := freePort()
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, "openssl", "ocsp", "-port", port, "-ignore_err", "-nmin", "60",
		"-index", "index.txt", "-CA", "issuing.pem", "-rsigner", "ocsp.pem", "-rkey", "ocsp.key")
	c.Dir = dir
	return r.start("openssl", address, c)
}

func freePort() (address, port string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	address = l.Addr().String()
	_, port, err = net.SplitHostPort(address)
	_ = l.Close()
	return address, port, err
}

// start runs a peer and waits until it listens.
func (r *responder) start(name, address string, c *exec.Cmd) error {
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		return fmt.Errorf("%w (Debian: golang-cfssl, openssl)", err)
	}
	r.closers = append(r.closers, func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	r.addresses[name] = address
	// With a whole question: openssl does not get over a connection without one.
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		a := asker{address: address}
		err := a.ask(r.posts[0])
		a.hangUp()
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s does not answer on %s: %s", name, address, said.String())
}
