package rutokentest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/child"
)

// Agent is a running tamga-token agent over a drawer.
type Agent struct {
	// URL is where it listens, without a slash at the end.
	URL string

	process *child.Process
}

// StartAgent starts the program tamga-token (a path) as the agent of this drawer,
// on a free port, for those origins. It ends with the test.
func (d *Drawer) StartAgent(t testing.TB, program string, origins ...string) *Agent {
	t.Helper()
	address := freePort(t)
	return d.StartAgentOn(t, program, address, origins...)
}

// StartAgentOn is StartAgent on that address.
func (d *Drawer) StartAgentOn(t testing.TB, program, address string, origins ...string) *Agent {
	t.Helper()
	list := filepath.Join(t.TempDir(), "origins")
	if err := os.WriteFile(list, []byte(strings.Join(origins, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "agent", "--listen", address, "--module", d.Library, "--origins", list)
	cmd.Env = append(os.Environ(), d.Env()...)
	var log bytes.Buffer
	cmd.Stderr = &log
	p, err := child.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	a := &Agent{URL: "http://" + address, process: p}
	t.Cleanup(func() {
		a.Stop()
		if t.Failed() {
			t.Logf("agent: %s", log.String())
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address); err == nil {
			_ = c.Close()
			return a
		}
		select {
		case <-p.Ended():
			t.Fatalf("the agent ended: %v\n%s", p.Wait(), log.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("the agent does not listen")
		}
	}
}

// Stop ends the agent before the test does.
func (a *Agent) Stop() { _ = a.process.Stop(5 * time.Second) }

// Refusal is an error that the agent answered.
type Refusal struct {
	Status int
	Code   string
	Detail string
}

func (r *Refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

// Call makes a call of docs/agent.md as a page of that origin would. A refusal is
// a *Refusal.
func (a *Agent) Call(ctx context.Context, origin, call string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL+"/v1/"+call, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", origin)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		refusal := &Refusal{Status: res.StatusCode}
		if err := json.NewDecoder(res.Body).Decode(refusal); err != nil {
			return fmt.Errorf("status %d: %w", res.StatusCode, err)
		}
		return refusal
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
