// Package storetest runs a test on both databases: SQLite in a temporary
// folder and a real PostgreSQL.
package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tamga-ca/tamga/internal/pgtest"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/migrations"
)

// Each runs f on a fresh, migrated SQLite and on a fresh, migrated PostgreSQL
// database.
func Each(t *testing.T, f func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, Postgres(t)) })
}

// EachDSN is Each with the database's address, for others that open it too.
func EachDSN(t *testing.T, f func(t *testing.T, s *store.Store, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		dsn := SQLiteDSN(t)
		f(t, open(t, dsn), dsn)
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := PostgresDSN(t)
		f(t, open(t, dsn), dsn)
	})
}

// Open opens a database until the test's end, and migrates it.
func Open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s := open(t, dsn)
	if err := s.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// SQLite opens a fresh, migrated SQLite database.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	return open(t, SQLiteDSN(t))
}

// SQLiteDSN is the file of a fresh, migrated SQLite database, a copy of a template.
func SQLiteDSN(t testing.TB) string {
	t.Helper()
	template, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tamga.db")
	if err := os.WriteFile(path, template, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// migrated is the file of a SQLite database after every migration.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "tamga-template-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "tamga.db")
	s, err := store.Open(context.Background(), store.Config{DSN: path})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.Migrate(context.Background()), s.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // closed in order: nothing is left beside it
})

// Postgres opens a fresh, migrated PostgreSQL database, a clone of a template.
func Postgres(t testing.TB) *store.Store {
	t.Helper()
	return open(t, PostgresDSN(t))
}

// PostgresDSN is the owner's DSN of a fresh, migrated PostgreSQL database.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	name, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	return pgtest.Clone(t, name, func(db pgtest.Database) error {
		s, err := store.Open(context.Background(), store.Config{DSN: db.Owner})
		if err != nil {
			return err
		}
		defer s.Close()
		return s.Migrate(context.Background())
	}).Owner
}

func open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// schema names the template after what is in it.
var schema = sync.OnceValues(func() (string, error) {
	files, err := migrations.Render(migrations.PostgreSQL)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	err = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		h.Write(b)
		return err
	})
	return fmt.Sprintf("tamga-%x", h.Sum(nil)), err
})
