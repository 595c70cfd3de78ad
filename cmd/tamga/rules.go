package main

import (
	"fmt"
	"os"

	"github.com/tamga-ca/tamga/internal/authorities"
)

// Rules groups the commands about rule packs.
type Rules struct {
	Check RulesCheck `cmd:"" help:"Judge the cases of a file and print one JSON array; exits non-zero on a case it cannot read."`
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
