package agent_test

import (
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/internal/token/agent"
	"github.com/tamga-ca/tamga/internal/token/rutokentest"
)

func (b *bench) login(t *testing.T) string {
	t.Helper()
	return b.call(t, "login", object{"serial": b.drawer.Tokens[0].Serial, "pin": pin})["session"].(string)
}

// enrolled has a certificate on the first token.
func (b *bench) enrolled(t *testing.T, a *rutokentest.Authority, session string) (certificate string) {
	t.Helper()
	key := b.call(t, "generateKey", object{"session": session, "algorithm": "P-256", "label": "Айдай"})
	request, err := base64.StdEncoding.DecodeString(b.call(t, "csr", object{"session": session, "keyId": key["keyId"]})["csr"].(string))
	if err != nil {
		t.Fatal(err)
	}
	got := b.call(t, "importCertificate", object{"session": session, "certificate": a.Issue(t, request), "label": "Айдай"})
	if got["keyId"] != key["keyId"] {
		t.Errorf("written under %v, the key is %v", got["keyId"], key["keyId"])
	}
	return got["id"].(string)
}

var challenge = strings.Repeat("A", 43)

func handover(t *testing.T, origin string) []byte {
	t.Helper()
	e := token.Envelope{Type: token.Handover, Origin: origin, Subject: "certificate/7f", Version: 1, Hash: [32]byte{1}, Action: "receive", Time: time.Now().UTC().Truncate(time.Microsecond), Text: "Алдым"}
	b, err := e.Bytes(challenge)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The agent says itself which page asks, and signs nothing but envelopes.
func TestSignsOnlyEnvelopesOfTheAskingPage(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin, Release: "3.0"})
	a := rutokentest.NewAuthority(t)
	session := b.login(t)
	certificate := b.enrolled(t, a, session)
	in := func(name string, value any) object {
		return object{"session": session, "certificate": certificate, name: value}
	}
	want := `{"typ":"token-login/1","origin":"` + home + `","challenge":"` + challenge + `"}`
	if got := b.verified(t, a, b.call(t, "signLogin", in("challenge", challenge))["cms"].(string)); got != want {
		t.Errorf("signed %s", got)
	}
	envelope := handover(t, home)
	if got := b.verified(t, a, b.call(t, "signEnvelope", in("envelope", envelope))["cms"].(string)); got != string(envelope) {
		t.Errorf("signed %s", got)
	}
	for name, content := range map[string][]byte{
		"another origin":  handover(t, foreign),
		"a login":         []byte(want),
		"a foreign login": []byte(strings.Replace(want, home, foreign, 1)),
		"text":            []byte("I owe you 1000 som"),
		"nothing":         {},
		"a space more":    append(handover(t, home), ' '),
	} {
		t.Run(name, func(t *testing.T) { b.refused(t, home, "signEnvelope", in("envelope", content), "ENVELOPE_REFUSED") })
	}
	for _, c := range []string{"AAAA", strings.Repeat("A", 42) + "=", strings.Repeat("A", 44), `A","x":"` + challenge} {
		b.refused(t, home, "signLogin", in("challenge", c), "ENVELOPE_REFUSED")
	}
	b.refused(t, "https://other.example.kg", "signLogin", in("challenge", challenge), "USER_NOT_LOGGED_IN")
	b.refused(t, home, "signLogin", object{"session": session, "certificate": strings.Repeat("0", 64), "challenge": challenge}, "CERTIFICATE_NOT_FOUND")
}

// verified returns what was signed, if openssl finds it well signed.
func (b *bench) verified(t *testing.T, a *rutokentest.Authority, cms string) string {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(cms)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"cms": der, "ca": a.PEM()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms", "-CAfile", "ca", "-purpose", "any", "-out", "content")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v\n%s", err, out)
	}
	content, err := os.ReadFile(filepath.Join(dir, "content"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestSessionEnds(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin}, rutokentest.Token{PIN: "975310"})
	gone := func(session, why string) {
		t.Helper()
		t.Log(why)
		b.refused(t, home, "orphans", object{"session": session}, "USER_NOT_LOGGED_IN")
	}
	s := b.login(t)
	b.clock.pass(2 * time.Minute)
	b.call(t, "orphans", object{"session": s})
	b.clock.pass(2 * time.Minute)
	b.call(t, "orphans", object{"session": s})
	b.clock.pass(3*time.Minute + time.Second)
	gone(s, "idle")

	s = b.login(t)
	other := b.call(t, "login", object{"serial": b.drawer.Tokens[1].Serial, "pin": "975310"})["session"].(string)
	again := b.login(t)
	gone(s, "another login to the token")
	b.call(t, "orphans", object{"session": other})
	time.Sleep(time.Second)
	b.refused(t, home, "login", object{"serial": b.drawer.Tokens[0].Serial, "pin": "999999"}, "PIN_INCORRECT")
	gone(again, "a wrong PIN-code")

	b.drawer.Tokens[1].Unplug()
	b.refused(t, home, "orphans", object{"session": other}, "DEVICE_NOT_FOUND")
	b.drawer.Tokens[1].Plug()
	gone(other, "pulled out")

	time.Sleep(time.Second)
	s = b.login(t)
	time.Sleep(time.Second)
	b.call(t, "changePin", object{"serial": b.drawer.Tokens[0].Serial, "pin": pin, "newPin": "135790"})
	gone(s, "another PIN-code")
}

// A library that hangs at any call of a login costs its sessions and nothing else.
func TestHangAtEveryCall(t *testing.T) {
	b := start(t, 0.05, rutokentest.Token{PIN: pin, Release: "3.0"})
	k := b.drawer.Tokens[0]
	calls := b.drawer.Calls()
	s := b.login(t)
	b.call(t, "orphans", object{"session": s})
	calls = b.drawer.Calls() - calls
	for n := 1; n <= calls; n++ {
		b.drawer.HangAt(n)
		var out struct{ Session string }
		time.Sleep(300 * time.Millisecond) // the rate of logins
		err := b.Call(t.Context(), home, "login", object{"serial": k.Serial, "pin": pin}, &out)
		if err == nil {
			err = b.Call(t.Context(), home, "orphans", object{"session": out.Session}, nil)
		}
		var r *rutokentest.Refusal
		_ = errors.As(err, &r)
		if r != nil && r.Code == "TOO_MANY_REQUESTS" {
			n--
			continue
		}
		if r == nil || r.Code != "LIBRARY_HUNG" || r.Status != 504 {
			t.Fatalf("call %d of %d: %v", n, calls, err)
		}
		if !b.drawer.Hung() {
			t.Fatalf("call %d: nothing hung", n)
		}
		b.drawer.Calm()
		if devices := b.call(t, "devices", object{})["devices"].([]any); len(devices) != 1 {
			t.Fatalf("call %d: afterwards %v", n, devices)
		}
		if out.Session != "" {
			b.refused(t, home, "orphans", object{"session": out.Session}, "USER_NOT_LOGGED_IN")
		}
	}
	if n := k.TriesLeft(); n != 10 {
		t.Errorf("%d tries left", n)
	}
}

func TestCrashingLibrary(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin})
	s := b.login(t)
	b.drawer.CrashAt(1)
	b.refused(t, home, "orphans", object{"session": s}, "LIBRARY_CRASHED")
	b.refused(t, home, "orphans", object{"session": s}, "USER_NOT_LOGGED_IN")
	b.call(t, "orphans", object{"session": b.login(t)})
}

// While a call takes long, others are told so, and hello answers at once.
func TestBusy(t *testing.T) {
	b := start(t, 0.1, rutokentest.Token{PIN: pin})
	b.drawer.HangAt(1)
	done := make(chan error)
	go func() {
		done <- b.Call(t.Context(), home, "certificates", object{"serial": b.drawer.Tokens[0].Serial}, nil)
	}()
	for !b.drawer.Hung() {
		time.Sleep(time.Millisecond)
	}
	b.refused(t, home, "devices", object{}, "BUSY")
	began := time.Now()
	b.call(t, "hello", object{})
	if took := time.Since(began); took > time.Second {
		t.Errorf("hello took %s", took)
	}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "LIBRARY_HUNG") {
		t.Error(err)
	}
	b.call(t, "devices", object{})
}

func TestLibraryMissing(t *testing.T) {
	l := agent.NewLibrary("/nonexistent/library", func() *exec.Cmd { return exec.Command("false") })
	if state, _ := l.State(); state != "missing" {
		t.Error(state)
	}
	if err := l.Start(); err == nil || !strings.Contains(err.Error(), "PKCS11_LOAD_FAILED") {
		t.Error(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.so")
	if err := os.WriteFile(broken, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	l = agent.NewLibrary(broken, func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "AGENT_TEST_WORKER="+broken)
		return cmd
	})
	if err := l.Start(); err == nil || !strings.Contains(err.Error(), "PKCS11_LOAD_FAILED") {
		t.Error(err)
	}
	if state, _ := l.State(); state != "failed" {
		t.Error(state)
	}
}

func TestOnlyLoopback(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:24114", ":24114", "192.168.1.1:24114", "tamga.example.kg:24114", "127.0.0.1", "[::]:1"} {
		if _, err := agent.New(agent.Config{Listen: listen, Origins: []string{home}}, agent.NewLibrary("x", nil)); err == nil {
			t.Errorf("%s was accepted", listen)
		}
	}
}

func TestReadOrigins(t *testing.T) {
	dir := t.TempDir()
	write := func(text string, mode os.FileMode) string {
		path := filepath.Join(dir, "origins")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	got, err := agent.ReadOrigins(write("# ours\nhttps://tamga.example.kg # the server\n\n  http://127.0.0.1:8080\n", 0o644), false)
	if err != nil || len(got) != 2 || got[0] != home || got[1] != "http://127.0.0.1:8080" {
		t.Error(got, err)
	}
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"writable by all":   {home, 0o646},
		"writable by group": {home, 0o664},
		"empty":             {"# nothing\n", 0o644},
		"null":              {"null", 0o644},
		"a wildcard":        {"*", 0o644},
		"a wildcard host":   {"https://*", 0o644},
		"plain http":        {"http://tamga.example.kg", 0o644},
		"a path":            {home + "/login", 0o644},
	} {
		if got, err := agent.ReadOrigins(write(c.text, c.mode), false); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if _, err := agent.ReadOrigins(filepath.Join(dir, "nothing"), false); err == nil {
		t.Error("a missing file was read")
	}
}
