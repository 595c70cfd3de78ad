package workflow

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/scan"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// Config is what a Flow works with. All of it is needed unless a comment says
// otherwise.
type Config struct {
	Store *store.Store
	// Pack is the authority's rules that are in force.
	Pack *authorities.Pack
	// Configured are those of the configuration, which administrators may
	// propose. Optional: Pack.
	Configured *authorities.Pack
	// Now is the rules' clock: deadlines, statuses, logins, validity. The
	// machine's clock serves leases and the CA's tokens.
	Now func() time.Time
	Log *slog.Logger
	// BaseURL is where people reach the pages, without a slash at the end.
	BaseURL string
	// Vault keeps the scans.
	Vault *scan.Vault
	// Trust is what signatures are verified against.
	Trust Trust
	// SourceKey hashes the addresses of failed logins, 32 bytes.
	SourceKey []byte
	// Issuing is what issuing and the E-Cloud need. Optional: without it both
	// are refused as unavailable.
	Issuing *Issuing
	// Mail is how letters leave. Optional: without it they wait.
	Mail *Mail
	// Seal signs the journal's checkpoints. Optional: without it nothing is
	// sealed.
	Seal *Seal
	// Answering signs OCSP answers and the CRL. Optional: without it relying
	// parties are told nothing.
	Answering *Answering
}

// Flow performs the transitions. It holds no state of its own: several may
// share one database.
type Flow struct {
	store *store.Store
	pack  *authorities.Pack
	// configured is what administrators may propose in the place of pack.
	configured *authorities.Pack

	clock func() time.Time
	log   *slog.Logger
	base  string
	vault *scan.Vault
	// verifier judges signatures against the authority's own chain.
	verifier *token.Verifier
	trust    Trust

	sourceKey []byte
	issuing
	mail    *Mail
	seal    *Seal
	answers *answers // nil: none
}

// New makes a Flow.
func New(cfg Config) (*Flow, error) {
	if cfg.Store == nil || cfg.Pack == nil || cfg.Now == nil || cfg.Log == nil || cfg.Vault == nil {
		return nil, errors.New("workflow: store, pack, clock, log and vault are needed")
	}
	f := &Flow{
		store: cfg.Store, pack: cfg.Pack, clock: cfg.Now, log: cfg.Log, base: cfg.BaseURL, vault: cfg.Vault,
		sourceKey: cfg.SourceKey, issuing: newIssuing(cfg.Issuing), mail: cfg.Mail, seal: cfg.Seal,
	}
	if f.configured = cfg.Configured; f.configured == nil {
		f.configured = f.pack
	}
	var err error
	if f.answers, err = newAnswers(cfg.Answering, f.ca, cfg.Store); err != nil {
		return nil, err
	}
	t := cfg.Trust
	f.trust = t
	f.verifier, err = token.NewVerifier([]*x509.Certificate{t.Root}, []*x509.Certificate{t.Issuer}, t.HolderPolicy, t.OperatorPolicy)
	return f, err
}

// Pack is the authority's rules.
func (f *Flow) Pack() *authorities.Pack { return f.pack }

// now is the rules' clock in UTC and microseconds, as the databases keep it.
func (f *Flow) now() time.Time { return f.clock().UTC().Truncate(time.Microsecond) }

// change is one transition of an application, under way.
type change struct {
	tx   *store.Tx
	who  Actor
	app  *registry.Application
	from registry.ApplicationStatus
	now  time.Time
	// details go into the journal entry; no personal data.
	details map[string]any
	// kind of the journal entry and what it is about besides the application;
	// empty: "application.<action>".
	kind  string
	about []journal.Subject
	// told are further entries, written before the transition's own.
	told []journal.Entry
}

// tell has an entry about something else that the transition does written with
// the transition's own.
func (c *change) tell(f *Flow, kind string, details map[string]any, about ...journal.Subject) error {
	entry, _, err := f.entry(c.who, kind, details, nil, about)
	c.told = append(c.told, entry)
	return err
}

// changeApplication performs act on an application in one transaction: lock,
// guard, do, guarded UPDATE, hands, journal. version is the one the actor saw;
// 0 accepts any.
func (f *Flow) changeApplication(ctx context.Context, who Actor, id registry.ApplicationID, version int64, act registry.Action, do func(*change) error) error {
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		app, err := tx.LockApplication(id)
		if err != nil {
			return err
		}
		if version != 0 && app.Version != version {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		return f.apply(tx, who, app, act, do)
	})
	if err != nil {
		return fmt.Errorf("%s of application %d: %w", act, id, err)
	}
	return nil
}

// apply is changeApplication inside a transaction that is already there.
func (f *Flow) apply(tx *store.Tx, who Actor, app *registry.Application, act registry.Action, do func(*change) error) error {
	if err := who.owns(app); err != nil {
		return err
	}
	to, err := app.Move(act, who.as())
	if err != nil {
		return err
	}
	c := &change{tx: tx, who: who, app: app, from: app.Status, now: f.now(), details: map[string]any{}}
	app.Status = to
	if do != nil {
		if err := do(c); err != nil {
			return err
		}
	}
	if err := tx.MoveApplication(app, c.from, c.now); err != nil {
		return err
	}
	first, err := c.hand(act)
	if err != nil {
		return err
	}
	if act == registry.ActEdit && c.from == registry.Draft && !first {
		// A draft keeps itself every few seconds; the journal tells who
		// worked on it, once.
		return nil
	}
	c.details["action"], c.details["from"], c.details["to"] = act, c.from, app.Status
	if c.kind == "" {
		c.kind = "application." + string(act)
	}
	if err := c.tell(f, c.kind, c.details, append([]journal.Subject{Application(app.ID)}, c.about...)...); err != nil {
		return err
	}
	if err := tx.AddEntries(c.told); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}

// hand remembers that an operator touched the file, for four eyes; first says
// that they had not before.
func (c *change) hand(act registry.Action) (first bool, err error) {
	if c.who.Operator == nil || !touches(act) {
		return false, nil
	}
	return c.tx.AddHand(c.app.ID, store.Hand{
		PersonalNumber: c.who.Operator.Person.PersonalNumber, OperatorID: c.who.Operator.ID, Act: act, At: c.now,
	})
}

// touches says whether an action makes somebody a party to the file, who may
// then not approve it. Taking, giving back and assigning do not.
func touches(act registry.Action) bool {
	switch act {
	case registry.ActEdit, registry.ActSubmit, registry.ActDocument, registry.ActUpload, registry.ActVerify, registry.ActAskDocuments, registry.ActResume:
		return true
	}
	return false
}
