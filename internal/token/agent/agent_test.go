package agent_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/token/agent"
	"github.com/tamga-ca/tamga/internal/token/rutokentest"
)

const (
	pin     = "246813"
	home    = "https://tamga.example.kg"
	foreign = "https://evil.example.com"
)

// The test's own program is the worker too.
func TestMain(m *testing.M) {
	if library := os.Getenv("AGENT_TEST_WORKER"); library != "" {
		if err := agent.Work(library, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// clock is what the sessions go by.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type bench struct {
	*rutokentest.Agent
	drawer *rutokentest.Drawer
	clock  *clock
	listen string
}

// scale shortens the limits of calls.
func start(t *testing.T, scale float64, tokens ...rutokentest.Token) *bench {
	t.Helper()
	d := rutokentest.New(t, tokens...)
	l := agent.NewLibrary(d.Library, func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(append(os.Environ(), d.Env()...), "AGENT_TEST_WORKER="+d.Library)
		cmd.Stderr = os.Stderr
		return cmd
	})
	l.Scale(scale)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{drawer: d, clock: &clock{now: time.Now()}, listen: listener.Addr().String()}
	s, err := agent.New(agent.Config{Listen: b.listen, Origins: []string{home, "https://other.example.kg"}, Version: "test", Now: b.clock.Now}, l)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	b.Agent = &rutokentest.Agent{URL: "http://" + b.listen}
	return b
}

type object = map[string]any

// call is a call of the home origin that has to succeed.
func (b *bench) call(t *testing.T, name string, in object) object {
	t.Helper()
	out := object{}
	if err := b.Call(t.Context(), home, name, in, &out); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// refused is a call that has to fail with that code.
func (b *bench) refused(t *testing.T, origin, name string, in object, code string) {
	t.Helper()
	var out object
	err := b.Call(t.Context(), origin, name, in, &out)
	var r *rutokentest.Refusal
	ok := errors.As(err, &r)
	if !ok || r.Code != code {
		t.Fatalf("%s: got %v, %v; want %s", name, out, err, code)
	}
}

func TestHello(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin})
	h := b.call(t, "hello", object{})
	library := h["library"].(object)
	if h["agent"] != "tamga-token" || h["api"] != 1.0 || h["version"] != "test" || library["state"] != "ready" || library["name"] != "Rutoken ECP PKCS #11 library" {
		t.Error(h)
	}
}

func TestLoginAndSign(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin, Label: "Айдай"})
	devices := b.call(t, "devices", object{})["devices"].([]any)
	if len(devices) != 1 {
		t.Fatal(devices)
	}
	serial := devices[0].(object)["serial"].(string)
	in := b.call(t, "login", object{"serial": serial, "pin": pin})
	if in["factory"] != false || in["idle"] != 180.0 {
		t.Error(in)
	}
	session := in["session"].(string)
	key := b.call(t, "generateKey", object{"session": session, "algorithm": "RSA-2048", "label": "Айдай"})
	if csr := b.call(t, "csr", object{"session": session, "keyId": key["keyId"]})["csr"].(string); len(csr) < 100 {
		t.Error(csr)
	}
	b.refused(t, home, "signLogin", object{"session": session, "certificate": "ab", "challenge": "short"}, "ENVELOPE_REFUSED")
	b.call(t, "logout", object{"session": session})
	b.refused(t, home, "orphans", object{"session": session}, "USER_NOT_LOGGED_IN")
}
