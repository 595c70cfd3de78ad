package main

import (
	"fmt"
	"os"

	"github.com/tamga-ca/tamga/internal/journal"
)

// Journal groups the commands about the tamper-evident log.
type Journal struct {
	Export JournalExport `cmd:"" help:"Write the whole journal to a file."`
	Verify JournalVerify `cmd:"" help:"Check an export; needs no server and no database."`
}

// JournalVerify checks an export of the journal.
type JournalVerify struct {
	Key        []string `placeholder:"FILE" type:"existingfile" help:"File with a verifier key kept outside the server; may be given again for older keys. Without it the key in the export is taken, which proves nothing about its author."`
	Checkpoint []string `placeholder:"FILE" type:"existingfile" help:"Checkpoint kept outside the server; may be given again."`
	Export     string   `arg:"" type:"existingfile" help:"Export, as tamga journal export wrote it."`
}

// Run the command: exit status 1 means that something is wrong with the
// journal or that nothing could be proved.
func (v JournalVerify) Run(c *Console) error {
	keys, err := readFiles(v.Key)
	if err != nil {
		return err
	}
	kept, err := readFiles(v.Checkpoint)
	if err != nil {
		return err
	}
	f, err := os.Open(v.Export)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	report, err := journal.Verify(f, journal.VerifyOptions{Keys: keys, Kept: kept})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c.Out, report.String()); err != nil {
		return err
	}
	if !report.OK() {
		return exitStatus(1)
	}
	return nil
}

func readFiles(paths []string) ([]string, error) {
	var out []string
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		out = append(out, string(b))
	}
	return out, nil
}
