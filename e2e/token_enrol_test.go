//go:build e2e

package e2e

import (
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token/rutokentest"
)

// TestTokenEnrol brings certificates onto tokens at the desk: both authorities,
// through the plug-in and through the agent, and everything that can go wrong on
// the way; then their holders log in.
func TestTokenEnrol(t *testing.T) {
	for authority, langs := range map[string][2]string{"dostek": {"ky", "ru"}, "ubr": {"ru", "ky"}} {
		t.Run(authority, func(t *testing.T) {
			agent := freeAddress(t)
			d := &enrolDesk{server: startDemo(t, authority, "--agent-url", "http://"+agent), agent: agent, authority: authority}
			d.demo = d.server.Demo(t)
			d.register = openRegister(t, d.server)
			d.find(t)
			t.Run("Plugin", func(t *testing.T) { d.tryPlugin(t, langs[0]) })
			t.Run("Agent", func(t *testing.T) { d.tryAgent(t, langs[1]) })
			// What no pack decides is tried with one of them.
			if authority == "dostek" {
				t.Run("Troubles", func(t *testing.T) { d.tryTroubles(t, langs[0]) })
				t.Run("Removed", func(t *testing.T) { d.tryRemoved(t, langs[1]) })
			} else {
				t.Run("Leftovers", func(t *testing.T) { d.tryLeftovers(t, langs[0]) })
				t.Run("AgentRemoved", func(t *testing.T) { d.tryAgentRemoved(t, langs[1]) })
			}
		})
	}
}

// enrolDesk is a demo with applications that are approved for a token.
type enrolDesk struct {
	*register
	server    *Server
	demo      Demo
	agent     string
	authority string
	free      []registry.EnrolmentID
}

// find lists the enrolments that await a key on a token.
func (d *enrolDesk) find(t *testing.T) {
	err := d.store.Read(t.Context(), func(tx *store.Tx) error {
		for _, a := range d.demo.Applications {
			app, err := tx.ApplicationByNumber(a.Number)
			if err != nil {
				return err
			}
			if app.Status != registry.Approved || app.Declaration.Storage != registry.Rutoken {
				continue
			}
			es, err := tx.Enrolments(app.ID)
			if err != nil {
				return err
			}
			for _, e := range es {
				d.free = append(d.free, e.ID)
			}
		}
		return nil
	})
	if err != nil || len(d.free) < 6 {
		t.Fatalf("%d enrolments on tokens, %v", len(d.free), err)
	}
}

func (d *enrolDesk) next() registry.EnrolmentID {
	id := d.free[0]
	d.free = d.free[1:]
	return id
}

func (d *enrolDesk) stored(t *testing.T, id registry.EnrolmentID) (e *registry.Enrolment, c *registry.Certificate, h *store.Handover) {
	t.Helper()
	err := d.store.Read(t.Context(), func(tx *store.Tx) (err error) {
		if e, err = tx.Enrolment(id); err != nil {
			return err
		}
		if c, err = tx.CertificateOfEnrolment(id); err != nil {
			return err
		}
		h, err = tx.Handover(id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e, c, h
}

// clerk is a clerk at the desk, with tokens in the ports.
type clerk struct {
	*tokenUser
	id registry.EnrolmentID
}

func (d *enrolDesk) clerk(t *testing.T, lang string, plugin *plugin) *clerk {
	t.Helper()
	u := &tokenUser{t: t, Page: open(t, d.server), words: wordsOf(t, d.authority, lang), plugin: plugin}
	u.Language(lang)
	u.Expect(`\b(409|422|429)\b`)
	u.Expect("request to another host: http://" + d.agent)
	if plugin != nil {
		plugin.install(u.Page)
	}
	u.listenForSecrets()
	i := slices.IndexFunc(d.demo.People, func(p Person) bool { return p.Role == "clerk" })
	u.logIn(u.words, d.demo.People[i].Identifier, u.T("ecloud.role_operator"), d.demo.People[i].PIN)
	return &clerk{tokenUser: u}
}

// sit opens the page of an enrolment.
func (c *clerk) sit(id registry.EnrolmentID) {
	c.t.Helper()
	c.id = id
	c.Goto(fmt.Sprintf("/enrolments/%d/token", id))
}

func (c *clerk) step() (step string) {
	c.t.Helper()
	c.Run(chromedp.Evaluate(`document.querySelector("[data-token-desk]").dataset.step`, &step))
	return step
}

func (c *clerk) serials() (serials []string) {
	c.t.Helper()
	c.Run(chromedp.Evaluate(`[...document.querySelectorAll('[data-desk-devices] input')].map((e) => e.value)`, &serials))
	return serials
}

// take chooses a token by its serial number, if the page has not.
func (c *clerk) take(serial string) {
	c.t.Helper()
	c.Until("token "+serial, patience, func() bool { return slices.Contains(c.serials(), serial) })
	c.Run(chromedp.Evaluate(fmt.Sprintf(`(e => { if (!e.checked) e.click(); })(document.querySelector('[data-desk-devices] input[value="%s"]'))`, serial), nil))
}

// judged waits until the chosen token is found fit.
func (c *clerk) judged(serial string) {
	c.t.Helper()
	c.take(serial)
	c.Until("the token to be judged", patience, func() bool {
		var ok bool
		c.Run(chromedp.Evaluate(fmt.Sprintf(`document.querySelector('[data-desk-devices] input[value="%s"]')?.checked === true && document.querySelector("[data-desk-trouble]").hidden && document.activeElement?.id === "pin"`, serial), &ok))
		return ok
	})
}

// enter types the PIN-code, perhaps a new one twice, and presses the button.
func (c *clerk) enter(pin string, fresh ...string) {
	c.t.Helper()
	put := func(id, text string) {
		c.Run(chromedp.WaitEnabled("#"+id, chromedp.ByQuery), chromedp.SetValue("#"+id, text, chromedp.ByQuery))
	}
	put("pin", pin)
	for i, f := range fresh {
		put([]string{"new-pin", "new-pin-2"}[i], f)
	}
	c.Run(chromedp.Evaluate(`window.__rutoken?.("arm"); document.querySelector("[data-desk-go]").click()`, nil))
}

// trouble waits until the page says what happened.
func (c *clerk) trouble(sentence string) {
	c.t.Helper()
	c.Until("the trouble "+sentence, patience, func() bool {
		var said string
		c.Run(chromedp.Evaluate(`(e => e.hidden ? "" : e.innerText)(document.querySelector("[data-desk-trouble]"))`, &said))
		return strings.Contains(plain(said), plain(sentence))
	})
}

// pinTrouble waits until the sentence stands under the PIN-code.
func (c *clerk) pinTrouble(sentence string) {
	c.t.Helper()
	c.Until("under the PIN-code "+sentence, patience, func() bool {
		var said string
		c.Run(chromedp.Evaluate(`(e => e.hidden ? "" : e.innerText)(document.querySelector("[data-desk-pin-error]"))`, &said))
		return strings.Contains(plain(said), plain(sentence))
	})
}

func (c *clerk) reaches(step string) {
	c.t.Helper()
	c.Until("step "+step, time.Minute, func() bool { return c.step() == step && !c.busy() })
}

func (c *clerk) busy() (busy bool) {
	c.t.Helper()
	c.Run(chromedp.Evaluate(`document.querySelector("[data-token-desk]").getAttribute("aria-busy") === "true"`, &busy))
	return busy
}

// finish has the certificate written, proven and received.
func (c *clerk) finish(serial, pin string) {
	c.t.Helper()
	c.judged(serial)
	c.enter(pin)
	c.reaches("receive")
	c.receive(serial, pin)
}

// receive has the holder read and sign.
func (c *clerk) receive(serial, pin string) {
	c.t.Helper()
	c.Until("the receipt", patience, func() bool { return c.Count("[data-desk-receipt]:not([hidden])") == 1 })
	if text := c.Text("[data-desk-text]"); !strings.Contains(text, serial) {
		c.t.Errorf("the receipt does not name token %s: %q", serial, text)
	}
	c.enter(pin)
	c.reaches("done")
	for _, s := range c.sent {
		if strings.Contains(s, pin) {
			c.t.Error("the PIN-code was sent to the server")
		}
	}
}

// paper prints the hand-over paper and returns its size.
func (c *clerk) paper() {
	c.t.Helper()
	var kind string
	c.Run(chromedp.Evaluate(`(async () => { const f = document.querySelector("[data-desk-done] form"); const r = await fetch(f.action, {method: "POST", body: new URLSearchParams(new FormData(f))}); return r.status + " " + r.headers.get("Content-Type") + " " + (await r.blob()).size; })()`, &kind,
		func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	if !regexp.MustCompile(`^200 application/pdf \d{4,}$`).MatchString(kind) {
		c.t.Errorf("the paper is %s", kind)
	}
}

// checked has openssl judge the certificate and the receipt that were stored.
func (d *enrolDesk) checked(t *testing.T, id registry.EnrolmentID) *registry.Certificate {
	t.Helper()
	e, c, h := d.stored(t, id)
	if e.Status != registry.HandedOver || c.Storage != registry.Rutoken {
		t.Errorf("the enrolment is %s, the certificate on %s", e.Status, c.Storage)
	}
	dir := t.TempDir()
	layout := ca.Layout{Dir: filepath.Join(d.server.Dir, "data", "ca"), Secrets: filepath.Join(d.server.Dir, "secrets")}
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var chain []byte
	for _, path := range []string{layout.RootCertificate(), layout.IssuingCertificate()} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, b...)
	}
	trusted := put("trusted.pem", chain)
	leaf := put("leaf.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.DER}))
	cms, content := put("receipt.cms", h.Signature), filepath.Join(dir, "receipt")
	for _, args := range [][]string{
		{"verify", "-x509_strict", "-CAfile", layout.RootCertificate(), "-untrusted", layout.IssuingCertificate(), leaf},
		{"cms", "-verify", "-inform", "DER", "-in", cms, "-CAfile", trusted, "-purpose", "any", "-out", content},
	} {
		if out, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput(); err != nil {
			t.Errorf("openssl %s: %v\n%s", args[0], err, out)
		}
	}
	if got, err := os.ReadFile(content); err != nil || string(got) != string(h.Envelope) || !strings.Contains(string(got), `"subject":"certificate/`+string(c.Serial)) {
		t.Errorf("openssl read %q, %v", got, err)
	}
	return c
}

// logsIn has the holder log in at home with what was written.
func (d *enrolDesk) logsIn(t *testing.T, lang, serial, pin string, p *plugin) {
	t.Helper()
	u := &tokenUser{t: t, Page: open(t, d.server), words: wordsOf(t, d.authority, lang), plugin: p}
	u.Language(lang)
	u.Expect("request to another host: http://" + d.agent)
	if p != nil {
		p.install(u.Page)
	}
	u.Goto("/login?carrier=token")
	u.ready(serial)
	u.enter(pin)
	u.inside(pin)
	if d.authority == "dostek" {
		u.sentToOffice()
	}
}

// sentToOffice: what lies on a token is renewed in the office only, onto a token
// (DT-18, DT-14).
func (u *tokenUser) sentToOffice() {
	u.t.Helper()
	u.Goto("/cabinet/renew")
	u.See(u.T("renew.closed_already"))
	answer(u.Page)
	u.In("").Follow(u.T("renew.to_office"))
	u.See(u.T("renew.impossible", "n", 1))
	for _, rule := range []string{"DT-18", "DT-14", "DT-15", "DT-16"} {
		u.See(rule)
	}
	u.See("9:00–18:00")
	u.Accessible()
	u.Fits()
	u.Shot("renew-token-" + u.lang)
}

const clientPIN = "Kumush.5802"

// tryPlugin is the whole way through the plug-in, with the clerk's own token in
// the next port and the factory's PIN-code on the client's.
func (d *enrolDesk) tryPlugin(t *testing.T, lang string) {
	own, client, old := rutoken("0111222333"), &fakeToken{Serial: "0929441017", Label: "Кардар", Factory: true}, &fakeToken{Serial: "0777", Release: "1.0"}
	r := *d.register
	r.t = t
	r.hold(own, r.of(operator))
	p := newPlugin(t, own, client, old)
	c := d.clerk(t, lang, p)
	id := d.next()
	c.sit(id)
	c.take(own.Serial)
	c.trouble(c.T("error.token.operators", "serial", own.Serial))
	c.take(old.Serial)
	c.trouble(c.T("error.token.old"))
	c.judged(client.Serial)
	c.Accessible()
	c.See(c.T("token.desk.factory"))
	c.enter("12345678", "short", "short")
	c.pinTrouble(c.T("token.desk.pin_short"))
	c.enter("12345678", clientPIN, clientPIN+"x")
	c.pinTrouble(c.T("error.ecloud.pins_differ"))
	c.enter("12345678", "12345678", "12345678")
	c.pinTrouble(c.T("token.desk.pin_same"))
	c.enter("00000000", clientPIN, clientPIN)
	c.pinTrouble(c.T("error.pin.wrong", "n", 9))
	if client.PIN != "12345678" || len(client.keys) != 0 {
		t.Error("a wrong PIN-code changed something")
	}
	c.Shot("token-desk-factory-" + lang)
	c.enter("12345678", clientPIN, clientPIN)
	c.reaches("receive")
	c.Shot("token-desk-" + lang)
	c.Accessible()
	c.Size(390, 844)
	c.Fits()
	c.Shot("token-desk-390-" + lang)
	c.Size(1440, 900)
	c.receive(client.Serial, clientPIN)
	c.paper()
	c.Shot("token-desk-done-" + lang)
	cert := d.checked(t, id)
	if client.PIN != clientPIN || len(client.keys) != 1 || len(client.certificates) != 1 || string(client.certificates[0].der) != string(cert.DER) {
		t.Errorf("on the token: %d keys, %d certificates", len(client.keys), len(client.certificates))
	}
	d.logsIn(t, lang, client.Serial, clientPIN, p)
}

// tryAgent is the whole way through the agent; what was written is read with
// another program.
func (d *enrolDesk) tryAgent(t *testing.T, lang string) {
	w := newWorkstation(t, d.agent, rutokentest.Token{Serial: "3a1f60c2", Label: "Кардар"}, rutokentest.Token{Serial: "3a1f60c3", Release: "1.0"})
	w.start(d.server.URL)
	c := d.clerk(t, lang, nil)
	id := d.next()
	c.sit(id)
	c.take("3a1f60c3")
	c.trouble(c.T("error.token.old"))
	c.judged("3a1f60c2")
	c.enter(rutokentest.FactoryPIN, clientPIN, clientPIN)
	c.reaches("receive")
	// The browser is closed and opened again: the work goes on from there.
	c.sit(id)
	c.judged("3a1f60c2")
	c.receive("3a1f60c2", clientPIN)
	c.paper()
	d.checked(t, id)
	d.logsIn(t, lang, "3a1f60c2", clientPIN, nil)
	_ = w.process.Kill()
	objects := w.objects("3a1f60c2", clientPIN)
	ids := regexp.MustCompile(`(?m)^\s+ID:\s+([0-9a-f]+)`).FindAllStringSubmatch(objects, -1)
	if len(ids) != 3 || ids[0][1] != ids[1][1] || ids[1][1] != ids[2][1] {
		t.Errorf("the ids are %v\n%s", ids, objects)
	}
	if private := regexp.MustCompile(`(?s)Private Key Object.*?Access:[^\n]*`).FindString(objects); !strings.Contains(private, "sensitive") || !strings.Contains(private, "never extractable") {
		t.Errorf("the private key is %s", objects)
	}
}

// objects lists what lies on a token.
func (w *workstation) objects(serial, pin string) string {
	w.t.Helper()
	slots := w.tool("-L")
	slot := regexp.MustCompile(`(?s)Slot (\d+) [^\n]*\n(?:[^\n]*\n)*?\s+serial num\s*: ` + serial).FindStringSubmatch(slots)
	args := []string{"-l", "--pin", pin, "-O"}
	if slot != nil {
		args = append([]string{"--slot-index", w.index(slots, serial)}, args...)
	}
	return w.tool(args...)
}

// index is the place of a token in the list of slots.
func (w *workstation) index(slots, serial string) string {
	for i, part := range strings.Split(slots, "Slot ")[1:] {
		if strings.Contains(part, serial) {
			return fmt.Sprint(i)
		}
	}
	return "0"
}

func (w *workstation) tool(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "pkcs11-tool", append([]string{"--module", w.drawer.Library}, args...)...)
	cmd.Env = append(clean(os.Environ()), w.drawer.Env()...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("pkcs11-tool %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// tryTroubles goes through everything that stops the work; each time it goes on
// from where it stood.
func (d *enrolDesk) tryTroubles(t *testing.T, lang string) {
	client, other := rutoken("0929441099"), rutoken("1140205882")
	client.PIN, other.out = clientPIN, true
	client.Memory = 4000
	p := newPlugin(t, client, other)
	c := d.clerk(t, lang, p)
	id := d.next()
	c.sit(id)
	c.take(client.Serial)
	c.trouble(c.T("error.token.memory"))
	p.with(func() { client.Memory = 60000 })
	c.sit(id)
	c.judged(client.Serial)

	p.with(func() { client.Tries = 3 })
	c.enter("00000000")
	c.pinTrouble(c.T("error.pin.wrong", "n", 2))
	c.enter("00000000")
	c.pinTrouble(c.T("error.pin.last_try"))
	c.enter("00000000")
	c.trouble(c.T("error.pin.blocked"))
	c.See(c.T("token.desk.do_locked"))
	c.Shot("token-desk-blocked-" + lang)
	p.with(func() { client.Tries = 10 })

	p.with(func() { client.Memory = 100 })
	c.enter(clientPIN)
	c.trouble(c.T("error.token.memory"))
	c.See(c.T("token.desk.kept_key"))
	if len(client.keys) != 0 {
		t.Error("a key on a token that is full")
	}
	p.with(func() { client.Memory = 60000 })

	// The server does not hear of the key that was made.
	c.Run(network.SetBlockedURLs([]string{"*/token/csr"}))
	c.Expect("ERR_BLOCKED_BY_CLIENT")
	c.enter(clientPIN)
	c.trouble(c.T("token.network"))
	c.Run(network.SetBlockedURLs([]string{}))
	if len(client.keys) != 1 {
		t.Fatalf("%d keys were made", len(client.keys))
	}
	c.sit(id) // another browser, another day
	c.judged(client.Serial)
	// The certificate is on the token already when it is to be written.
	c.Run(network.SetBlockedURLs([]string{"*/token/written"}))
	c.enter(clientPIN)
	c.trouble(c.T("token.network"))
	c.See(c.T("token.desk.kept_write"))
	c.Run(network.SetBlockedURLs([]string{}))
	if len(client.keys) != 1 || len(client.certificates) != 1 {
		t.Fatalf("%d keys, %d certificates on the token", len(client.keys), len(client.certificates))
	}

	// Pulled out; another one is no use.
	p.Unplug(client)
	c.trouble(c.T("error.token.lost"))
	c.Shot("token-desk-lost-" + lang)
	p.Plug(other)
	c.See(c.T("token.desk.not_this", "serial", client.Serial))
	p.Plug(client)
	c.finish(client.Serial, clientPIN)
	d.checked(t, id)
	if len(client.keys) != 1 || len(client.certificates) != 1 || len(other.keys) != 0 {
		t.Errorf("%d keys, %d certificates on the token, %d keys on the other", len(client.keys), len(client.certificates), len(other.keys))
	}
}

// tryLeftovers begins on one token and ends on another: what was left on the
// first is named there, and removed the next time; nothing else is touched.
func (d *enrolDesk) tryLeftovers(t *testing.T, lang string) {
	first, second := rutoken("0929441098"), rutoken("1140205883")
	first.PIN, second.PIN, second.out = clientPIN, clientPIN, true
	r := *d.register
	r.t = t
	r.hold(first, r.of(head)) // what the person uses elsewhere
	p := newPlugin(t, first, second)
	c := d.clerk(t, lang, p)
	id := d.next()
	c.sit(id)
	c.judged(first.Serial)
	c.Run(network.SetBlockedURLs([]string{"*/token/csr"}))
	c.Expect("ERR_BLOCKED_BY_CLIENT")
	c.enter(clientPIN)
	c.trouble(c.T("token.network"))
	c.Run(network.SetBlockedURLs([]string{}))
	p.Unplug(first)
	p.Plug(second)
	c.finish(second.Serial, clientPIN)
	d.checked(t, id)
	if len(first.keys) != 2 {
		t.Fatalf("%d keys on the first token", len(first.keys))
	}
	p.Unplug(second)
	p.Plug(first)
	other := d.next()
	c.sit(other)
	c.judged(first.Serial)
	c.See(c.T("token.desk.left"))
	c.Shot("token-desk-left-" + lang)
	c.enter(clientPIN)
	c.reaches("receive")
	c.receive(first.Serial, clientPIN)
	d.checked(t, other)
	if len(first.keys) != 2 || len(first.certificates) != 2 {
		t.Errorf("%d keys and %d certificates on the first token", len(first.keys), len(first.certificates))
	}
}

// removed pulls the token out at every single call that an enrolment makes,
// step by step, and goes on in the same page.
func (c *clerk) removed(serial string, pull func(at int), plug func(), pin func() string) (times int) {
	c.t.Helper()
	lost, closed, often := c.T("error.token.lost"), c.T("token.closed"), c.T("token.too_often")
	at, before := 1, c.step()
	c.judged(serial)
	for c.step() != "done" {
		c.looking(false)
		pull(at)
		c.enter(pin())
		c.Until("an end", time.Minute, func() bool { return !c.busy() })
		trouble := c.said()
		plug()
		c.looking(true)
		switch {
		case strings.Contains(trouble, plain(often)): // the agent slows down who tries PIN-codes
			time.Sleep(time.Second)
			continue
		case strings.Contains(trouble, plain(lost)):
			c.judged(serial)
		case trouble != "" && !strings.Contains(trouble, plain(closed)):
			c.t.Fatalf("removed at call %d of step %s: %s", at, before, trouble)
		}
		times++
		at++
		if now := c.step(); now != before {
			before, at = now, 1
		}
	}
	return times
}

// looking lets the page look for devices, or keeps it from it as another window
// in front does: then all calls are those of the work.
func (c *clerk) looking(on bool) {
	c.t.Helper()
	c.Run(chromedp.Evaluate(fmt.Sprintf(`Object.defineProperty(document, "hidden", {configurable: true, value: %v})`, !on), nil))
	if !on {
		time.Sleep(100 * time.Millisecond) // for what is under way
	}
}

// said is the trouble that the page shows.
func (c *clerk) said() (text string) {
	c.t.Helper()
	c.Run(chromedp.Evaluate(`(e => e.hidden ? "" : e.innerText)(document.querySelector("[data-desk-trouble]"))`, &text))
	return plain(text)
}

func (d *enrolDesk) tryRemoved(t *testing.T, lang string) {
	client := rutoken("0929441077")
	client.PIN = clientPIN
	p := newPlugin(t, client)
	c := d.clerk(t, lang, p)
	id := d.next()
	c.sit(id)
	n := c.removed(client.Serial, func(at int) { p.after(at, fault{token: client}) }, func() {
		p.with(func() { p.fault = nil })
		p.Plug(client)
	}, func() string { return clientPIN })
	t.Logf("an enrolment survives %d removals", n)
	if n < 20 || client.Tries != 10 {
		t.Errorf("%d removals, %d tries left", n, client.Tries)
	}
	d.checked(t, id)
	if len(client.keys) != 1 || len(client.certificates) != 1 {
		t.Errorf("%d keys, %d certificates on the token", len(client.keys), len(client.certificates))
	}
}

func (d *enrolDesk) tryAgentRemoved(t *testing.T, lang string) {
	w := newWorkstation(t, d.agent, rutokentest.Token{Serial: "3a1f60c8", PIN: clientPIN})
	w.start(d.server.URL)
	client := w.drawer.Tokens[0]
	c := d.clerk(t, lang, nil)
	id := d.next()
	c.sit(id)
	n := c.removed(client.Serial, func(at int) { w.drawer.UnplugAt(at, client) }, func() {
		w.drawer.Calm()
		client.Plug()
	}, func() string { return clientPIN })
	t.Logf("an enrolment survives %d removals", n)
	if n < 20 || client.TriesLeft() != 10 {
		t.Errorf("%d removals, %d tries left", n, client.TriesLeft())
	}
	d.checked(t, id)
	_ = w.process.Kill()
	if objects := w.objects(client.Serial, clientPIN); strings.Count(objects, "Private Key Object") != 1 || strings.Count(objects, "Certificate Object") != 1 {
		t.Errorf("on the token:\n%s", objects)
	}
}
