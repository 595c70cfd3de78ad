//go:build e2e

package e2e

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tamga-ca/tamga/internal/child"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/token/pkcs11"
	"github.com/tamga-ca/tamga/internal/token/rutokentest"
)

// tamgaToken is the path of the agent's binary, built once a run.
var tamgaToken = sync.OnceValues(func() (string, error) { return build("tamga-token", "../cmd/tamga-token", "CGO_ENABLED=1") })

// workstation is a computer with a drawer of tokens and the agent.
type workstation struct {
	t       *testing.T
	drawer  *rutokentest.Drawer
	address string
	origins string
	process *child.Process
	log     *output
}

// newWorkstation makes the tokens; the agent is not started. Its address is
// the one that the pages ask.
func newWorkstation(t *testing.T, address string, tokens ...rutokentest.Token) *workstation {
	t.Helper()
	return &workstation{t: t, drawer: rutokentest.New(t, tokens...), address: address, origins: filepath.Join(t.TempDir(), "origins")}
}

// start starts the agent for some origins.
func (w *workstation) start(origins ...string) {
	w.t.Helper()
	if err := os.WriteFile(w.origins, []byte(strings.Join(origins, "\n")+"\n"), 0o644); err != nil {
		w.t.Fatal(err)
	}
	w.log = &output{}
	cmd := exec.Command(binary(w.t, tamgaToken), "agent", "--listen", w.address, "--origins", w.origins, "--module", w.drawer.Library)
	cmd.Env = append(clean(os.Environ()), w.drawer.Env()...)
	cmd.Stdout, cmd.Stderr = w.log, w.log
	var err error
	if w.process, err = child.Start(cmd); err != nil {
		w.t.Fatal(err)
	}
	process, log := w.process, w.log
	w.t.Cleanup(func() {
		_ = process.Kill()
		if w.t.Failed() {
			w.t.Logf("log of the agent:\n%s", log.tail(40))
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if answer, err := http.Get("http://" + w.address + "/v1/hello"); err == nil {
			_ = answer.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the agent does not listen\n%s", log.tail(40))
		}
	}
}

// hold makes a key on a token of the drawer and writes a certificate like
// another beside it, before the agent has the library.
func (w *workstation) hold(t *testing.T, r *register, n int, like *registry.Certificate) *x509.Certificate {
	t.Helper()
	for _, e := range w.drawer.Env() {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	m, err := pkcs11.Open(w.drawer.Library)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	serial := w.drawer.Tokens[n].Serial
	if _, err := m.Login(serial, w.drawer.Tokens[n].PIN); err != nil {
		t.Fatal(err)
	}
	key, err := m.GenerateKey(serial, pkcs11.RSA2048, "key")
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.ParsePKIXPublicKey(key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	made := r.add(like, public.(crypto.PublicKey), time.Now().AddDate(0, -1, 0), time.Now().AddDate(0, 11, 0), registry.CertIssued)
	if _, err := m.ImportCertificate(serial, made.Raw, "certificate"); err != nil {
		t.Fatal(err)
	}
	return made
}

// at is a login page in front of the workstation.
func (w *workstation) user(t *testing.T, d tokenDesk) *tokenUser {
	t.Helper()
	u := &tokenUser{t: t, Page: open(t, d.server), words: d.words}
	u.Expect("request to another host: http://" + w.address)
	u.Language(d.lang)
	u.listenForSecrets()
	u.Goto("/login?carrier=token")
	return u
}

const agentPIN = "Altyn.7391"

// tryAgent is the login through the agent and the library of the token: the
// way, wrong PIN-codes, and what keeps a page from the agent.
func (d tokenDesk) tryAgent(t *testing.T) {
	d = d.at(t)
	w := newWorkstation(t, d.agent, rutokentest.Token{Serial: "3a1f60c2", PIN: agentPIN, Label: "Айнура"}, rutokentest.Token{Serial: "3a1f60c3", PIN: agentPIN, Absent: true})
	w.hold(t, d.register, 0, d.of(operator))
	token := w.drawer.Tokens[0]

	u := w.user(t, d)
	u.Expect(`ERR_CONNECTION_REFUSED|ERR_FAILED|CORS policy|\b409\b|\b403\b`)
	u.says("dev", u.T("error.token.extension_missing"))
	u.See(u.T("token.check.missing"))
	w.start("https://somewhere-else.example")
	u.In("").Press(u.T("login.search_again"))
	u.says("dev", u.T("token.agent_origin"))
	u.See(d.server.URL)
	u.Shot("token-origin-" + d.lang)
	_ = w.process.Kill()
	w.start(d.server.URL)
	u.In("").Press(u.T("login.search_again"))
	u.ready(token.Serial)
	if got := u.Text("#dev"); !strings.Contains(got, "Айнура · "+u.T("token.name", "release", "2.0")+" · № 3a1f60c2") {
		t.Errorf("the list says %q", got)
	}

	u.enter("00000000")
	u.says("pin", u.T("token.pin_wrong"))
	if got := token.TriesLeft(); got != 9 {
		t.Errorf("one wrong PIN-code leaves %d tries", got)
	}
	token.SetTriesLeft(2)
	u.enter("00000000")
	u.says("pin", u.T("error.pin.wrong", "n", 1)+" "+u.T("error.pin.last_try"))
	u.enter("00000000")
	u.says("pin", u.T("error.pin.blocked"))
	token.SetTriesLeft(10)
	token.Unplug()
	u.says("dev", u.T("error.token.lost"))
	w.drawer.Tokens[1].Plug()
	u.Until("the other token", patience, func() bool { return len(u.devices()) == 1 && u.devices()[0] == "3a1f60c3" })
	w.drawer.Tokens[1].Unplug()
	token.Plug()
	u.Until("the token again", patience, func() bool { return u.value("#dev") == token.Serial })
	u.ready(token.Serial)
	u.enter(agentPIN)
	u.inside(agentPIN)
	u.logOut()
}

// tryAgentRemoved pulls the token out at the calls of the library that a login
// makes, one after the other.
func (d tokenDesk) tryAgentRemoved(t *testing.T) {
	d = d.at(t)
	w := newWorkstation(t, d.agent, rutokentest.Token{Serial: "3a1f60c2", PIN: agentPIN})
	w.hold(t, d.register, 0, d.of(operator))
	token := w.drawer.Tokens[0]
	w.start(d.server.URL)
	u := w.user(t, d)
	u.Expect(`\b409\b`)
	u.Expect(`\b429\b`)
	lost, closed, again, often := u.T("error.token.lost"), u.T("token.closed"), u.T("token.certificate_gone"), u.T("token.too_often")
	at := 1
	for ; ; at++ {
		u.ready(token.Serial)
		u.Run(chromedp.WaitEnabled("#pin", chromedp.ByQuery))
		u.Until("the PIN-code to be there", patience, func() bool { // a token judged again empties the field
			u.Run(chromedp.Evaluate(fmt.Sprintf(`document.querySelector("#pin").value = %q; undefined`, agentPIN), nil))
			return u.value("#pin") == agentPIN
		})
		before := w.drawer.Calls()
		w.drawer.UnplugAt(at, token)
		u.Run(chromedp.Evaluate(`document.querySelector("[data-token-go]").click()`, nil))
		u.Until("an end", patience, func() bool {
			return u.loggedIn() || u.value("#pin") == "" && (u.Sees(lost) || u.Sees(closed) || u.Sees(again) || u.Sees(often))
		})
		if u.Sees(often) { // the agent slows down who tries PIN-codes
			w.drawer.Calm()
			time.Sleep(time.Second)
			at--
		}
		if token.TriesLeft() != 10 {
			t.Fatalf("removed at call %d: a try is spent", at)
		}
		if u.loggedIn() {
			t.Logf("a login, and its polling, make %d calls", w.drawer.Calls()-before)
			break
		}
		token.Plug()
		u.Until("the token again", patience, func() bool { return u.value("#dev") == token.Serial })
	}
	if at < 20 {
		t.Errorf("a login of %d calls", at)
	}
	u.inside(agentPIN)
}
