package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/secrets"
	"github.com/tamga-ca/tamga/internal/store"
)

// JournalExport writes the whole journal to a file.
type JournalExport struct {
	Data     `embed:"" group:"Storage"`
	Database `embed:"" group:"Storage"`
	Secrets  `embed:"" group:"Storage"`
	Reveal   bool   `help:"Put the personal data behind the entries' commitments into the export."`
	Out      string `arg:"" help:"File to write; must not exist. - is standard output."`
}

// Validate implements kong's check of a command.
func (j JournalExport) Validate() error {
	return checkAll(j.Data.check(), j.Database.check(), j.Secrets.check(j.DataDir))
}

// Run the command.
func (j JournalExport) Run(ctx context.Context, c *Console) (err error) {
	dir, err := secrets.Open(j.SecretsDir)
	if err != nil {
		return err
	}
	key, err := dir.Current(secrets.Journal)
	if err != nil {
		return err
	}
	verifier, err := journal.VerifierKey(key.Text())
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, j.Database.config(j.DataDir))
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.CheckVersion(ctx); err != nil {
		return err
	}
	options := journal.ExportOptions{VerifierKey: verifier, Reveals: j.Reveal}
	if j.Out == "-" {
		return s.ReadJournal(ctx, j.Reveal, func(src journal.Source) error { return journal.Export(c.Out, src, options) })
	}
	f, err := os.OpenFile(filepath.Clean(j.Out), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	if err := s.ReadJournal(ctx, j.Reveal, func(src journal.Source) error { return journal.Export(f, src, options) }); err != nil {
		return fmt.Errorf("exporting the journal: %w", err)
	}
	return f.Sync()
}
