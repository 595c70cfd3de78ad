package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/migrations"
)

// ledgerTest is a store, a connection of the database's owner beside it, and
// the journal's key.
type ledgerTest struct {
	*store.Store
	dsn    string
	owner  *storetest.Owner
	signer *journal.Signer
	key    string
	known  journal.Verifiers
}

func eachLedger(t *testing.T, f func(*testing.T, *ledgerTest)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		f(t, openLedger(t, filepath.Join(t.TempDir(), "tamga.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		f(t, openLedger(t, storetest.PostgresDSN(t)))
	})
}

func openLedger(t *testing.T, dsn string) *ledgerTest {
	t.Helper()
	s := storetest.Open(t, dsn)
	l := &ledgerTest{Store: s, dsn: dsn}
	l.owner = storetest.OwnerOf(t, s, dsn)
	secret, key, err := journal.GenerateKey(rand.Reader, "ca.example.kg/journal")
	if err != nil {
		t.Fatal(err)
	}
	if l.signer, err = journal.NewSigner(secret); err != nil {
		t.Fatal(err)
	}
	v, err := journal.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	l.key, l.known = key, journal.Verifiers{v}
	return l
}

func add(tx *store.Tx, n int) (int64, error) {
	e, reveals, err := journal.NewEntry(at.Add(time.Duration(n)*time.Second), journal.Event{
		Kind: "application.moved", Actor: journal.Actor{Kind: journal.ActorOperator, ID: "3"},
		Subjects: []journal.Subject{{Kind: "application", ID: fmt.Sprint(n % 3)}, {Kind: "organisation", ID: "9"}},
		Details:  map[string]any{"n": n, "to": "verified"}, Personal: map[string]string{"name": "Өмүрбек Үсөнов"},
	})
	if err != nil {
		return 0, err
	}
	return tx.AddEntry(e, reveals)
}

func (l *ledgerTest) add(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		if err := l.Write(context.Background(), func(tx *store.Tx) error { _, err := add(tx, i); return err }); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *ledgerTest) sequence(t *testing.T) {
	t.Helper()
	for {
		n, err := l.SequenceJournal(context.Background(), 1000, true)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func (l *ledgerTest) seal(t *testing.T) journal.Checkpoint {
	t.Helper()
	l.sequence(t)
	c, err := l.SealJournal(context.Background(), l.signer, l.known, at)
	if err != nil || c == nil {
		t.Fatalf("SealJournal: %v, %v", c, err)
	}
	return *c
}

func (l *ledgerTest) verify(t *testing.T, kept ...string) journal.Report {
	t.Helper()
	var b bytes.Buffer
	if err := l.ReadJournal(context.Background(), true, func(src journal.Source) error {
		return journal.Export(&b, src, journal.ExportOptions{VerifierKey: l.key, Reveals: true})
	}); err != nil {
		t.Fatal(err)
	}
	r, err := journal.Verify(&b, journal.VerifyOptions{Keys: []string{l.key}, Kept: kept})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// as the owner of the database, who can do anything to it.
func (l *ledgerTest) do(t *testing.T, statements ...string) {
	t.Helper()
	l.owner.Do(t, statements...)
}

func TestJournalTablesAreAppendOnly(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledgerTest) {
		l.add(t, 2)
		l.seal(t)
		for table, column := range map[string]string{
			"journal_entries": "kind", "journal_subjects": "kind", "journal_leaves": "entry_id",
			"journal_hashes": "n", "journal_checkpoints": "note",
		} {
			for _, q := range []string{"UPDATE " + table + " SET " + column + " = " + column, "DELETE FROM " + table} {
				if _, err := l.owner.Exec(q); err == nil || !strings.Contains(err.Error(), "append-only") {
					t.Errorf("%s: %v", q, err)
				}
			}
			if l.Dialect() == migrations.PostgreSQL {
				if _, err := l.owner.Exec("TRUNCATE " + table + " CASCADE"); err == nil {
					t.Errorf("%s was truncated", table)
				}
			}
		}
		if _, err := l.owner.Exec("DELETE FROM journal_reveals WHERE entry_id = 1"); err != nil {
			t.Error(err)
		}
		if r := l.verify(t); !r.OK() {
			t.Errorf("after forgetting: %s", r)
		}
	})
}

// Eight writers, some of whom change their minds, two sequencers and a sealer:
// every committed entry gets one place.
func TestJournalRace(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledgerTest) {
		const writers, each = 8, 12
		ctx := context.Background()
		errBack := errors.New("changed my mind")
		stop := make(chan struct{})
		var work, wait sync.WaitGroup
		for w := range writers {
			work.Go(func() {
				for i := range each {
					err := l.Write(ctx, func(tx *store.Tx) error {
						if _, err := add(tx, w*each+i); err != nil {
							return err
						}
						if i%4 == 3 {
							return errBack
						}
						return nil
					})
					if err != nil && !errors.Is(err, errBack) {
						t.Error(err)
					}
				}
			})
		}
		for q := range 2 {
			wait.Go(func() {
				for {
					if _, err := l.SequenceJournal(ctx, 5, q == 0); err != nil {
						t.Error(err)
					}
					if _, err := l.SealJournal(ctx, l.signer, l.known, at); err != nil {
						t.Error(err)
					}
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond):
					}
				}
			})
		}
		work.Wait()
		close(stop)
		wait.Wait()
		l.sequence(t)
		if _, err := l.SealJournal(ctx, l.signer, l.known, at); err != nil {
			t.Fatal(err)
		}
		r := l.verify(t)
		if want := int64(writers * each * 3 / 4); !r.OK() || r.Leaves != want || r.SealedTo != want || r.Tail() != 0 {
			t.Errorf("want %d entries: %s", want, r)
		}
	})
}

func (l *ledgerTest) order(t *testing.T) (ids []int64) {
	t.Helper()
	rows, err := l.owner.Query(`SELECT entry_id FROM journal_leaves ORDER BY idx`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// A transaction that took its id first commits last.
func TestJournalEntriesCommitOutOfIDOrder(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		l := openLedger(t, storetest.PostgresDSN(t))
		ctx := context.Background()
		err := l.Write(ctx, func(early *store.Tx) error {
			if _, err := add(early, 1); err != nil {
				return err
			}
			l.add(t, 1)
			l.seal(t)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := l.SequenceJournal(ctx, 10, false); n != 1 || err != nil {
			t.Fatalf("SequenceJournal: %d, %v", n, err)
		}
		l.do(t, `ALTER TABLE journal_entries ALTER COLUMN id RESTART WITH 50000`)
		l.add(t, 1)
		l.sequence(t)
		l.do(t, `ALTER TABLE journal_entries ALTER COLUMN id RESTART WITH 3`)
		l.add(t, 1)
		if n, err := l.SequenceJournal(ctx, 10, false); n != 0 || err != nil {
			t.Fatalf("a quick search found an entry 49997 ids back: %d, %v", n, err)
		}
		if n, err := l.SequenceJournal(ctx, 10, true); n != 1 || err != nil {
			t.Fatalf("a thorough search: %d, %v", n, err)
		}
		if got := l.order(t); !slices.Equal(got, []int64{2, 1, 50000, 3}) {
			t.Errorf("order of the leaves: %v", got)
		}
		l.seal(t)
		if r := l.verify(t); !r.OK() || r.SealedTo != 4 {
			t.Errorf("report: %s", r)
		}
	})
	t.Run("sqlite", func(t *testing.T) {
		l := openLedger(t, filepath.Join(t.TempDir(), "tamga.db"))
		for _, id := range []int{20, 10} {
			l.do(t, fmt.Sprintf(`INSERT INTO journal_entries (id, at, kind, actor_kind, actor_id, details, commitments)
				VALUES (%d, '2026-04-06 03:30:00.5+00:00', 'x', 'system', '', '{}', '{}')`, id))
			l.seal(t)
		}
		if got := l.order(t); !slices.Equal(got, []int64{20, 10}) {
			t.Errorf("order of the leaves: %v", got)
		}
		if r := l.verify(t); !r.OK() || r.SealedTo != 2 {
			t.Errorf("report: %s", r)
		}
	})
}

// The server dies after entries got their places and before the checkpoint, or
// in the middle of giving them.
func TestJournalCrashBetweenLeafAndCheckpoint(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledgerTest) {
		ctx := context.Background()
		l.add(t, 5)
		first := l.seal(t)
		l.add(t, 4)
		dying, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := l.SequenceJournal(dying, 10, true); err == nil {
			t.Fatal("a dead server sequenced")
		}
		l.sequence(t)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l.Store = storetest.Open(t, l.dsn)
		if r := l.verify(t, first.Note); !r.OK() || r.Leaves != 9 || r.SealedTo != 5 || r.Tail() != 4 {
			t.Errorf("before the checkpoint: %s", r)
		}
		if c := l.seal(t); c.Size != 9 {
			t.Errorf("the checkpoint covers %d", c.Size)
		}
		if r := l.verify(t, first.Note); !r.OK() || r.Tail() != 0 {
			t.Errorf("after it: %s", r)
		}
	})
}

func TestJournalReads(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledgerTest) {
		l.add(t, 7)
		first := l.seal(t)
		l.add(t, 1)
		err := l.Read(context.Background(), func(tx *store.Tx) error {
			es, err := tx.JournalAbout(journal.Subject{Kind: "application", ID: "0"}, 0, 2)
			if err != nil {
				return err
			}
			if len(es) != 2 || es[0].ID != 8 || es[1].ID != 7 || len(es[0].Subjects) != 2 || es[0].Subjects[1].ID != "9" {
				t.Errorf("about application 0: %+v", es)
			}
			es, err = tx.JournalAbout(journal.Subject{Kind: "application", ID: "0"}, es[1].ID, 10)
			if err != nil || len(es) != 2 || es[0].ID != 4 {
				t.Errorf("the page after: %+v, %v", es, err)
			}
			if _, leaf, err := tx.JournalEntry(8); leaf != -1 || err != nil {
				t.Errorf("entry 8: leaf %d, %v", leaf, err)
			}
			e, leaf, err := tx.JournalEntry(5)
			if err != nil {
				return err
			}
			form, err := e.Encode()
			if err != nil {
				return err
			}
			proof, err := journal.ProveInclusion(tx, first.Size, leaf)
			if err != nil {
				return err
			}
			c, err := tx.FirstCheckpointSince(at.Add(-time.Hour))
			if err != nil {
				return err
			}
			if *c != first {
				t.Errorf("checkpoint %+v, want %+v", *c, first)
			}
			return journal.CheckInclusion(proof, *c, leaf, journal.LeafHash(form))
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// The database's owner, with the triggers dropped, against an auditor who kept
// the key and two checkpoints. Entries 1 … 6 and 7 … 10 are under checkpoints
// of 6 and 10, 11 and 12 in the tail; leaf = id - 1.
func TestJournalTampering(t *testing.T) {
	const (
		rewritten = "history rewritten: somewhere in leaves %d to %d; the tree was changed too, so the entry cannot be named"
		wipe      = `DELETE FROM journal_leaves;DELETE FROM journal_hashes`
	)
	cases := []struct {
		name, sql             string
		resequence, sealAgain bool
		want                  []string
	}{
		{name: "nothing"},
		{name: "alter details", sql: `UPDATE journal_entries SET details = '{"n":4,"to":"refused"}' WHERE id = 5`,
			want: []string{"entry altered: leaf 4 (entry 5)"}},
		{name: "alter time", sql: `UPDATE journal_entries SET at = '2026-04-06 03:30:04.5+00:00' WHERE id = 5`,
			want: []string{"entry altered: leaf 4 (entry 5)"}},
		{name: "alter the actor", sql: `UPDATE journal_entries SET actor_id = '4' WHERE id = 8`,
			want: []string{"entry altered: leaf 7 (entry 8)"}},
		{name: "alter a subject", sql: `UPDATE journal_subjects SET subject_id = '2' WHERE entry_id = 2 AND position = 0`,
			want: []string{"entry altered: leaf 1 (entry 2)"}},
		{name: "drop a subject", sql: `DELETE FROM journal_subjects WHERE entry_id = 2 AND position = 1`,
			want: []string{"entry altered: leaf 1 (entry 2)"}},
		{name: "alter a commitment", sql: `UPDATE journal_entries SET commitments = '{}' WHERE id = 3`,
			want: []string{"entry altered: leaf 2 (entry 3)"}},
		{name: "alter a revealed value", sql: `UPDATE journal_reveals SET value = 'Башка' WHERE entry_id = 3`,
			want: []string{"revealed value wrong: leaf 2 (entry 3)"}},
		{name: "details no JSON", sql: `UPDATE journal_entries SET details = '}' WHERE id = 5`,
			want: []string{"entry missing: leaf 4"}},
		{name: "drop an entry", sql: `DELETE FROM journal_entries WHERE id = 5`,
			want: []string{"entry missing: leaf 4"}},
		{name: "drop an entry and its leaf", sql: `DELETE FROM journal_leaves WHERE entry_id = 5;DELETE FROM journal_entries WHERE id = 5`,
			want: []string{"entry missing: leaf 4"}},
		{name: "drop and rewrite the tree", sql: `DELETE FROM journal_entries WHERE id = 5;` + wipe, resequence: true,
			want: []string{fmt.Sprintf(rewritten, 0, 5)}},
		{name: "reorder", sql: `UPDATE journal_leaves SET idx = 100 WHERE idx = 3;UPDATE journal_leaves SET idx = 3 WHERE idx = 8;UPDATE journal_leaves SET idx = 8 WHERE idx = 100`,
			want: []string{"entry altered: leaf 3 (entry 9)", "entry altered: leaf 8 (entry 4)"}},
		{name: "truncate", sql: `DELETE FROM journal_entries WHERE id > 6;DELETE FROM journal_leaves WHERE idx >= 6;DELETE FROM journal_hashes WHERE level = 0 AND n >= 6;DELETE FROM journal_checkpoints WHERE size > 6`,
			want: []string{"journal truncated: leaves 6 to 9 are missing"}},
		{name: "truncate everything", sql: `DELETE FROM journal_reveals;DELETE FROM journal_subjects;DELETE FROM journal_entries;` + wipe + `;DELETE FROM journal_checkpoints`,
			want: []string{"journal truncated: leaves 0 to 9 are missing"}},
		{name: "truncate the tail", sql: `DELETE FROM journal_leaves WHERE idx >= 10;DELETE FROM journal_hashes WHERE level = 0 AND n >= 10;DELETE FROM journal_entries WHERE id > 10`},
		{name: "rewrite the whole tree", sql: `UPDATE journal_entries SET actor_id = '4' WHERE id = 8;` + wipe, resequence: true,
			want: []string{fmt.Sprintf(rewritten, 6, 9)}},
		{name: "rewrite tree and checkpoints with the stolen key", sql: `UPDATE journal_entries SET actor_id = '4' WHERE id = 8;` + wipe + `;DELETE FROM journal_checkpoints`, resequence: true, sealAgain: true,
			want: []string{fmt.Sprintf(rewritten, 6, 9)}},
		{name: "alter a stored hash", sql: `UPDATE journal_hashes SET hash = (SELECT hash FROM journal_hashes WHERE level = 0 AND n = 0) WHERE level = 0 AND n = 7`,
			want: []string{"stored tree damaged: in leaves 7 to 9; the entries themselves are intact"}},
		{name: "alter a checkpoint", sql: `UPDATE journal_checkpoints SET note = 'x' WHERE size = 6`,
			want: []string{"checkpoint not signed by the key: the one after 6 entries"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			eachLedger(t, func(t *testing.T, l *ledgerTest) {
				l.add(t, 6)
				kept := []string{l.seal(t).Note}
				l.add(t, 4)
				kept = append(kept, l.seal(t).Note)
				l.add(t, 2)
				l.sequence(t)
				l.owner.Disarm(t)
				for q := range strings.SplitSeq(c.sql, ";") {
					if q != "" {
						l.do(t, q)
					}
				}
				if c.resequence {
					l.sequence(t)
				}
				if c.sealAgain {
					l.seal(t)
				}
				r := l.verify(t, kept...)
				var got []string
				for _, f := range r.Findings {
					got = append(got, f.String())
				}
				ok := len(got) == len(c.want)
				for i := range c.want {
					ok = ok && strings.HasPrefix(got[i], c.want[i])
				}
				if !ok {
					t.Errorf("found %q\nwant  %q", got, c.want)
				}
				if r.OK() != (len(c.want) == 0) || !r.Kept {
					t.Errorf("report: %s", r)
				}
			})
		})
	}
}

// A time that is none, which only SQLite can hold, counts as a lost entry and
// does not hide the others.
func TestJournalUnreadableRow(t *testing.T) {
	l := openLedger(t, filepath.Join(t.TempDir(), "tamga.db"))
	l.add(t, 5)
	c := l.seal(t)
	l.owner.Disarm(t)
	l.do(t, `UPDATE journal_entries SET at = 'yesterday' WHERE id = 3`)
	r := l.verify(t, c.Note)
	if len(r.Findings) != 1 || r.Findings[0].String() != "entry missing: leaf 2" {
		t.Errorf("report: %s", r)
	}
}

// Nothing is signed over a journal that was changed.
func TestJournalAlarm(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledgerTest) {
		l.add(t, 6)
		l.seal(t)
		l.owner.Disarm(t)
		l.do(t, `UPDATE journal_entries SET actor_id = '4' WHERE id = 2`, `DELETE FROM journal_leaves`, `DELETE FROM journal_hashes`)
		l.sequence(t)
		l.add(t, 1)
		l.sequence(t)
		if c, err := l.SealJournal(context.Background(), l.signer, l.known, at); !errors.Is(err, journal.ErrNotExtending) {
			t.Errorf("SealJournal: %v, %v", c, err)
		}
	})
}
