package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tamga-ca/tamga/internal/authorities"
)

// Rules groups the commands about rule packs.
type Rules struct {
	Check RulesCheck `cmd:"" help:"Judge the cases of a file and print one JSON array; exits non-zero on a case it cannot read."`
	Adopt RulesAdopt `cmd:"" help:"Put the configured rule pack in force without two administrators, from the server's console; it is journalled."`
}

// RulesAdopt puts the configured pack in force.
type RulesAdopt struct {
	Place `embed:""`
}

// Validate implements kong's check of a command.
func (r RulesAdopt) Validate() error { return r.check() }

// Run the command.
func (r RulesAdopt) Run(ctx context.Context, c *Console) error {
	i, err := r.open(ctx, opening{now: time.Now, baseURL: "http://localhost", adopt: true})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Out, "%s is in force from the next start on (SHA-256 %s)\n", i.pack.Name, i.pack.Hash())
	return errors.Join(err, i.close())
}

// RulesCheck judges cases.
type RulesCheck struct {
	File string `arg:"" type:"existingfile" help:"JSON file of cases."`
}

// Run the command.
func (r RulesCheck) Run(c *Console) error {
	f, err := os.Open(r.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	out, err := authorities.Check(f)
	if err != nil {
		return fmt.Errorf("%s: %w", r.File, err)
	}
	_, err = c.Out.Write(out)
	return err
}
