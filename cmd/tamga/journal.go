package main

import (
	"fmt"
	"os"

	"github.com/tamga-ca/tamga/internal/commandline"
	"github.com/tamga-ca/tamga/internal/evidence"
	"github.com/tamga-ca/tamga/internal/journal"
)

// Journal groups the commands about the tamper-evident log.
type Journal struct {
	Export JournalExport `cmd:"" help:"Write the whole journal to a file."`
	Verify JournalVerify `cmd:"" help:"Check an export or an evidence pack; needs no server and no database."`
}

// JournalVerify checks an export of the journal, or an evidence pack.
type JournalVerify struct {
	Key        []string `placeholder:"FILE" type:"existingfile" help:"File with a verifier key kept outside the server; may be given again for older keys. Without it the key in the file is taken, which proves nothing about its author."`
	Checkpoint []string `placeholder:"FILE" type:"existingfile" help:"Checkpoint kept outside the server; may be given again."`
	File       string   `arg:"" type:"existingfile" help:"Export, as tamga journal export wrote it, or evidence pack (ZIP)."`
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
	f, err := os.Open(v.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	said, ok, err := verifyFile(f, keys, kept)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c.Out, said); err != nil {
		return err
	}
	if !ok {
		return commandline.Status(1)
	}
	return nil
}

// verifyFile tells by its first bytes what a file is, and checks it.
func verifyFile(f *os.File, keys, kept []string) (said fmt.Stringer, ok bool, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	var magic [2]byte
	if _, err := f.ReadAt(magic[:], 0); err == nil && string(magic[:]) == "PK" {
		r, err := evidence.Verify(f, info.Size(), evidence.Options{Keys: keys, Kept: kept})
		if err != nil {
			return nil, false, err
		}
		return r, r.OK(), nil
	}
	r, err := journal.Verify(f, journal.VerifyOptions{Keys: keys, Kept: kept})
	return r, r.OK(), err
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
