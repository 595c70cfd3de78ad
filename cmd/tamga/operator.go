package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tamga-ca/tamga/handlers"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// Operators groups the commands about operators. They work at the server's
// console, without a second administrator, and are journalled as the console's
// deeds.
type Operators struct {
	List    OperatorList    `cmd:"" help:"List the operators."`
	Add     OperatorAdd     `cmd:"" help:"Add an operator and print the two codes that activate their key."`
	Disable OperatorDisable `cmd:"" help:"Disable an operator, or enable again; ends their sessions."`
	Recover OperatorRecover `cmd:"" help:"Begin a new certificate for an operator who cannot log in, and print its codes."`
}

// console is who acts: the account of the machine.
func console() workflow.Actor {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return workflow.ByConsole(name)
}

// at opens an installation for one command beside a running server.
func (p Place) at(ctx context.Context, do func(*installation) error) (err error) {
	i, err := p.open(ctx, opening{now: time.Now, baseURL: "http://localhost"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.close()) }()
	return do(i)
}

// OperatorList lists the operators.
type OperatorList struct {
	Place `embed:""`
}

// Validate implements kong's check of a command.
func (o OperatorList) Validate() error { return o.check() }

// Run the command.
func (o OperatorList) Run(ctx context.Context, c *Console) error {
	return o.at(ctx, func(i *installation) error {
		var all []*registry.Operator
		err := i.store.Read(ctx, func(tx *store.Tx) (err error) {
			all, err = tx.Operators()
			return err
		})
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "ID\tROLE\tOFFICE\tNAME\tSTATE")
		for _, op := range all {
			state := "active"
			if op.Disabled {
				state = "disabled"
			}
			_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", op.ID, op.Role, op.Office, op.Person.Name(registry.Kyrgyz), state)
		}
		return table.Flush()
	})
}

// OperatorAdd adds an operator.
type OperatorAdd struct {
	Place `embed:""`
	File  string `arg:"" type:"existingfile" help:"JSON file: {\"person\": {…}, \"role\": \"clerk|approver|auditor|administrator\", \"office\": \"CODE\", \"email\": \"…\", \"language\": \"ky|ru|en\"}."`
}

// Validate implements kong's check of a command.
func (o OperatorAdd) Validate() error { return o.check() }

// Run the command.
func (o OperatorAdd) Run(ctx context.Context, c *Console) error {
	var person workflow.NewOperator
	if err := readJSON(o.File, &person); err != nil {
		return err
	}
	return o.at(ctx, func(i *installation) error { return i.addOperator(ctx, c, person) })
}

// addOperator makes an account and prints its codes.
func (i *installation) addOperator(ctx context.Context, c *Console, person workflow.NewOperator) error {
	id, err := i.flow.AddOperatorAtConsole(ctx, console(), person)
	if err != nil {
		return i.explain(err)
	}
	return i.printCodes(ctx, c, id, person.Person.Name(person.Language).String())
}

// printCodes begins an operator's certificate and prints both halves of its
// activation.
func (i *installation) printCodes(ctx context.Context, c *Console, id registry.OperatorID, name string) error {
	enrolment, err := i.flow.OpenOperatorEnrolment(ctx, console(), id)
	if err != nil {
		return i.explain(err)
	}
	paper, mailed, err := i.flow.ConsoleActivation(ctx, console(), enrolment)
	if err != nil {
		return i.explain(err)
	}
	_, err = fmt.Fprintf(c.Out, "operator %d, %s\n  code on paper:  %s\n  code by e-mail: %s\n  to be used within 72 hours; shown this once\n", id, name, paper, mailed)
	return err
}

// OperatorDisable disables or enables an operator.
type OperatorDisable struct {
	Place  `embed:""`
	Enable bool                `help:"Enable again."`
	ID     registry.OperatorID `arg:"" help:"Number of the operator, as in tamga operator list."`
}

// Validate implements kong's check of a command.
func (o OperatorDisable) Validate() error { return o.check() }

// Run the command.
func (o OperatorDisable) Run(ctx context.Context) error {
	return o.at(ctx, func(i *installation) error {
		return i.explain(i.flow.DisableAtConsole(ctx, console(), o.ID, !o.Enable))
	})
}

// OperatorRecover gives an operator who cannot log in a new certificate.
type OperatorRecover struct {
	Place `embed:""`
	ID    registry.OperatorID `arg:"" help:"Number of the operator, as in tamga operator list."`
}

// Validate implements kong's check of a command.
func (o OperatorRecover) Validate() error { return o.check() }

// Run the command.
func (o OperatorRecover) Run(ctx context.Context, c *Console) error {
	return o.at(ctx, func(i *installation) error {
		var op *registry.Operator
		err := i.store.Read(ctx, func(tx *store.Tx) (err error) {
			op, err = tx.Operator(o.ID)
			return err
		})
		if err != nil {
			return i.explain(err)
		}
		return i.printCodes(ctx, c, op.ID, op.Person.Name(op.Language).String())
	})
}

func readJSON(path string, into any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// explain turns a refusal into words: the pages' sentence in English.
func (i *installation) explain(err error) error {
	if err == nil {
		return nil
	}
	words, lerr := templates.LoadCatalog(handlers.CatalogWords(i.pack))
	if lerr != nil {
		return errors.Join(err, lerr)
	}
	var many registry.Errors
	var one *registry.Error
	switch {
	case errors.As(err, &many):
	case errors.As(err, &one):
		many = registry.Errors{one}
	default:
		return err
	}
	var out []string
	for _, e := range many {
		var args []any
		for name, value := range e.Args {
			args = append(args, name, value)
		}
		text, terr := words.Text(string(registry.English), e.Key, args...)
		if terr != nil {
			text = e.Key
		}
		if e.Field != "" {
			text = e.Field + ": " + text
		}
		out = append(out, text)
	}
	return errors.New(strings.Join(out, "\n"))
}
