//go:build bench

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/store"
)

const journalTable = "Journal"

func init() {
	explained[journalTable] = "An exported journal verified offline: every entry brought back to its canonical form and hashed, the tree built again, every checkpoint's signature and extension checked, one kept checkpoint compared. The peer hashes the file's bytes with SHA-256 once, the least that any verifier must do. Beside it: how fast entries get their places in the tree (SQLite, synced), beside their writing."
}

func journals(ctx context.Context, b *bench) error {
	s, err := store.Open(ctx, store.Config{DSN: filepath.Join(b.dir, "journal.db")})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	secret, key, err := journal.GenerateKey(rand.Reader, "bench")
	if err != nil {
		return err
	}
	signer, err := journal.NewSigner(secret)
	if err != nil {
		return err
	}
	verifier, err := journal.NewVerifier(key)
	if err != nil {
		return err
	}
	const parts = 20
	var written, sequenced []float64
	kept := ""
	for part := range parts {
		n := b.entries / parts
		began := time.Now()
		if err := writeEntries(ctx, s, n); err != nil {
			return err
		}
		written = append(written, float64(n)/time.Since(began).Seconds())
		began = time.Now()
		if got, err := s.SequenceJournal(ctx, n, false); err != nil || got != n {
			return fmt.Errorf("sequenced %d of %d: %w", got, n, err)
		}
		c, err := s.SealJournal(ctx, signer, journal.Verifiers{verifier}, time.Now())
		if err != nil {
			return err
		}
		sequenced = append(sequenced, float64(n)/time.Since(began).Seconds())
		if part == parts/2 {
			kept = c.Note
		}
	}
	var file bytes.Buffer
	if err := s.ReadJournal(ctx, false, func(src journal.Source) error {
		return journal.Export(&file, src, journal.ExportOptions{VerifierKey: key})
	}); err != nil {
		return err
	}
	var ours, peer []float64
	size := float64(file.Len()) / 1e6
	for range max(b.rounds, 3) {
		began := time.Now()
		sha256.Sum256(file.Bytes())
		peer = append(peer, size/time.Since(began).Seconds())
		began = time.Now()
		r, err := journal.Verify(bytes.NewReader(file.Bytes()), journal.VerifyOptions{Keys: []string{key}, Kept: []string{kept}})
		if err != nil || !r.OK() {
			return fmt.Errorf("the journal does not verify: %v: %w", r, err)
		}
		ours = append(ours, size/time.Since(began).Seconds())
	}
	f := compare(fmt.Sprintf("verified, %d entries", b.entries), "MB/s", ours, peer)
	f.atLeast = 0.3
	b.measured(journalTable, f)
	b.measured(journalTable, compare("sequenced and sealed, in parts", "/s", sequenced, written))
	return nil
}

// writeEntries writes entries as transitions do, in one transaction.
func writeEntries(ctx context.Context, s *store.Store, n int) error {
	return s.Write(ctx, func(tx *store.Tx) error {
		for i := range n {
			e, reveals, err := journal.NewEntry(time.Now().UTC().Truncate(time.Microsecond), journal.Event{
				Kind: "application.verify", Actor: journal.Actor{Kind: journal.ActorOperator, ID: "7"},
				Subjects: []journal.Subject{{Kind: "application", ID: strconv.Itoa(i)}, {Kind: "organisation", ID: strconv.Itoa(i)}},
				Details:  map[string]any{"action": "verify", "from": "in_review", "to": "verified"},
				Personal: map[string]string{"personal_number": "11405198100001"},
			})
			if err != nil {
				return err
			}
			if _, err := tx.AddEntry(e, reveals); err != nil {
				return err
			}
		}
		return nil
	})
}
