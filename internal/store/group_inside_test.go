package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"
)

// grouped opens a database in which a group stays open as long as somebody waits.
func grouped(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{DSN: filepath.Join(t.TempDir(), "a.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.groups.age = time.Hour
	for _, q := range []string{`CREATE TABLE a (n INTEGER PRIMARY KEY)`, `CREATE TABLE b (a INTEGER NOT NULL REFERENCES a (n) DEFERRABLE INITIALLY DEFERRED)`} {
		if err := s.groups.write(t.Context(), func(db *gorm.DB) error { return db.Exec(q).Error }); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// together has all of them write in one group, in their order, and returns what
// each was told.
func together(s *Store, writes ...func(*gorm.DB) error) []error {
	told := make([]error, len(writes))
	var all sync.WaitGroup
	for i, f := range writes {
		started := make(chan struct{})
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					told[i] = fmt.Errorf("panicked: %v", p)
				}
			}()
			if i > 0 {
				close(started)
				told[i] = s.groups.write(context.Background(), f)
				return
			}
			told[0] = s.groups.write(context.Background(), func(db *gorm.DB) error {
				close(started)
				for s.groups.waiting.Load() < int64(len(writes)-1) {
					time.Sleep(time.Millisecond)
				}
				return f(db)
			})
		})
		<-started
		for i > 0 && s.groups.waiting.Load() < int64(i) {
			time.Sleep(time.Millisecond)
		}
	}
	all.Wait()
	return told
}

func add(n int) func(*gorm.DB) error {
	return func(db *gorm.DB) error { return db.Exec(`INSERT INTO a (n) VALUES (?)`, n).Error }
}

func count(t *testing.T, s *Store) (n int) {
	t.Helper()
	if err := s.read.Raw(`SELECT COUNT(*) FROM a`).Row().Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What one of a group does wrong is taken back before the next one looks.
func TestAGroupIsolatesItsWrites(t *testing.T) {
	s := grouped(t)
	refused := errors.New("refused")
	var seen int
	look := func(db *gorm.DB) error { return db.Raw(`SELECT COUNT(*) FROM a WHERE n IN (2, 3)`).Row().Scan(&seen) }
	told := together(s,
		add(1),
		func(db *gorm.DB) error { return errors.Join(add(2)(db), refused) },
		func(db *gorm.DB) error { return add(1)(db) }, // violates the key
		func(db *gorm.DB) error { _ = add(3)(db); panic("a mistake") },
		add(4),
		look,
	)
	for i, want := range []bool{true, false, false, false, true, true} {
		if (told[i] == nil) != want {
			t.Errorf("write %d was told %v", i, told[i])
		}
	}
	if seen != 0 || count(t, s) != 2 {
		t.Errorf("another one saw %d rows that were taken back; %d are there, want 2", seen, count(t, s))
	}
}

// A commit that fails is an error of all, takes everything back, and leaves a
// connection that works.
func TestAGroupWhoseCommitFails(t *testing.T) {
	s := grouped(t)
	for range 3 {
		told := together(s, add(1), func(db *gorm.DB) error {
			return db.Exec(`INSERT INTO b (a) VALUES (77)`).Error // found out at the commit
		}, add(2))
		for i, err := range told {
			if err == nil {
				t.Errorf("write %d was told that it is written", i)
			}
		}
		if n := count(t, s); n != 0 {
			t.Errorf("%d rows are there, want none", n)
		}
	}
	if err := s.groups.write(t.Context(), add(1)); err != nil || count(t, s) != 1 {
		t.Errorf("after it: %v, %d rows", err, count(t, s))
	}
}

// A group whose transaction SQLite itself has ended is an error of all.
func TestAGroupWhoseTransactionIsGone(t *testing.T) {
	s := grouped(t)
	told := together(s, add(1), func(db *gorm.DB) error { return db.Exec(`ROLLBACK`).Error }, add(2))
	if told[0] == nil || told[1] == nil {
		t.Errorf("told %v", told)
	}
	want := 0
	if told[2] == nil { // it may have had a transaction of its own
		want = 1
	}
	if n := count(t, s); n != want {
		t.Errorf("%d rows are there, want %d", n, want)
	}
	if err := s.groups.write(t.Context(), add(5)); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// Whoever is told that it is written finds it written: a commit comes before
// the word.
func TestRaceOfGroupsAndReaders(t *testing.T) {
	s := grouped(t)
	s.groups.age = groupAge
	var all sync.WaitGroup
	for w := range 16 {
		all.Go(func() {
			for i := range 25 {
				n := w*1000 + i + 1
				ctx, cancel := context.WithCancel(context.Background())
				if i%5 == 4 {
					cancel() // gives up before it has begun
				}
				err := s.groups.write(ctx, add(n))
				var found int
				if err := s.read.Raw(`SELECT COUNT(*) FROM a WHERE n = ?`, n).Row().Scan(&found); err != nil {
					t.Error(err)
				}
				if (err == nil) != (found == 1) || (i%5 == 4) != (err != nil) {
					t.Errorf("write %d was told %v, and %d are there", n, err, found)
				}
				cancel()
			}
		})
	}
	all.Wait()
	if n := count(t, s); n != 16*20 {
		t.Errorf("%d are written, want %d", n, 16*20)
	}
}
