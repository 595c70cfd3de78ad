package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/demo"
	"github.com/tamga-ca/tamga/internal/mailtest"
	"github.com/tamga-ca/tamga/internal/secrets"
)

// Demo is a whole installation for trying out: SQLite, an embedded CA, a mail
// catcher and believable data. Never for real people: its secrets lie beside
// its data, and the root's key is on the machine.
type Demo struct {
	Authority  `embed:""`
	Tokens     `embed:""`
	Listen     string        `env:"TAMGA_LISTEN" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address to listen on, host:port of this machine."`
	Data       string        `env:"TAMGA_DATA" placeholder:"DIR" help:"Directory of the demo's data, made if it is not there; DIR/demo.json tells who can log in and how. Empty: a new temporary one, removed at the end."`
	MailListen string        `env:"TAMGA_MAIL_LISTEN" default:"127.0.0.1:0" placeholder:"ADDR" help:"Address of the page with the letters that were sent, host:port."`
	EndsIn     time.Duration `env:"TAMGA_ENDS_IN" default:"480h" placeholder:"DURATION" help:"How long the certificates still live that are to be renewed; a few minutes let a renewal be walked over the instant at which the old one ends."`
}

// Validate implements kong's check of a command.
func (d Demo) Validate() error {
	return checkAll(d.Authority.check(), d.Tokens.check(), checkListen("listen", d.Listen), checkListen("mail-listen", d.MailListen))
}

// Run the command, until SIGTERM or SIGINT.
func (d Demo) Run(ctx context.Context, c *Console) (err error) {
	dir, remove, err := d.directory()
	if err != nil {
		return err
	}
	defer remove()
	// The address is taken first: certificates and letters name it.
	taken, err := net.Listen("tcp", d.Listen)
	if err != nil {
		return wrong("listen", "%v", err)
	}
	address := taken.Addr().String()
	if err := taken.Close(); err != nil {
		return err
	}
	base := "http://" + address
	mailbox, err := mailtest.Start(mailtest.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mailbox.Close()) }()
	letters, err := listen(ctx, d.MailListen, http.HandlerFunc(mailbox.ServeHTTP), "", "")
	if err != nil {
		return err
	}

	place := d.place(dir)
	fresh, err := d.prepare(ctx, place, base)
	if err != nil {
		return err
	}
	i, err := place.open(ctx, opening{
		baseURL: base, now: time.Now, alone: true,
		mail: Mail{SMTP: mailbox.Addr(), SMTPSecurity: "none", MailFrom: "tamga@demo.example"},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.close()) }()
	if fresh {
		slog.Info("making the demo's data: two dozen applications and their certificates; this takes half a minute or so", "directory", dir)
		if err := d.fill(ctx, i, mailbox, base, dir); err != nil {
			return err
		}
	}
	if err := welcome(c.Out, dir, base, letters.address()); err != nil {
		return err
	}
	web := Web{Listen: address, BaseURL: base, ShutdownGrace: 5 * time.Second}
	return web.run(ctx, i, facing{baseURL: base, agentURL: d.AgentURL, now: time.Now, demo: true}, letters)
}

func (d Demo) directory() (dir string, remove func(), err error) {
	if d.Data != "" {
		return d.Data, func() {}, os.MkdirAll(d.Data, 0o700)
	}
	dir, err = os.MkdirTemp("", "tamga-demo-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

// place is an installation in one directory.
func (d Demo) place(dir string) Place {
	return Place{
		Authority: d.Authority, Data: Data{DataDir: filepath.Join(dir, "data")}, Secrets: Secrets{SecretsDir: filepath.Join(dir, "secrets")},
		Certification: Certification{CATimeout: 15 * time.Second},
	}
}

// prepare makes keys, CA and schema; fresh says that there are no data yet.
func (d Demo) prepare(ctx context.Context, p Place, base string) (fresh bool, err error) {
	if err := os.MkdirAll(p.DataDir, 0o700); err != nil {
		return false, err
	}
	done := filepath.Join(filepath.Dir(p.DataDir), "demo.json")
	if _, err := os.Stat(done); err == nil {
		if err := d.sameBase(done, base); err != nil {
			return false, err
		}
		return false, migrate(ctx, p) // a newer program may find data of an older one
	}
	// What an interrupted start left is of no use.
	for _, dir := range []string{p.DataDir, p.SecretsDir} {
		if err := os.RemoveAll(dir); err != nil {
			return false, err
		}
	}
	if err := os.MkdirAll(p.DataDir, 0o700); err != nil {
		return false, err
	}
	pack, err := d.Authority.load()
	if err != nil {
		return false, err
	}
	if _, err := secrets.Init(p.SecretsDir, secrets.Options{JournalName: "demo/journal"}); err != nil {
		return false, err
	}
	name := pack.Authority.Name.En
	// The CA is older than the certificates it has to issue.
	err = ca.Init(ca.InitOptions{Layout: p.layout(), Organisation: name, Name: name + " Demo", Profile: p.profile(pack, base), ValidFrom: time.Now().AddDate(-3, 0, 0)})
	if err != nil {
		return false, err
	}
	return true, migrate(ctx, p)
}

func migrate(ctx context.Context, p Place) error {
	return Migrate{DataDir: p.DataDir}.Run(ctx, &Console{Out: io.Discard})
}

// sameBase refuses another address than the one the certificates name.
func (d Demo) sameBase(file, base string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var old demo.Report
	if err := json.Unmarshal(b, &old); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if old.BaseURL != base {
		return wrong("listen", "the data in %s were made for %s: use that address, or another directory", filepath.Dir(file), old.BaseURL)
	}
	return nil
}

// fill makes the data, and demo.json last: it says that all is there.
func (d Demo) fill(ctx context.Context, i *installation, mailbox *mailtest.Catcher, base, dir string) error {
	report, err := demo.Fill(ctx, demo.Config{Workflow: i.config, Mailbox: mailbox, Now: time.Now(), EndsIn: d.EndsIn})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "certificates"), 0o700); err != nil {
		return err
	}
	for n, c := range report.Certificates {
		file := filepath.Join(dir, "certificates", c.Serial+".pem")
		if err := os.WriteFile(file, c.PEM, 0o600); err != nil {
			return err
		}
		report.Certificates[n].File = file
	}
	b, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "demo.json"), append(b, '\n'), 0o600)
}

// welcome tells where everything is and who can log in.
func welcome(w io.Writer, dir, base, letters string) error {
	b, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err != nil {
		return err
	}
	var report demo.Report
	if err := json.Unmarshal(b, &report); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(w, "\nTamga is at      %s\nIts letters at   http://%s\nAll of this in   %s\n\nLog in through the E-Cloud with one of these:\n\n", base, letters, filepath.Join(dir, "demo.json"))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "NUMBER\tWHOSE KEY\tPIN-CODE\tWHO")
	for _, p := range report.People {
		who := p.Name + ", " + p.Role
		if p.Organisation != "" {
			who += ", " + p.Organisation
		}
		if p.Certificate != "valid" {
			who += ": certificate " + p.Certificate
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", p.Identifier, p.Choice, p.PINCode, who)
	}
	_, _ = fmt.Fprintln(table)
	return table.Flush()
}
