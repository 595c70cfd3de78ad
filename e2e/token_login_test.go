//go:build e2e

package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

const tokenPIN = "Altyn.7391" // reads the same in every encoding of a form

// TestTokenLogin logs in with tokens: both authorities, through the plug-in and
// through the agent, and everything that can go wrong on the way.
func TestTokenLogin(t *testing.T) {
	for authority, lang := range map[string]string{"dostek": "ky", "ubr": "ru"} {
		t.Run(authority, func(t *testing.T) {
			agent := freeAddress(t)
			d := tokenDesk{t: t, server: startDemo(t, authority, "--agent-url", "http://"+agent), agent: agent, words: wordsOf(t, authority, lang), lang: lang}
			d.register = openRegister(t, d.server)
			t.Run("Way", d.tryWay)
			t.Run("PINCode", d.tryPIN)
			t.Run("Certificates", d.tryCertificates)
			t.Run("Missing", d.tryMissing)
			t.Run("Agent", d.tryAgent)
			// What no pack decides is tried with one of them.
			if authority == "dostek" {
				t.Run("Operator", d.tryOperator)
				t.Run("Removed", d.tryRemoved)
				t.Run("Tabs", d.tryTabs)
				return
			}
			t.Run("Swapped", d.trySwapped)
			t.Run("Answers", d.tryAnswers)
			t.Run("AgentRemoved", d.tryAgentRemoved)
		})
	}
}

// tokenDesk is a demo with its register open.
type tokenDesk struct {
	t *testing.T
	*register
	words
	server *Server
	agent  string // where the pages look for the agent
	lang   string
}

// at is the same for a test of its own.
func (d tokenDesk) at(t *testing.T) tokenDesk {
	r := *d.register
	r.t = t
	d.t, d.words.t, d.register = t, t, &r
	return d
}

// tokenUser is somebody at the login page with tokens in the ports.
type tokenUser struct {
	t *testing.T
	*Page
	words
	plugin *plugin

	mu   sync.Mutex
	sent []string // bodies of requests
}

func (d tokenDesk) user(t *testing.T, tokens ...*fakeToken) *tokenUser {
	t.Helper()
	u := &tokenUser{t: t, Page: open(t, d.server), words: d.words, plugin: newPlugin(t, tokens...)}
	u.words.t = t
	u.Language(d.lang)
	u.plugin.install(u.Page)
	u.listenForSecrets()
	u.Goto("/login")
	if n := u.Count("#pin, #f-inn"); n != 0 {
		t.Error("a field is shown before the carrier is chosen (LG-04)")
	}
	u.Submit(`a[href*="carrier=token"]`)
	u.Until("the tokens", patience, func() bool { return len(u.devices()) == len(tokens) })
	return u
}

// listenForSecrets keeps what the page sends to the server.
func (u *tokenUser) listenForSecrets() {
	chromedp.ListenTarget(u.ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok && strings.HasPrefix(e.Request.URL, u.base) {
			u.mu.Lock()
			defer u.mu.Unlock()
			u.sent = append(u.sent, e.Request.URL)
			for _, part := range e.Request.PostDataEntries {
				if b, err := base64.StdEncoding.DecodeString(part.Bytes); err == nil {
					u.sent = append(u.sent, string(b))
				}
			}
		}
	})
}

// devices are the entries of the list below the first, by serial number.
func (u *tokenUser) devices() (serials []string) {
	u.t.Helper()
	u.Run(chromedp.Evaluate(`[...document.querySelectorAll("#dev option")].slice(1).map((o) => o.value)`, &serials))
	return serials
}

func (u *tokenUser) value(selector string) (v string) {
	u.t.Helper()
	u.Run(chromedp.Evaluate(fmt.Sprintf("document.querySelector(%q)?.value ?? ''", selector), &v))
	return v
}

// says waits for a sentence under a field: dev or pin.
func (u *tokenUser) says(field, sentence string) {
	u.t.Helper()
	var got string
	deadline := time.Now().Add(patience)
	for {
		u.Run(chromedp.Evaluate(fmt.Sprintf(`(e => e && !e.hidden ? e.innerText : '')(document.getElementById("%s-e"))`, field), &got))
		if strings.HasPrefix(plain(got), plain(sentence)) {
			return
		}
		if time.Now().After(deadline) {
			u.t.Fatalf("under %s the page says %q, want %q\n%s", field, got, sentence, u.body())
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// ready waits until a certificate is found on the chosen token.
func (u *tokenUser) ready(serial string) {
	u.t.Helper()
	u.Until("the token", patience, func() bool { return slices.Contains(u.devices(), serial) })
	if u.value("#dev") != serial {
		u.Choose("#dev", serial)
	}
	u.Until("the certificates", patience, func() bool {
		var found bool
		u.Run(chromedp.Evaluate(`document.querySelector("[data-token-holder]:not([hidden])") !== null || document.querySelector("[data-token-certificates] label") !== null`, &found))
		return found
	})
}

// enter types the PIN-code and presses the button; nothing is waited for. A
// fault that was set is counted from the press.
func (u *tokenUser) enter(pin string) {
	u.t.Helper()
	u.Run(chromedp.WaitEnabled("#pin", chromedp.ByQuery), chromedp.Evaluate(`void (document.querySelector("#pin").value = "")`, nil), chromedp.SendKeys("#pin", pin, chromedp.ByQuery))
	u.Run(chromedp.Evaluate(`window.__rutoken?.("arm"); document.querySelector("[data-token-go]").click()`, nil))
}

// inside waits for the session and checks that no PIN-code went anywhere.
func (u *tokenUser) inside(pin string) {
	u.t.Helper()
	u.Until("the session", patience, func() bool { return u.loggedIn() })
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, s := range u.sent {
		if strings.Contains(s, pin) {
			u.t.Error("the PIN-code was sent to the server")
		}
	}
}

func (u *tokenUser) loggedIn() bool {
	var yes bool
	_ = u.try(chromedp.Evaluate(`document.querySelector("form[data-logout]") !== null`, &yes))
	return yes
}

func (u *tokenUser) logOut() {
	u.t.Helper()
	u.In("").Follow(u.T("action.logout"))
}

func rutoken(serial string) *fakeToken { return &fakeToken{Serial: serial, PIN: tokenPIN} }

// tryWay is the whole way of the authority, with two tokens in the ports: the
// company is chosen after the PIN-code (SOCHI), or the certificate before it
// (ENOT).
func (d tokenDesk) tryWay(t *testing.T) {
	d = d.at(t)
	mine, other := rutoken("0929441017"), rutoken("1140205882")
	mine.Label, other.Release = "Айнура", "3.0"
	like := d.of(head)
	cert := d.hold(mine, like)
	u := d.user(t, mine, other)
	if got := u.value("#dev"); got != "" {
		t.Errorf("of two tokens %q is chosen by itself (LG-08)", got)
	}
	for _, name := range []string{"Айнура · " + u.T("token.name", "release", "2.0") + " · № 0929441017", u.T("token.name", "release", "3.0") + " · № 1140205882", u.T("login.choose_device")} {
		if !strings.Contains(plain(u.Text("#dev")), plain(name)) {
			t.Errorf("the list lacks %q: %q", name, u.Text("#dev"))
		}
	}
	u.Accessible()
	u.Choose("#dev", other.Serial)
	u.says("dev", u.T("error.token.no_certificate"))
	if d.pack.Login.CertificateStep {
		second := d.hold(mine, like)
		u.ready(mine.Serial)
		u.Until("both certificates", patience, func() bool { return u.Count("[data-token-certificates] label") == 2 })
		u.See(second.NotAfter.In(d.pack.Zone()).Format("02.01.2006 15:04:05"))
		u.enter(tokenPIN)
		u.says("dev", u.T("login.choose_certificate"))
		u.Click("[data-token-certificates] label:last-of-type input")
	} else {
		// A person of two companies is asked for which, after the PIN-code.
		d.link(like.PersonalNumber, d.of(anotherHead(like)).OrganisationID, like.OrganisationID)
		u.ready(mine.Serial)
		if u.Count("[data-token-certificates]:not([hidden])") != 0 {
			t.Error("one certificate is asked about")
		}
	}
	u.Shot("token-login-" + d.lang)
	u.enter(tokenPIN)
	if d.pack.Login.CompanyStep {
		u.See(u.T("login.company_question"))
		u.Accessible()
		u.Shot("token-company-" + d.lang)
		u.Click(`input[name="organisation"]`)
		u.In("").Follow(u.T("action.login"))
	}
	u.inside(tokenPIN)
	if want := "/" + string(d.pack.Login.PostLoginPage); u.Path() != want {
		t.Errorf("lands on %s, want %s", u.Path(), want)
	}
	if !d.pack.Login.CertificateStep {
		u.See(cert.NotAfter.In(d.pack.Zone()).Format("02.01.2006 15:04:05"))
	}
	if mine.in {
		t.Error("the token is still logged in")
	}
	u.logOut()
	u.Goto("/cabinet")
	if u.loggedIn() {
		t.Error("the session outlives the logout")
	}
}

func (d tokenDesk) link(person registry.PersonalNumber, org, own registry.OrganisationID) {
	d.t.Helper()
	if org == own {
		d.t.Fatal("the demo has one organisation")
	}
	if err := d.store.Write(d.t.Context(), func(tx *store.Tx) error {
		return tx.LinkHolder(registry.HolderLink{PersonalNumber: person, OrganisationID: org, Role: registry.Head, CreatedAt: time.Now().UTC()})
	}); err != nil {
		d.t.Fatal(err)
	}
}

// tryOperator: employees enter the same way.
func (d tokenDesk) tryOperator(t *testing.T) {
	d = d.at(t)
	token := rutoken("3a1f60c2")
	d.hold(token, d.of(operator))
	u := d.user(t, token)
	u.ready(token.Serial)
	u.enter(tokenPIN)
	u.inside(tokenPIN)
	if u.Count("body.tg-staff") != 1 {
		t.Errorf("an operator's page is %s", u.Path())
	}
}

// tryPIN: tries are counted aloud, the last one is warned of, a blocked
// PIN-code is told before anything is typed; being logged in elsewhere makes no
// wrong PIN-code right.
func (d tokenDesk) tryPIN(t *testing.T) {
	d = d.at(t)
	token := rutoken("0929441017")
	token.Factory = true
	d.hold(token, d.of(accountant))
	u := d.user(t, token)
	u.ready(token.Serial)
	u.See(u.T("token.pin_factory"))
	u.enter("")
	u.says("pin", u.T("token.pin_empty"))
	u.plugin.with(func() { token.in = true })
	u.enter("00000000")
	u.says("pin", u.T("error.pin.wrong", "n", 9))
	if u.value("#pin") != "" {
		t.Error("the wrong PIN-code stays in its field")
	}
	if u.value("#dev") != token.Serial {
		t.Error("the device is not chosen any more")
	}
	u.enter("123")
	u.says("pin", u.T("token.pin_length"))
	u.plugin.with(func() { token.Tries = 2 })
	u.enter("00000000")
	u.says("pin", u.T("error.pin.wrong", "n", 1)+" "+u.T("error.pin.last_try"))
	u.Shot("token-last-try-" + d.lang)
	u.enter("00000000")
	u.says("pin", u.T("error.pin.blocked"))
	before := u.plugin.called("login")
	u.plugin.with(func() { token.Tries = 10 })
	u.enter(tokenPIN)
	u.inside(tokenPIN)
	if n := u.plugin.called("login") - before; n != 1 {
		t.Errorf("the right PIN-code was tried %d times", n)
	}
}

// tryCertificates: what cannot log in is refused in its own words, before a
// PIN-code is asked for; and again by the server, if it happens meanwhile.
func (d tokenDesk) tryCertificates(t *testing.T) {
	d = d.at(t)
	like, now := d.of(accountant), time.Now()
	type row struct {
		hold  func(*fakeToken)
		state string
		key   string
	}
	valid := func(status registry.CertificateStatus) func(*fakeToken) {
		return func(f *fakeToken) { d.holdFor(f, like, now.AddDate(0, -1, 0), now.AddDate(0, 1, 0), status) }
	}
	token := rutoken("77")
	u := d.user(t, token)
	u.says("dev", u.T("error.token.no_certificate"))
	for name, r := range map[string]row{
		"expired": {func(f *fakeToken) {
			d.holdFor(f, like, now.AddDate(-1, 0, 0), now.Add(-time.Minute), registry.CertIssued)
		}, "", "error.certificate.expired"},
		"not yet": {func(f *fakeToken) {
			d.holdFor(f, like, now.AddDate(0, 1, 0), now.AddDate(1, 1, 0), registry.CertIssued)
		}, "", "error.certificate.not_yet"},
		"revoked":   {valid(registry.CertRevoked), "", "error.certificate.revoked"},
		"suspended": {valid(registry.CertSuspended), "", "error.certificate.suspended"},
		"foreign":   {func(f *fakeToken) { d.stranger(f, like) }, "", "error.certificate.other_ca"},
		"not on file": {func(f *fakeToken) {
			key := newRSA(t)
			f.put(d.issue(like, key.Public(), now.Add(-time.Hour), now.AddDate(0, 1, 0)).Raw, key)
		}, "", "error.token.unknown"},
	} {
		f := rutoken("88-" + name)
		r.hold(f)
		u.plugin.Unplug(token)
		u.plugin.Plug(f)
		u.Until("the token", patience, func() bool { return slices.Equal(u.devices(), []string{f.Serial}) })
		u.Choose("#dev", f.Serial)
		u.says("dev", u.begins(r.key, "date", ""))
		if name == "expired" {
			u.See(u.T("login.expired_do"))
			u.Shot("token-expired-" + d.lang)
		}
		token = f
	}
	d.tryRevokedMeanwhile(t, like)
}

// tryRevokedMeanwhile: between the choice and the answer.
func (d tokenDesk) tryRevokedMeanwhile(t *testing.T, like *registry.Certificate) {
	d = d.at(t)
	token := rutoken("99")
	made := d.hold(token, like)
	u := d.user(t, token)
	u.Expect(`\b403\b`)
	u.ready(token.Serial)
	if err := d.store.Write(t.Context(), func(tx *store.Tx) error {
		c, err := tx.CertificateBySerial(registry.Serial(made.SerialNumber.Text(16)))
		if err != nil {
			return err
		}
		return tx.SetCertificateStatus(c.ID, registry.CertIssued, registry.CertRevoked, 1, time.Now().UTC())
	}); err != nil {
		t.Fatal(err)
	}
	u.enter(tokenPIN)
	u.See(u.T("error.certificate.revoked"))
	if u.loggedIn() {
		t.Error("logged in with a revoked certificate")
	}
}

// tryRemoved pulls the token out at every single call that a login makes, puts
// it back and goes on in the same page.
func (d tokenDesk) tryRemoved(t *testing.T) {
	d = d.at(t)
	token := rutoken("0929441017")
	d.hold(token, d.of(operator))
	u := d.user(t, token)
	lost := u.T("error.token.lost")
	at := 1
	for ; ; at++ {
		u.ready(token.Serial)
		u.plugin.after(at, fault{token: token})
		u.enter(tokenPIN)
		u.Until("an end", patience, func() bool { return u.loggedIn() || u.Sees(lost) })
		if u.loggedIn() {
			break
		}
		if u.value("#pin") != "" {
			t.Errorf("removed at call %d: the PIN-code stays in its field", at)
		}
		if token.Tries != 10 {
			t.Fatalf("removed at call %d: a try is spent", at)
		}
		u.plugin.Plug(token)
		u.Until("the token again", patience, func() bool { return u.value("#dev") == token.Serial })
	}
	if at < 8 {
		t.Errorf("a login that makes %d calls", at)
	}
	t.Logf("a login survives the removal at each of its %d calls", at-1)
	u.inside(tokenPIN)
}

// trySwapped: another token is put into the same port, at every call.
func (d tokenDesk) trySwapped(t *testing.T) {
	d = d.at(t)
	mine, theirs := rutoken("0929441017"), rutoken("1140205882")
	theirs.PIN = "another-code"
	d.hold(mine, d.of(operator))
	d.hold(theirs, d.of(head))
	for _, at := range []int{1, 4, 8, 11, 13, 15, 17} {
		u := d.user(t, mine)
		u.ready(mine.Serial)
		u.plugin.after(at, fault{token: mine, swap: theirs})
		u.plugin.with(func() { u.plugin.add(theirs); theirs.out = true })
		u.enter(tokenPIN)
		u.Until("an end", patience, func() bool {
			return u.loggedIn() || u.Sees(u.T("token.swapped")) || u.Sees(u.T("error.token.lost")) || u.Sees(u.T("token.certificate_gone")) || u.Sees(u.T("token.closed"))
		})
		if u.loggedIn() {
			t.Errorf("swapped at call %d: logged in", at)
		}
		// Between the plug-in's word on a slot and its login there lies an
		// instant that no page can close.
		if theirs.Tries != 10 && u.plugin.hit != "login" {
			t.Errorf("swapped at call %d: a try of the other token is spent", at)
		}
		mine.out, theirs.out, theirs.in, theirs.Tries = false, false, false, 10
	}
}

// tab is a second window of the same browser.
func (u *tokenUser) tab() *tokenUser {
	u.t.Helper()
	own := cdp.WithExecutor(u.ctx, chromedp.FromContext(u.ctx).Browser)
	info, err := target.GetTargetInfo().WithTargetID(chromedp.FromContext(u.ctx).Target.TargetID).Do(own)
	if err != nil {
		u.t.Fatal(err)
	}
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(info.BrowserContextID).WithNewWindow(true).Do(own)
	if err != nil {
		u.t.Fatal(err)
	}
	second := attach(u.t, u.base, id)
	v := &tokenUser{t: u.t, Page: second, words: u.words, plugin: u.plugin}
	v.Language(u.lang)
	v.plugin.install(v.Page)
	v.Goto("/login?carrier=token")
	return v
}

// tryTabs: two windows of one browser with the same token, and a second press.
func (d tokenDesk) tryTabs(t *testing.T) {
	d = d.at(t)
	token := rutoken("0929441017")
	d.hold(token, d.of(operator))
	one := d.user(t, token)
	two := one.tab()
	two.Expect(`\b409\b`)
	one.ready(token.Serial)
	two.ready(token.Serial)

	before := one.plugin.called("sign")
	one.enter(tokenPIN)
	_ = one.try(chromedp.Evaluate(`document.querySelector("[data-token-go]")?.click()`, nil)) // the second press
	one.inside(tokenPIN)
	if n := one.plugin.called("sign") - before; n != 1 {
		t.Errorf("two presses signed %d times", n)
	}

	two.enter(tokenPIN)
	two.says("pin", two.T("error.login.already"))
	two.Goto("/login")
	if !two.loggedIn() {
		t.Error("the session of the first tab is not the second's")
	}
}

// tryAnswers: a challenge is answered once, by the browser that asked.
func (d tokenDesk) tryAnswers(t *testing.T) {
	d = d.at(t)
	token := rutoken("0929441017")
	d.hold(token, d.of(operator))
	u := d.user(t, token)
	u.Expect(`\b409\b`)
	u.ready(token.Serial)
	// Keep the form instead of sending it.
	u.Run(chromedp.Evaluate(`HTMLFormElement.prototype.requestSubmit = function () { window.kept = Object.fromEntries(new FormData(this)); }`, nil))
	u.enter(tokenPIN)
	var kept struct{ Challenge, CMS string }
	u.Until("the signature", patience, func() bool {
		return u.try(chromedp.Evaluate(`window.kept ?? null`, &kept)) == nil && kept.CMS != ""
	})
	stranger := d.user(t, rutoken("5"))
	stranger.Expect(`\b409\b`)
	stranger.answer(kept.Challenge, kept.CMS)
	stranger.See(d.T("error.login.challenge"))
	if stranger.loggedIn() {
		t.Fatal("another browser logged in with a challenge that was not its own")
	}
	u.answer(kept.Challenge, kept.CMS)
	u.inside(tokenPIN)
	u.logOut()
	u.Goto("/login?carrier=token")
	u.answer(kept.Challenge, kept.CMS)
	u.See(d.T("error.login.challenge"))
	if u.loggedIn() {
		t.Error("the same answer logs in twice")
	}
}

// answer sends the form of a login with somebody's answer.
func (u *tokenUser) answer(challenge, cms string) {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Evaluate(fmt.Sprintf(
		`(() => { const f = document.querySelector("[data-token-form]"); f.elements.challenge.value = %q; f.elements.cms.value = %q; f.submit(); })()`, challenge, cms), nil)); err != nil {
		u.t.Fatal(err)
	}
}

// tryMissing: what is not there is told apart, and helped with (LG-06, LG-07).
func (d tokenDesk) tryMissing(t *testing.T) {
	d = d.at(t)
	visit := func(t *testing.T, prepare func(p *Page)) *tokenUser {
		u := &tokenUser{t: t, Page: open(t, d.server), words: d.words, plugin: newPlugin(t)}
		u.words.t = t
		u.Expect(`ERR_CONNECTION_REFUSED|request to another host: http://127.0.0.1`)
		u.Language(d.lang)
		if prepare != nil {
			prepare(u.Page)
		}
		u.Goto("/login?carrier=token")
		return u
	}
	t.Run("Extension", func(t *testing.T) {
		u := visit(t, nil)
		u.says("dev", u.T("error.token.extension_missing"))
		u.See(u.T("token.help.extension"))
		u.See(u.T("token.help.agent"))
		u.Accessible()
		u.Shot("token-missing-" + d.lang)
		u.Size(390, 844)
		u.Fits()
		u.Shot("token-missing-small-" + d.lang)
	})
	t.Run("Plugin", func(t *testing.T) {
		f := newPlugin(t)
		f.missing = true
		u := visit(t, f.install)
		u.says("dev", u.T("error.token.plugin_missing"))
		u.See(u.T("token.help.plugin"))
	})
	t.Run("Device", func(t *testing.T) {
		u := visit(t, newPlugin(t).install)
		u.says("dev", u.T("error.token.none"))
		u.See(u.T("token.help.again"))
		u.See(u.T("login.search_again"))
	})
	t.Run("Blocked", func(t *testing.T) {
		u := visit(t, func(p *Page) {
			p.Run(chromedp.ActionFunc(func(ctx context.Context) error {
				c := chromedp.FromContext(ctx)
				own := cdp.WithExecutor(ctx, c.Browser)
				info, err := target.GetTargetInfo().WithTargetID(c.Target.TargetID).Do(own)
				if err != nil {
					return err
				}
				return cdpbrowser.SetPermission(&cdpbrowser.PermissionDescriptor{Name: "loopback-network"}, cdpbrowser.PermissionSettingDenied).
					WithOrigin(p.base).WithBrowserContextID(info.BrowserContextID).Do(own)
			}))
		})
		u.says("dev", u.T("token.agent_blocked"))
		u.See(u.T("token.help.allow"))
		u.Shot("token-blocked-" + d.lang)
	})
}
