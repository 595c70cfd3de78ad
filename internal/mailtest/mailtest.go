// Package mailtest is a mail server that keeps what it is sent instead of
// delivering it: for tests, for the demo and for the compose file's catcher. It
// speaks real SMTP, with STARTTLS and PLAIN login where asked, so that what
// sends mail is tried whole. It must never be given mail for real people.
package mailtest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// maxMessage is the largest message taken, in bytes: a few attached papers.
const maxMessage = 32 << 20

// Options of a catcher; the zero value listens on a free loopback port, in the
// clear, and asks for no login.
type Options struct {
	Listen   string      // host:port; empty: 127.0.0.1 and a free port
	TLS      *tls.Config // offers STARTTLS; required before login and mail
	User     string      // PLAIN login, required before mail
	Password string
	Keep     int // messages kept, the oldest dropped first; 0: 1000
}

// Catcher is a running server.
type Catcher struct {
	options Options
	server  *smtp.Server
	address string
	done    chan struct{}

	mu       sync.Mutex
	messages []Message
	refusal  error
	arrived  chan struct{} // closed and replaced at each message
}

// Start listens and serves until [Catcher.Close].
func Start(o Options) (*Catcher, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Keep == 0 {
		o.Keep = 1000
	}
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("mail catcher: %w", err)
	}
	c := &Catcher{options: o, address: l.Addr().String(), done: make(chan struct{}), arrived: make(chan struct{})}
	c.server = smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &session{catcher: c, conn: conn}, nil
	}))
	c.server.Domain = "localhost"
	c.server.TLSConfig = o.TLS
	c.server.AllowInsecureAuth = o.TLS == nil
	c.server.MaxMessageBytes = maxMessage
	c.server.MaxRecipients = 100
	c.server.EnableSMTPUTF8 = true
	c.server.ReadTimeout = time.Minute
	c.server.WriteTimeout = time.Minute
	go func() {
		defer close(c.done)
		_ = c.server.Serve(l) // until Close
	}()
	return c, nil
}

// New starts a catcher that ends with the test.
func New(t testing.TB) *Catcher { return NewWith(t, Options{}) }

// NewWith is [New] with options.
func NewWith(t testing.TB, o Options) *Catcher {
	t.Helper()
	c, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Addr is the host:port to send to.
func (c *Catcher) Addr() string { return c.address }

// Close ends the server and its connections.
func (c *Catcher) Close() error {
	err := c.server.Close()
	<-c.done
	return err
}

// Messages returns what came so far, the oldest first.
func (c *Catcher) Messages() []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.messages)
}

// Wait returns the oldest message that matches, waiting for it to arrive. It
// errs when the context ends first.
func (c *Catcher) Wait(ctx context.Context, match func(Message) bool) (Message, error) {
	for {
		c.mu.Lock()
		i := slices.IndexFunc(c.messages, match)
		var found Message
		if i >= 0 {
			found = c.messages[i]
		}
		arrived, n := c.arrived, len(c.messages)
		c.mu.Unlock()
		if i >= 0 {
			return found, nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("no such message among %d: %w", n, ctx.Err())
		}
	}
}

// To matches messages to an address.
func To(address string) func(Message) bool {
	return func(m Message) bool { return slices.Contains(m.To, address) }
}

// Refuse makes the server answer each message with an SMTP code and a text
// from now on, as a full mailbox (452) or a server in trouble (451) would; code
// 0 makes it take mail again.
func (c *Catcher) Refuse(code int, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusal = nil
	if code != 0 {
		c.refusal = &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: text}
	}
}

func (c *Catcher) keep(m Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refusal != nil {
		return c.refusal
	}
	c.messages = append(c.messages, m)
	if over := len(c.messages) - c.options.Keep; over > 0 {
		c.messages = slices.Delete(c.messages, 0, over)
	}
	close(c.arrived)
	c.arrived = make(chan struct{})
	return nil
}
