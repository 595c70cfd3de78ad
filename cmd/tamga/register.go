package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/workflow"
)

// RegisterCommands groups the commands about the register of qualified
// certificates.
type RegisterCommands struct {
	Export RegisterExport `cmd:"" help:"Write the register of qualified certificates for the authorised body, signed by the authority (docs/register-export.md)."`
}

// RegisterExport writes the register and, beside it, its signature.
type RegisterExport struct {
	Place `embed:""`
	Date  string `placeholder:"YYYY-MM-DD" help:"Day at whose end the register is told, in the authority's time zone. Empty: as it stands now."`
	Out   string `arg:"" help:"File to write, JSON; must not exist. The signature goes into the same name with .p7s at the end."`
}

// Validate implements kong's check of a command.
func (r RegisterExport) Validate() error {
	if _, err := r.day(); err != nil {
		return wrong("date", "%q is no date like 2026-11-22", r.Date)
	}
	return r.check()
}

func (r RegisterExport) day() (registry.Date, error) {
	if r.Date == "" {
		return registry.Date{}, nil
	}
	return registry.ParseDate(r.Date)
}

// Run the command.
func (r RegisterExport) Run(ctx context.Context, c *Console) error {
	day, err := r.day()
	if err != nil {
		return err
	}
	return r.at(ctx, func(i *installation) error {
		reg, err := i.flow.MakeRegister(ctx, console(), day)
		if err != nil {
			return err
		}
		defer func() { _ = reg.Close() }()
		if err := r.write(reg); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.Out, "%d certificates as of %s\nSHA-256 %s\n", reg.Count, reg.AsOf.Format(time.RFC3339), reg.SHA256)
		return err
	})
}

func (r RegisterExport) write(reg *workflow.Register) error {
	content, err := reg.Content()
	if err != nil {
		return err
	}
	for name, write := range map[string]func(*os.File) error{
		r.Out:          func(f *os.File) error { _, err := f.ReadFrom(content); return err },
		r.Out + ".p7s": func(f *os.File) error { _, err := f.Write(reg.Signature); return err },
	} {
		f, err := os.OpenFile(filepath.Clean(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		if err := write(f); err != nil {
			_ = f.Close()
			return fmt.Errorf("writing %s: %w", name, err)
		}
		if err := f.Sync(); err != nil {
			_ = f.Close()
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
