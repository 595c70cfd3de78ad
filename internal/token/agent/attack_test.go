package agent_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/token/agent"
	"github.com/tamga-ca/tamga/internal/token/rutokentest"
)

// send sends a request as written and returns the answer with its body.
func (b *bench) send(t testing.TB, change func(*http.Request), path, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", home)
	change(r)
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

// What is not from an allowed page gets no answer that it could read, and reaches
// no token.
func TestAttackNothingReachesTheToken(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin, Label: "Айдай"})
	k := b.drawer.Tokens[0]
	_, port, _ := net.SplitHostPort(b.listen)
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	origin := func(o ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["Origin"] = o }
	}
	kind := func(c ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["Content-Type"] = c }
	}
	method := func(m string) func(*http.Request) { return func(r *http.Request) { r.Method = m } }
	cases := []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"a rebound name", func(r *http.Request) {
			r.Host = "evil.example.com:" + port
			r.Header.Del("Origin") // same-origin to the browser
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}, 421},
		{"a rebound name that claims our origin", host("evil.example.com:" + port), 421},
		{"no port", host("127.0.0.1"), 421},
		{"another port", host("127.0.0.1:1"), 421},
		{"a name that begins right", host("127.0.0.1:" + port + ".evil.example.com"), 421},
		{"a trailing dot", host("localhost.:" + port), 421},
		{"capitals", host("LOCALHOST:" + port), 421},
		{"the other loopback", host("[::1]:" + port), 421},
		{"any address", host("0.0.0.0:" + port), 421},
		{"no origin", origin(), 403},
		{"null", origin("null"), 403},
		{"empty", origin(""), 403},
		{"foreign", origin(foreign), 403},
		{"not https", origin("http://tamga.example.kg"), 403},
		{"a port", origin("https://tamga.example.kg:8443"), 403},
		{"a longer name", origin("https://tamga.example.kg.evil.example.com"), 403},
		{"a subdomain", origin("https://a.tamga.example.kg"), 403},
		{"a slash", origin("https://tamga.example.kg/"), 403},
		{"in capitals", origin("https://TAMGA.example.kg"), 403},
		{"two origins", origin(home, foreign), 403},
		{"two in one", origin(home + ", " + foreign), 403},
		{"the agent's own", origin("http://127.0.0.1:" + port), 403},
		{"text", kind("text/plain"), 415},
		{"text that says it is JSON", kind("text/plain; application/json"), 415},
		{"a form", kind("application/x-www-form-urlencoded"), 415},
		{"a form with files", kind("multipart/form-data; boundary=x"), 415},
		{"no type", kind(), 415},
		{"two types", kind("application/json", "text/plain"), 415},
		{"another charset", kind("application/json; charset=utf-16"), 415},
		{"almost JSON", kind("application/jsonp"), 415},
		{"GET", method("GET"), 405},
		{"PUT", method("PUT"), 405},
		{"HEAD", method("HEAD"), 405},
		{"TRACE", method("TRACE"), 405},
	}
	before := b.drawer.Calls()
	for _, c := range cases {
		for _, call := range []struct{ path, body string }{
			{"/v1/hello", `{}`},
			{"/v1/devices", `{}`},
			{"/v1/certificates", `{"serial":"` + k.Serial + `"}`},
			{"/v1/login", `{"serial":"` + k.Serial + `","pin":"` + pin + `"}`},
			{"/v1/login", `{"serial":"` + k.Serial + `","pin":"999999"}`},
		} {
			if c.status == 405 || c.status == 415 {
				time.Sleep(20 * time.Millisecond) // an allowed origin is held to its rate
			}
			res, body := b.send(t, c.change, call.path, call.body)
			if res.StatusCode != c.status {
				t.Errorf("%s, %s: %d %s", c.name, call.path, res.StatusCode, body)
			}
			if strings.Contains(body, k.Serial) || strings.Contains(body, pin) || strings.Contains(body, "session") || strings.Contains(body, "tamga-token") {
				t.Errorf("%s, %s: tells %s", c.name, call.path, body)
			}
			if c.status == 421 || c.status == 403 {
				for name := range res.Header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s, %s: %s", c.name, call.path, name)
					}
				}
			}
		}
	}
	if now := b.drawer.Calls(); now != before {
		t.Errorf("%d calls reached the token library", now-before)
	}
	if n := k.TriesLeft(); n != 10 {
		t.Errorf("%d tries left", n)
	}
}

func TestPreflight(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin})
	ask := func(origin string) *http.Response {
		res, _ := b.send(t, func(r *http.Request) {
			r.Method = http.MethodOptions
			r.Header = http.Header{
				"Origin": {origin}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"content-type"},
				"Access-Control-Request-Private-Network": {"true"},
			}
		}, "/v1/login", "")
		return res
	}
	res := ask(home)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": home, "Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "content-type",
		"Access-Control-Allow-Private-Network": "true", "Vary": "Origin", "Access-Control-Allow-Credentials": "",
	} {
		if got := res.Header.Get(name); got != want || res.StatusCode != http.StatusNoContent {
			t.Errorf("%d %s: %q", res.StatusCode, name, got)
		}
	}
	for range 100 { // more than the rate: what a page asks before a call says why the call is refused, it is not refused itself
		if res := ask(home); res.StatusCode != http.StatusNoContent {
			t.Fatalf("a preflight of many: %d", res.StatusCode)
		}
	}
	if res := ask(foreign); res.StatusCode != http.StatusForbidden || res.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("foreign: %d %v", res.StatusCode, res.Header)
	}
}

var garbage = []string{
	"", "null", "[]", "1", `"login"`, "{", "}", "{}}", "{} {}", `{"serial":1}`, `{"serial":"x","pin":"y","extra":1}`, `{"serial":null,"pin":null}`,
	"\x00", "\xff\xfe{}", `{"pin":"` + strings.Repeat("9", 60<<10) + `"}`, strings.Repeat("[", 60<<10), strings.Repeat(`{"a":`, 10<<10),
	`{"session":"x","certificate":"!!","envelope":"===","challenge":{}}`, `{"__proto__":{"serial":"x"}}`,
}

func TestAttackGarbage(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin})
	before := b.drawer.Calls()
	for _, call := range []string{"login", "changePin", "generateKey", "csr", "importCertificate", "orphans", "deleteKey", "deleteCertificate", "signLogin", "signEnvelope", "certificates", "nothing", "", "../v1/login", "hello/x"} {
		for _, body := range garbage {
			time.Sleep(35 * time.Millisecond) // slower than the rate of an allowed origin
			res, text := b.send(t, func(*http.Request) {}, "/v1/"+call, body)
			if res.StatusCode < 400 {
				t.Errorf("%s %.40q: %d %s", call, body, res.StatusCode, text)
			}
			var refusal struct{ Code string }
			if json.Unmarshal([]byte(text), &refusal) != nil || refusal.Code == "" || strings.Contains(text, "9999") {
				t.Errorf("%s %.40q: %s", call, body, text)
			}
		}
	}
	if res, text := b.send(t, func(*http.Request) {}, "/v1/login", strings.Repeat(" ", 70<<10)); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if now := b.drawer.Calls(); now != before || b.drawer.Tokens[0].TriesLeft() != 10 {
		t.Errorf("%d calls reached the token library, %d tries left", now-before, b.drawer.Tokens[0].TriesLeft())
	}
}

// A flood, from pages that are allowed and from others: nobody is served more than
// a person needs, and afterwards all is as it was.
func TestAttackFlood(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin})
	k := b.drawer.Tokens[0]
	session := b.call(t, "login", object{"serial": k.Serial, "pin": pin})["session"].(string)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	var served, refused, limited atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for worker := range 32 {
		group.Go(func() {
			for i := range 10_000 / 32 {
				r, _ := http.NewRequest(http.MethodPost, b.URL+"/v1/devices", strings.NewReader("{}"))
				r.Header.Set("Content-Type", "application/json")
				switch (worker + i) % 3 {
				case 0:
					r.Header.Set("Origin", home)
				case 1:
					r.Header.Set("Origin", foreign)
				}
				res, err := transport.RoundTrip(r)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				switch res.StatusCode {
				case http.StatusOK, http.StatusServiceUnavailable: // BUSY
					served.Add(1)
				case http.StatusForbidden:
					refused.Add(1)
				case http.StatusTooManyRequests:
					limited.Add(1)
				default:
					t.Errorf("status %d", res.StatusCode)
				}
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	t.Logf("10,000 requests in %s: %d served, %d limited, %d refused", took, served.Load(), limited.Load(), refused.Load())
	if most := 60 + 30*(took.Seconds()+1); float64(served.Load()) > most {
		t.Errorf("%d were served in %s", served.Load(), took)
	}
	time.Sleep(time.Second)
	b.call(t, "orphans", object{"session": session})
	if n := k.TriesLeft(); n != 10 {
		t.Errorf("%d tries left", n)
	}
}

// A page that logs in a thousand times has one session at the end, at most.
func TestAttackThousandSessions(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin})
	k := b.drawer.Tokens[0]
	var sessions []string
	for range 1000 {
		var out struct{ Session string }
		err := b.Call(t.Context(), home, "login", object{"serial": k.Serial, "pin": pin}, &out)
		if r := (*rutokentest.Refusal)(nil); errors.As(err, &r) && r.Code == "TOO_MANY_REQUESTS" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, out.Session)
	}
	t.Logf("%d logins", len(sessions))
	if len(sessions) > 30 {
		t.Errorf("%d logins", len(sessions))
	}
	time.Sleep(2 * time.Second)
	for i, s := range sessions {
		time.Sleep(50 * time.Millisecond)
		if i == len(sessions)-1 {
			b.call(t, "orphans", object{"session": s})
		} else {
			b.refused(t, home, "orphans", object{"session": s}, "USER_NOT_LOGGED_IN")
		}
	}
	if n := k.TriesLeft(); n != 10 {
		t.Errorf("%d tries left", n)
	}
}

// Tries of a PIN-code are slowed down, whoever asks.
func TestAttackGuessing(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin})
	began := time.Now()
	for i := range 50 {
		call := "login"
		if i%2 == 1 {
			call = "changePin"
		}
		in := object{"serial": b.drawer.Tokens[0].Serial, "pin": fmt.Sprintf("%06d", i)}
		if call == "changePin" {
			in["newPin"] = "975312"
		}
		_ = b.Call(t.Context(), home, call, in, nil)
	}
	if spent, most := 10-b.drawer.Tokens[0].TriesLeft(), 3+int(time.Since(began).Seconds()+1); spent > most {
		t.Errorf("%d tries spent in %s", spent, time.Since(began))
	}
}

// Whoever puts a token back is not slowed down: no page can do that.
func TestPulledOutAndTriedAgain(t *testing.T) {
	b := start(t, 1, rutokentest.Token{PIN: pin})
	k := b.drawer.Tokens[0]
	for range 10 {
		var out struct{ Session string }
		if err := b.Call(t.Context(), home, "login", object{"serial": k.Serial, "pin": pin}, &out); err != nil {
			t.Fatal(err)
		}
		k.Unplug()
		b.refused(t, home, "orphans", object{"session": out.Session}, "DEVICE_NOT_FOUND")
		k.Plug()
	}
}

func FuzzCall(f *testing.F) {
	l := agent.NewLibrary("/nonexistent/library", func() *exec.Cmd { return exec.Command("false") })
	s, err := agent.New(agent.Config{Listen: agent.DefaultListen, Origins: []string{home}, Version: "test"}, l)
	if err != nil {
		f.Fatal(err)
	}
	for _, g := range garbage {
		f.Add("signEnvelope", []byte(g))
	}
	for _, call := range []string{"hello", "devices", "login", "csr", "signLogin", "signEnvelope", "importCertificate"} {
		f.Add(call, []byte(`{"session":"a","serial":"b","pin":"c","keyId":"00","subject":"MAA=","certificate":"MAA=","challenge":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","envelope":"e30="}`))
	}
	f.Fuzz(func(t *testing.T, call string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.URL.Path, r.Host = "/v1/"+call, agent.DefaultListen
		r.Header.Set("Origin", home)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%d %q", w.Code, w.Body)
		}
		if w.Code == http.StatusOK && call != "hello" && call != "logout" || w.Code >= 400 && answer["code"] == "" {
			t.Fatalf("%s %q: %d %v", call, body, w.Code, answer)
		}
	})
}
