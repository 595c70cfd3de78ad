//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// office is a freshly made installation in the shape of production, with its
// first people.
type office struct {
	*production
	words
	server *Server

	clerk, second, approver *colleague
}

// colleague is an employee at a computer of their own.
type colleague struct {
	*Page
	words
	number, pin, name string
}

func openOffice(t *testing.T, w words, authority string) *office {
	t.Helper()
	o := &office{production: makeProduction(t, authority), words: w}
	o.ca = o.startStepCA(t)
	o.server = startServe(t, o.env)
	o.clerk = o.hire(t, "clerk", "11503198600201", "F", "1986-03-15", "Асанова", "Гүлзат", "471936")
	o.second = o.hire(t, "clerk", "12104199000202", "F", "1990-04-21", "Сыдыкова", "Чолпон", "582047")
	o.approver = o.hire(t, "approver", "20911198100203", "M", "1981-11-09", "Токтогулов", "Бакыт", "693158")
	return o
}

var consoleCodes = regexp.MustCompile(`(?s)code on paper:\s+(\S+).*code by e-mail:\s+(\S+)`)

// hire adds an employee at the console; the employee makes a key and logs in,
// through the pages.
func (o *office) hire(t *testing.T, role, number, sex, born, surname, given, pin string) *colleague {
	t.Helper()
	entry := employee(number, sex, born, surname, given)
	entry["role"], entry["office"] = role, string(o.pack.HeadOffice)
	b, err := json.Marshal(entry)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "operator.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var env []string
	for name, value := range o.env {
		env = append(env, name+"="+value)
	}
	codes := consoleCodes.FindStringSubmatch(command(t, env, "operator", "add", file))
	if codes == nil {
		t.Fatal("operator add printed no codes")
	}
	c := &colleague{Page: open(t, o.server), words: o.words, number: number, pin: pin, name: surname}
	c.Language(o.lang)
	c.activate(o.words, codes[1], codes[2], pin)
	c.Until("the certificate", time.Minute, func() bool { return c.Sees(o.T("ecloud.ready")) })
	c.logIn(o.words, number, o.T("ecloud.role_operator"), pin)
	c.Until("being logged in", patience, func() bool { return c.Count("form[data-logout]") == 1 })
	return c
}

// activate makes a key with both halves of a code.
func (p *Page) activate(w words, paper, mail, pin string) {
	p.t.Helper()
	p.Goto("/activate")
	p.fillActivation(w, paper, mail, pin)
}

func (p *Page) fillActivation(w words, paper, mail, pin string) {
	p.t.Helper()
	form := p.In("")
	form.Type(w.T("activate.paper"), paper)
	form.Type(w.T("activate.mail"), mail)
	form.Type(w.T("ecloud.choose_pin"), pin)
	form.Type(w.T("ecloud.repeat_pin"), pin)
	form.Follow(w.T("activate.do"))
}

// logIn goes through the steps of an E-Cloud login: the number, whose key it
// is, the PIN-code.
func (p *Page) logIn(w words, number, whose, pin string) {
	p.t.Helper()
	p.Goto("/login?carrier=cloud")
	p.enterNumber(w, number)
	p.enterPIN(w, whose, pin)
}

func (p *Page) enterNumber(w words, number string) {
	p.t.Helper()
	form := p.In("")
	form.Type(w.T("organisation.inn"), number)
	form.Follow(w.T("action.next"))
}

func (p *Page) enterPIN(w words, whose, pin string) {
	p.t.Helper()
	form := p.In("")
	for {
		form.Pick(whose)
		form.Type(w.T("login.pin"), pin)
		form.Follow(w.T("action.login"))
		// All of a run's people sit at one address, whose tries are counted.
		if !p.Sees(w.T("error.throttled", "n", 1)) {
			return
		}
		time.Sleep(7 * time.Second)
		p.Goto("/login/cloud")
	}
}
