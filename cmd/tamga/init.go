package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/secrets"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// Init makes an installation: the server's own keys, the CA, the database's
// schema and the first two administrators. What is there already is left as it
// is, so an interrupted init is simply repeated.
type Init struct {
	Place          `embed:""`
	BaseURL        string `env:"TAMGA_BASE_URL" required:"" placeholder:"URL" help:"Address that people's browsers will see (https://host)."`
	DBOwner        string `env:"TAMGA_DB_OWNER" placeholder:"DSN" help:"PostgreSQL DSN of the role that owns the database. Empty: SQLite."`
	DBAppRole      string `env:"TAMGA_DB_APP_ROLE" placeholder:"ROLE" help:"PostgreSQL role of serve, which is granted its work on the tables, but no change of the journal."`
	DBReadRole     string `env:"TAMGA_DB_READ_ROLE" placeholder:"ROLE" help:"PostgreSQL role that is granted reading."`
	CAName         string `name:"ca-name" env:"TAMGA_CA_NAME" placeholder:"NAME" help:"Name of the CA in its certificates. Empty: the authority's."`
	CAKey          string `name:"ca-key" env:"TAMGA_CA_KEY" default:"P-256" enum:"P-256,RSA-3072" help:"Kind of the CA's own keys: P-256 or RSA-3072."`
	Administrators string `type:"existingfile" required:"" placeholder:"FILE" help:"JSON file with the first two administrators: a list of {\"person\": {…}, \"office\": \"CODE\", \"email\": \"…\", \"language\": \"ky|ru|en\"}."`
	StepCADir      string `name:"step-ca-dir" env:"TAMGA_STEP_CA_DIR" placeholder:"DIR" help:"For an external step-ca: directory to write its configuration, certificates and encrypted key to."`
	StepCASecrets  string `name:"step-ca-secrets" env:"TAMGA_STEP_CA_SECRETS" placeholder:"DIR" help:"For an external step-ca: directory to write the password of its key to; the root's key is put below it, to be taken away."`
	StepCADB       string `name:"step-ca-db" env:"TAMGA_STEP_CA_DB" placeholder:"DSN" help:"For an external step-ca: PostgreSQL DSN of its own database, as it sees it."`
}

// Validate implements kong's check of a command.
func (n Init) Validate() error {
	if err := checkAll(n.check(), checkURL("base-url", n.BaseURL, "https", "http")); err != nil {
		return err
	}
	if (n.DB == "") != (n.DBOwner == "") {
		return wrong("db-owner", "the owner and the application's role (%s) belong to the same PostgreSQL database: set both or neither", variable("db"))
	}
	if n.DBOwner != "" {
		if err := checkPostgres("db-owner", n.DBOwner); err != nil {
			return err
		}
	}
	external := n.CAURL != ""
	for flag, value := range map[string]string{"step-ca-dir": n.StepCADir, "step-ca-secrets": n.StepCASecrets, "step-ca-db": n.StepCADB} {
		if (value != "") != external {
			return wrong(flag, "an external step-ca needs it and %s, the embedded one neither", variable("ca-url"))
		}
	}
	if external {
		if err := checkAll(checkDirectory("step-ca-dir", n.StepCADir), checkDirectory("step-ca-secrets", n.StepCASecrets), checkPostgres("step-ca-db", n.StepCADB)); err != nil {
			return err
		}
		if n.CADir == "" {
			return wrong("ca-dir", "an external step-ca's certificates need a directory here")
		}
	}
	return nil
}

// Run the command.
func (n Init) Run(ctx context.Context, c *Console) error {
	var people []workflow.NewOperator
	if err := readJSON(n.Administrators, &people); err != nil {
		return err
	}
	if len(people) != 2 || people[0].Person.PersonalNumber == people[1].Person.PersonalNumber {
		return fmt.Errorf("%s: two different people are needed; changes of roles, prices and packs take both", n.Administrators)
	}
	pack, err := n.Authority.load()
	if err != nil {
		return err
	}
	host, err := url.Parse(n.BaseURL)
	if err != nil {
		return err
	}
	if _, err := secrets.Init(n.SecretsDir, secrets.Options{JournalName: host.Hostname() + "/journal"}); err != nil {
		return err
	}
	if err := n.makeCA(pack); err != nil {
		return err
	}
	if err := n.migrate(ctx); err != nil {
		return err
	}
	i, err := n.open(ctx, opening{baseURL: n.BaseURL, now: time.Now})
	if err != nil {
		return err
	}
	return errors.Join(n.addAdministrators(ctx, c, i, people), i.close())
}

func (n Init) migrate(ctx context.Context) error {
	m := Migrate{DBOwner: n.DBOwner, DBAppRole: n.DBAppRole, DBReadRole: n.DBReadRole, DataDir: n.DataDir}
	return m.Run(ctx, &Console{Out: io.Discard})
}

// makeCA makes the CA unless its root is there.
func (n Init) makeCA(pack *authorities.Pack) error {
	layout := n.layout()
	if _, err := os.Stat(layout.RootCertificate()); err == nil {
		return nil
	}
	english := pack.Authority.Name.In(registry.English)
	options := ca.InitOptions{
		Layout: layout, Organisation: english, Name: orElse(n.CAName, english),
		KeyType: ca.KeyType(n.CAKey), Profile: n.profile(pack, n.BaseURL),
	}
	if n.CAURL == "" {
		return ca.Init(options)
	}
	options.Layout = ca.Layout{Dir: n.StepCADir, Secrets: n.StepCASecrets}
	if err := ca.Init(options); err != nil {
		return err
	}
	if err := n.configureStepCA(options); err != nil {
		return err
	}
	return n.divide(options.Layout, layout)
}

// configureStepCA writes the external step-ca's own configuration over that of
// an embedded one.
func (n Init) configureStepCA(o ca.InitOptions) error {
	u, err := url.Parse(n.CAURL)
	if err != nil {
		return err
	}
	database, err := ca.PostgresDatabase(n.StepCADB)
	if err != nil {
		return wrong("step-ca-db", "%v", err)
	}
	return ca.WriteConfig(o.Config(), ca.ConfigOptions{
		RootCertificate: o.RootCertificate(), IssuingCertificate: o.IssuingCertificate(), IssuingKey: o.IssuingKey(),
		ProvisionerKey: o.Provisioner(), Address: ":" + orElse(u.Port(), "443"), DNSNames: []string{u.Hostname(), "localhost"},
		Database: database, Profile: o.Profile, CRL: true,
	})
}

// divide gives our side the certificates, and takes the provisioner's key from
// step-ca's: the one may ask, the other may sign.
func (n Init) divide(theirs, ours ca.Layout) error {
	for _, file := range [][2]string{
		{theirs.IssuingCertificate(), ours.IssuingCertificate()},
		{theirs.Provisioner(), ours.Provisioner()},
		{theirs.RootCertificate(), ours.RootCertificate()}, // the last: it says that all are there
	} {
		from, to := file[0], file[1]
		content, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(to, content, 0o600); err != nil {
			return err
		}
	}
	return os.Remove(theirs.Provisioner())
}

// addAdministrators makes the accounts unless there are operators, and prints
// the codes of those who have no certificate yet.
func (n Init) addAdministrators(ctx context.Context, c *Console, i *installation, people []workflow.NewOperator) error {
	var there []*registry.Operator
	err := i.store.Read(ctx, func(tx *store.Tx) (err error) {
		there, err = tx.Operators()
		return err
	})
	if err != nil {
		return err
	}
	known := map[registry.PersonalNumber]bool{}
	for _, o := range there {
		known[o.Person.PersonalNumber] = true
	}
	for _, p := range people {
		if known[p.Person.PersonalNumber] {
			continue
		}
		p.Role = registry.Administrator
		if err := i.addOperator(ctx, c, p); err != nil {
			return err
		}
	}
	offline := n.layout().Offline()
	if n.StepCASecrets != "" {
		offline = ca.Layout{Secrets: n.StepCASecrets}.Offline()
	}
	if _, err := os.Stat(offline); err == nil {
		_, err = fmt.Fprintln(c.Out, strings.TrimSpace("\nMove "+offline+" to offline storage: it holds the root's private key and its password."))
		return err
	}
	return nil
}
