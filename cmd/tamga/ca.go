package main

import (
	"context"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/commandline"
)

// CA groups the commands about the certification authority.
type CA struct {
	Reconcile CAReconcile `cmd:"" help:"Look in step-ca's own database for certificates that nobody asked for here; exits non-zero if there are any."`
}

// CAReconcile compares step-ca's database with ours.
type CAReconcile struct {
	Place    `embed:""`
	StepCADB string `name:"step-ca-db" env:"TAMGA_STEP_CA_DB" placeholder:"DSN" help:"PostgreSQL DSN of an external step-ca's own database. Not needed for the embedded one, which must not be running."`
}

// Validate implements kong's check of a command.
func (r CAReconcile) Validate() error {
	if err := r.check(); err != nil {
		return err
	}
	if (r.CAURL == "") != (r.StepCADB == "") {
		return wrong("step-ca-db", "belongs to an external step-ca (%s)", variable("ca-url"))
	}
	return nil
}

// Run the command.
func (r CAReconcile) Run(ctx context.Context, c *Console) error {
	return r.at(ctx, func(i *installation) error {
		strays, err := r.strays(ctx, i)
		if err != nil {
			return err
		}
		for _, s := range strays {
			_, _ = fmt.Fprintf(c.Out, "nobody asked for %s, valid from %s to %s\n%s", s.Serial,
				s.NotBefore.UTC().Format("2006-01-02 15:04:05Z"), s.NotAfter.UTC().Format("2006-01-02 15:04:05Z"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate}))
		}
		if len(strays) > 0 {
			return commandline.Status(1)
		}
		_, err = fmt.Fprintln(c.Out, "every certificate that step-ca signed was asked for")
		return err
	})
}

func (r CAReconcile) strays(ctx context.Context, i *installation) ([]ca.Stray, error) {
	if i.embedded != nil {
		return i.flow.Reconcile(ctx, console(), i.embedded.Reconcile)
	}
	database, err := ca.PostgresDatabase(strings.TrimSpace(r.StepCADB))
	if err != nil {
		return nil, err
	}
	return i.flow.Reconcile(ctx, console(), func(ctx context.Context, known ca.Known) ([]ca.Stray, error) {
		return ca.Reconcile(ctx, database, known)
	})
}
