package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tamga-ca/tamga/internal/commandline"
	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
)

// Audit groups the commands for auditors.
type Audit struct {
	Sample AuditSample `cmd:"" help:"Draw the self-audit's sample of a quarter again out of a journal export; needs no server and no database."`
}

// AuditSample draws a quarter's sample again (docs/self-audit.md).
type AuditSample struct {
	Authority  `embed:"" group:"Authority"`
	Quarter    string   `required:"" placeholder:"QUARTER" help:"Quarter, e.g. 2026Q3, in the authority's time zone."`
	Key        []string `placeholder:"FILE" type:"existingfile" help:"File with a verifier key kept outside the server; may be given again for older keys. Without it the key in the export is taken, which proves nothing about its author."`
	Checkpoint []string `placeholder:"FILE" type:"existingfile" help:"Checkpoint kept outside the server; may be given again."`
	Export     string   `arg:"" help:"Export, as tamga journal export wrote it. - is standard input."`
}

// Validate implements kong's check of a command.
func (a AuditSample) Validate() error {
	if _, err := registry.ParseQuarter(a.Quarter); err != nil {
		return wrong("quarter", "%q is no quarter like 2026Q3", a.Quarter)
	}
	return a.check()
}

// Run the command: exit status 1 means that something is wrong with the
// journal.
func (a AuditSample) Run(c *Console) error {
	pack, err := a.load()
	if err != nil {
		return err
	}
	q, err := registry.ParseQuarter(a.Quarter)
	if err != nil {
		return err
	}
	var options journal.VerifyOptions
	if options.Keys, err = readFiles(a.Key); err != nil {
		return err
	}
	if options.Kept, err = readFiles(a.Checkpoint); err != nil {
		return err
	}
	in := c.In
	if a.Export != "-" {
		f, err := os.Open(a.Export)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	start, end := q.Start(pack.Zone()), q.End(pack.Zone())
	report, sample, err := verifyAndDraw(in, options, start, end)
	if errors.Is(err, journal.ErrNoCheckpoint) {
		return fmt.Errorf("%s ends on %s and the export has no checkpoint signed after that: there is no sample yet", q, end.UTC().Format(time.RFC3339))
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(c.Out, "%s\n\nquarter     %s, %s to %s\ncheckpoint  %d entries, %s\nroot        %x\nissued      %d\ndrawn       %d\n",
		report.String(), q, start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339), sample.Checkpoint.Size, sample.Checkpoint.At.Format(time.RFC3339Nano),
		sample.Checkpoint.Root[:], sample.Population, len(sample.Serials))
	for i, serial := range sample.Serials {
		_, _ = fmt.Fprintf(c.Out, "%d\t%s\n", i+1, serial)
	}
	if !report.OK() {
		return commandline.Status(1)
	}
	return nil
}

// verifyAndDraw reads an export once for both.
func verifyAndDraw(in io.Reader, options journal.VerifyOptions, start, end time.Time) (report journal.Report, sample *journal.Sample, err error) {
	type drawn struct {
		sample *journal.Sample
		err    error
	}
	r, w := io.Pipe()
	ended := make(chan drawn, 1)
	go func() {
		s, err := journal.DrawFrom(r, options.Keys, start, end)
		_, _ = io.Copy(io.Discard, r) // the verifier reads on
		ended <- drawn{s, err}
	}()
	report, err = journal.Verify(io.TeeReader(in, w), options)
	_ = w.CloseWithError(io.EOF)
	d := <-ended
	if err != nil {
		return report, nil, err
	}
	return report, d.sample, d.err
}
