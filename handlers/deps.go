package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// Deps is what New needs; fields without "optional" must be set.
type Deps struct {
	Log *slog.Logger
	// Now is the rules' clock: what pages show and deadlines are judged by.
	Now func() time.Time
	// Machine is the machine's clock, by which sessions end. Optional:
	// time.Now.
	Machine  func() time.Time
	Renderer *templates.Renderer
	// Sessions keeps sessions; tokens reach it hashed. If it implements
	// scs.CtxStore its methods with a context are used.
	Sessions scs.Store
	// Authority is how pages name the authority, by language.
	Authority map[registry.Language]templates.Authority
	// Landing is where a holder arrives after login (LG-13, EN-07), e.g.
	// "/news". Optional: the first page of the menu.
	Landing string

	// BaseURL is the origin people see, e.g. "https://ca.example". Cookies are
	// Secure when it begins with https.
	BaseURL string
	// TrustedProxies may name the client's address in X-Forwarded-For. With
	// none the address of the connection counts.
	TrustedProxies []netip.Prefix
	// AgentURL is the workstation agent's address on the loopback, which pages
	// may reach, e.g. "http://127.0.0.1:24114". Optional: without it tokens
	// are reached through the Rutoken Plugin only.
	AgentURL string
	// Workflow performs every write, Store serves reads. Optional in tests of
	// pages that need neither.
	Workflow *workflow.Flow
	Store    *store.Store
	// IssuingCA and RootCA are the CA's own certificates, DER. Optional in
	// tests.
	IssuingCA []byte
	RootCA    []byte
	// RootCRL is the root's list, DER. Optional: it is made off-line.
	RootCRL []byte
	// Demo asks for the line about test certificates on every page.
	Demo bool

	// CheckSession is asked on every request with a session. It returns a
	// registry.Error when the session must end: the operator was disabled or
	// has another role, the certificate was revoked. Optional in tests only.
	CheckSession func(ctx context.Context, id Identity) error
	// Bar tells what the bar shows about a session: counts of the menu, the
	// balance, the alarm. Optional.
	Bar func(ctx context.Context, lang registry.Language, id Identity) (Bar, error)
	// Ready says whether the program can work. Optional.
	Ready func(ctx context.Context) error
	// LoginCloud checks an E-Cloud login. Without it there is no such way in.
	LoginCloud func(ctx context.Context, in CloudLogin) (Identity, error)
	// LoginToken offers the login with a token (Workflow judges it).
	LoginToken bool
	// LoginSteps are the pack's steps of a login with a token, in its order
	// (EN-03, LG-04); CompanyStep says that the organisation is one (LG-11).
	LoginSteps  []authorities.LoginStep
	CompanyStep bool
}

// Bar is what the bar shows about a session beyond its name.
type Bar struct {
	Name   string               // of a holder's organisation, in the page's language
	Line   string               // an operator's office, or a holder's balance
	Counts map[string]MenuCount // by path of the menu's entry
	// Ends is when the certificate of a holder ends who should be reminded of
	// it; zero: nothing to say.
	Ends time.Time
	// Report is the one due first, if its clock has run for half of its time;
	// the strip under the bar tells of it. ReportShare is in per cent.
	Report      *registry.Report
	ReportShare int
}

// MenuCount is the number beside an entry of the menu.
type MenuCount struct {
	N    int
	Late bool
}

// CloudLogin is what the E-Cloud login gives workflow to judge.
type CloudLogin struct {
	INN  registry.INN
	Role registry.SignatoryRole // Head or Accountant, as chosen on the page
	// Operator is set instead when an employee of the authority logs in.
	Operator registry.PersonalNumber
	PIN      Secret
	Source   netip.Addr
	// Browser is the random mark of the browser. Workflow remembers with which
	// ones a holder has logged in; it opens nothing by itself.
	Browser string
	// Session is the mark of the browser session that the question is bound
	// to.
	Session string
}

// Secret is a PIN-code or a code on its way to be checked; it never prints.
type Secret string

func (Secret) String() string       { return "•" }
func (Secret) GoString() string     { return "•" }
func (Secret) LogValue() slog.Value { return slog.StringValue("•") }

func (d *Deps) check() error {
	switch {
	case d.Log == nil:
		return fmt.Errorf("handlers: no logger")
	case d.Now == nil:
		return fmt.Errorf("handlers: no clock")
	case d.Renderer == nil:
		return fmt.Errorf("handlers: no renderer")
	case d.Sessions == nil:
		return fmt.Errorf("handlers: no session store")
	}
	if d.Machine == nil {
		d.Machine = time.Now
	}
	for _, lang := range registry.Languages {
		if _, ok := d.Authority[lang]; !ok {
			return fmt.Errorf("handlers: the authority has no name in %q", lang)
		}
	}
	return nil
}
