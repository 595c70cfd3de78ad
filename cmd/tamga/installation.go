package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/handlers"
	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/scan"
	"github.com/tamga-ca/tamga/internal/secrets"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// Place is where an installation is kept and whose it is: the settings that
// serve shares with the operator's commands.
type Place struct {
	Authority     `embed:"" group:"Authority"`
	Data          `embed:"" group:"Storage"`
	Database      `embed:"" group:"Storage"`
	Secrets       `embed:"" group:"Storage"`
	Certification `embed:"" group:"Certification authority"`
}

func (p Place) check() error {
	return checkAll(p.Authority.check(), p.Data.check(), p.Database.check(), p.Secrets.check(p.DataDir), p.Certification.check())
}

func (p Place) layout() ca.Layout {
	dir := p.CADir
	if dir == "" {
		dir = filepath.Join(p.DataDir, "ca")
	}
	return ca.Layout{Dir: dir, Secrets: p.SecretsDir}
}

func (p Place) filesDir() string { return filepath.Join(p.DataDir, "files") }

// profile is what certificates have in common; base is the address in them.
func (p Place) profile(pack *authorities.Pack, baseURL string) ca.Profile {
	base := p.RepositoryURL
	if base == "" {
		base = baseURL
	}
	return ca.ProfileAt(base, pack.Certificate.HolderPolicy, pack.Certificate.OperatorPolicy)
}

// installation is an opened Place.
type installation struct {
	place    Place
	pack     *authorities.Pack // in force
	proposal *authorities.Pack // of the configuration
	secrets  *secrets.Dir
	store    *store.Store
	vault    *scan.Vault
	issuer   *ca.Issuer
	ca       *ca.Client
	embedded *ca.Embedded // nil where the CA is external
	config   workflow.Config
	flow     *workflow.Flow
	closers  []func() error
}

// opening says how an installation is opened.
type opening struct {
	baseURL string
	now     func() time.Time
	// alone takes what only one process may have: an SQLite database and an
	// embedded CA.
	alone bool
	mail  Mail
	// adopt puts the configured rules in force, whatever was.
	adopt bool
}

// open opens what the settings name, in the order in which one needs the other.
// The caller closes it.
func (p Place) open(ctx context.Context, o opening) (_ *installation, err error) {
	i := &installation{place: p}
	defer func() {
		if err != nil {
			err = errors.Join(err, i.close())
		}
	}()
	if i.proposal, err = p.Authority.load(); err != nil {
		return nil, err
	}
	if i.secrets, err = secrets.Open(p.SecretsDir); err != nil {
		return nil, err
	}
	if o.alone && p.DB == "" {
		if err := i.lock(filepath.Join(p.DataDir, "lock")); err != nil {
			return nil, err
		}
	}
	if i.store, err = store.Open(ctx, p.Database.config(p.DataDir)); err != nil {
		return nil, err
	}
	i.closers = append(i.closers, i.store.Close)
	if err := i.store.CheckVersion(ctx); err != nil {
		return nil, err
	}
	adopted, err := i.findRules(ctx, o.adopt)
	if err != nil {
		return nil, err
	}
	if err := i.openVault(); err != nil {
		return nil, err
	}
	if err := i.openCA(ctx, p.profile(i.pack, o.baseURL), o.alone); err != nil {
		return nil, err
	}
	if err := i.makeFlow(ctx, o); err != nil || !adopted {
		return i, err
	}
	by := workflow.BySystem()
	if o.adopt {
		by = console()
	}
	return i, i.flow.AdoptRules(ctx, by, i.pack)
}

// findRules takes the rules in force, or where there are none yet, those of the
// configuration, which then are to be adopted.
func (i *installation) findRules(ctx context.Context, adopt bool) (adopted bool, err error) {
	i.pack = i.proposal
	inForce, err := workflow.RulesInForce(ctx, i.store)
	switch {
	case inForce != nil && inForce.Code != i.proposal.Code:
		return false, fmt.Errorf("this database is an installation of %s, not of %s", inForce.Code, i.proposal.Code)
	case adopt || err == nil && inForce == nil:
		return true, nil
	case err != nil:
		return false, err
	}
	if i.pack = inForce; inForce.Hash() != i.proposal.Hash() {
		slog.Warn("the configured rules are not the ones in force: two administrators have to put them there, on the page of proposals",
			"configured", i.proposal.Name, "sha256", i.proposal.Hash(), "in_force", inForce.Name, "in_force_sha256", inForce.Hash())
	}
	return false, nil
}

// lock holds a file for this process; another that holds it is an error.
func (i *installation) lock(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return fmt.Errorf("another tamga uses %s: an SQLite database serves one process; several need PostgreSQL (%s)", i.place.DataDir, variable("db"))
	}
	i.closers = append(i.closers, f.Close)
	return nil
}

func (i *installation) openVault() error {
	folder, err := scan.OpenFolder(i.place.filesDir(), time.Now())
	if err != nil {
		return err
	}
	i.closers = append(i.closers, folder.Close)
	all, err := i.secrets.All(secrets.Documents)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("there is no key for documents in %s: tamga init makes the keys", i.place.SecretsDir)
	}
	keys := make([]scan.Key, len(all))
	for n, k := range all {
		keys[n] = scan.Key{ID: k.ID, Bytes: k.Bytes()}
	}
	i.vault, err = scan.NewVault(folder, all[0].ID, keys)
	return err
}

// openCA finds the CA, and starts it where it runs in this process.
func (i *installation) openCA(ctx context.Context, profile ca.Profile, start bool) error {
	layout := i.place.layout()
	if i.place.CAURL != "" {
		issuer, err := ca.LoadIssuer(layout.IssuingCertificate(), layout.RootCertificate(), profile)
		if err != nil {
			return err
		}
		bundle, err := os.ReadFile(orElse(i.place.CABundle, layout.RootCertificate()))
		if err != nil {
			return fmt.Errorf("reading whom the CA's HTTPS is trusted by: %w", err)
		}
		i.issuer = issuer
		i.ca, err = ca.NewClient(ca.ClientOptions{URL: i.place.CAURL, CABundle: bundle, ProvisionerKey: layout.Provisioner(), Timeout: i.place.CATimeout, Issuer: issuer})
		return err
	}
	embedded, err := ca.NewEmbedded(layout, profile)
	if err != nil {
		return err
	}
	i.embedded, i.issuer = embedded, embedded.Issuer()
	if i.ca, err = embedded.Client(i.place.CATimeout); err != nil || !start {
		return err
	}
	if err := embedded.Start(ctx); err != nil {
		return err
	}
	i.closers = append(i.closers, embedded.Stop)
	return nil
}

// refuseRootKey is production's rule: whoever takes over this machine must not
// get the root.
func (i *installation) refuseRootKey() error {
	found, err := i.place.layout().RootKeyPresent()
	if err != nil || len(found) == 0 {
		return err
	}
	return fmt.Errorf("the root's private key is on this machine (%s): move it to offline storage, then start again", strings.Join(found, ", "))
}

func (i *installation) makeFlow(ctx context.Context, o opening) error {
	holder, err := x509.ParseOID(i.pack.Certificate.HolderPolicy)
	if err != nil {
		return fmt.Errorf("the pack's holder_policy: %w", err)
	}
	operator, err := x509.ParseOID(i.pack.Certificate.OperatorPolicy)
	if err != nil {
		return fmt.Errorf("the pack's operator_policy: %w", err)
	}
	sources, err := i.secrets.Current(secrets.Sessions)
	if err != nil {
		return err
	}
	keys, err := i.openCloud()
	if err != nil {
		return err
	}
	seal, err := i.openSeal()
	if err != nil {
		return err
	}
	answering, err := i.openAnswering(ctx)
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(o.baseURL, "/")
	words, err := templates.LoadCatalog(handlers.CatalogWords(i.pack))
	if err != nil {
		return err
	}
	post, err := o.mail.mail(i.letters(words, base))
	if err != nil {
		return err
	}
	i.config = workflow.Config{
		Store: i.store, Pack: i.pack, Configured: i.proposal, Now: o.now, Log: slog.Default(), BaseURL: base,
		Vault:     i.vault,
		Trust:     workflow.Trust{Root: i.issuer.Root, Issuer: i.issuer.Certificate, HolderPolicy: holder, OperatorPolicy: operator},
		SourceKey: sources.Bytes(),
		Issuing:   &workflow.Issuing{CA: i.ca, Keys: keys, Receipt: receipt(words)},
		Mail:      post,
		Seal:      seal,
		Answering: answering,
	}
	i.flow, err = workflow.New(i.config)
	return err
}

// openSeal opens the keys that sign the journal's checkpoints, the present one
// and those before it.
func (i *installation) openSeal() (*workflow.Seal, error) {
	all, err := i.secrets.All(secrets.Journal)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no key for the journal in %s: tamga init makes the keys", i.place.SecretsDir)
	}
	signer, err := journal.NewSigner(all[0].Text())
	if err != nil {
		return nil, err
	}
	seal := &workflow.Seal{Signer: signer}
	for _, k := range all {
		public, err := journal.VerifierKey(k.Text())
		if err != nil {
			return nil, err
		}
		v, err := journal.NewVerifier(public)
		if err != nil {
			return nil, err
		}
		seal.Known = append(seal.Known, v)
	}
	return seal, nil
}

// openCloud opens what keeps the holders' keys.
func (i *installation) openCloud() (*ecloud.Vault, error) {
	all, err := i.secrets.All(secrets.ECloud)
	if err != nil {
		return nil, err
	}
	keys := make([]ecloud.KeyWithID, len(all))
	for n, k := range all {
		keys[n] = ecloud.KeyWithID{ID: k.ID, Key: k.Bytes()}
	}
	server, err := ecloud.NewFileKeys(keys...)
	if err != nil {
		return nil, fmt.Errorf("the E-Cloud's keys in %s: %w", i.place.SecretsDir, err)
	}
	return ecloud.New(server, ecloud.Options{})
}

// close closes everything in the reverse order.
func (i *installation) close() error {
	var errs []error
	for n := len(i.closers) - 1; n >= 0; n-- {
		errs = append(errs, i.closers[n]())
	}
	i.closers = nil
	return errors.Join(errs...)
}

func orElse(value, other string) string {
	if value == "" {
		return other
	}
	return value
}
