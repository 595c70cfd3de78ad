package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
)

// journalOfQuarter is an export in which n certificates were issued in the
// third quarter of 2026 and a checkpoint was signed on 1 October.
func journalOfQuarter(t *testing.T, n int) (export []byte, root journal.Hash, key string, serials []string) {
	t.Helper()
	ctx, s := context.Background(), storetest.SQLite(t)
	secret, key, err := journal.GenerateKey(rand.Reader, "ca.example.kg/journal")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := journal.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	v, err := journal.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(ctx, func(tx *store.Tx) error {
		for i := range n {
			serials = append(serials, fmt.Sprintf("%x", 0xec035f+i))
			e, _, err := journal.NewEntry(time.Date(2026, 8, 1, 0, 0, i, 0, time.UTC), journal.Event{
				Kind: journal.IssuedKind, Actor: journal.Actor{Kind: journal.ActorSystem}, Subjects: []journal.Subject{{Kind: journal.CertificateSubject, ID: serials[i]}},
			})
			if err != nil {
				return err
			}
			if _, err := tx.AddEntry(e, nil); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SequenceJournal(ctx, 1000, true); err != nil {
		t.Fatal(err)
	}
	c, err := s.SealJournal(ctx, signer, journal.Verifiers{v}, time.Date(2026, 9, 30, 18, 0, 0, 0, time.UTC)) // midnight in Bishkek
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := s.ReadJournal(ctx, false, func(src journal.Source) error {
		return journal.Export(&b, src, journal.ExportOptions{VerifierKey: key})
	}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), c.Root, key, serials
}

func TestAuditSampleDrawsAgain(t *testing.T) {
	export, root, key, serials := journalOfQuarter(t, 120)
	file, keyFile := filepath.Join(t.TempDir(), "journal.jsonl"), filepath.Join(t.TempDir(), "key")
	for name, content := range map[string][]byte{file: export, keyFile: []byte(key + "\n")} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := ""
	for i, serial := range journal.Draw(root, serials) {
		want += fmt.Sprintf("%d\t%s\n", i+1, serial)
	}
	sample := func(in []byte, args ...string) (code int, out, errOut string) {
		var stdout, stderr bytes.Buffer
		code = run(append([]string{"audit", "sample"}, args...), bytes.NewReader(in), &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	for name, args := range map[string][]string{"file": {"--key", keyFile, "--quarter", "2026Q3", file}, "standard input": {"--quarter", "2026Q3", "-"}} {
		code, out, errOut := sample(export, args...)
		if code != 0 || !strings.HasSuffix(out, "drawn       4\n"+want) || !strings.Contains(out, fmt.Sprintf("%x", root[:])) || !strings.Contains(out, "2026-06-30T18:00:00Z to 2026-09-30T18:00:00Z") {
			t.Errorf("%s: %d, %s%s", name, code, out, errOut)
		}
	}
	if code, _, errOut := sample(export, "--quarter", "2026Q4", "-"); code != 1 || !strings.Contains(errOut, "there is no sample yet") {
		t.Errorf("a quarter without a checkpoint: %d, %s", code, errOut)
	}
	if code, _, errOut := sample(export, "--quarter", "2026-3", "-"); code != 2 && code != 1 || !strings.Contains(errOut, "2026Q3") {
		t.Errorf("no quarter: %d, %s", code, errOut)
	}
	if code, _, errOut := sample(export[:len(export)/2], "--quarter", "2026Q3", "-"); code != 1 || !strings.Contains(errOut, "cut off") {
		t.Errorf("a cut export: %d, %s", code, errOut)
	}
	// An entry that was changed: the draw is shown and the command fails.
	altered := bytes.Replace(export, []byte(`"id":"`+serials[7]+`"`), []byte(`"id":"`+strings.Repeat("f", len(serials[7]))+`"`), 1)
	if code, out, _ := sample(altered, "--quarter", "2026Q3", "-"); code != 1 || !strings.Contains(out, "entry altered: leaf 7") {
		t.Errorf("an altered export: %d, %s", code, out)
	}
}
