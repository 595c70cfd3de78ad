package store_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/tamga-ca/tamga/internal/pgtest"
	"github.com/tamga-ca/tamga/internal/store"
)

// databases are empty ones, opened beside the store so that a test can do what
// the store would not.
func databases(t *testing.T) map[string]struct{ dsn, driver, raw string } {
	lite := filepath.Join(t.TempDir(), "tamga.db")
	pg := pgtest.New(t).Owner
	return map[string]struct{ dsn, driver, raw string }{"sqlite": {lite, "sqlite", lite}, "postgres": {pg, "pgx", pg}}
}

func openRaw(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func openStore(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	for name, d := range databases(t) {
		t.Run(name, func(t *testing.T) {
			s := openStore(t, d.dsn)
			if err := s.CheckVersion(t.Context()); !errors.Is(err, store.ErrOlder) {
				t.Errorf("an empty database: %v", err)
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.CheckVersion(t.Context()); err != nil {
				t.Errorf("a migrated database: %v", err)
			}
			if _, err := openRaw(t, d.driver, d.raw).Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (90000, TRUE)`); err != nil {
				t.Fatal(err)
			}
			if err := s.CheckVersion(t.Context()); !errors.Is(err, store.ErrNewer) {
				t.Errorf("a newer database: %v", err)
			}
			if err := s.Migrate(t.Context()); !errors.Is(err, store.ErrNewer) {
				t.Errorf("migrating a newer database: %v", err)
			}
		})
	}
}

// A migration that fails in the middle leaves nothing of itself, and the next
// try succeeds.
func TestInterruptedMigrationLeavesAUsableDatabase(t *testing.T) {
	for name, d := range databases(t) {
		t.Run(name, func(t *testing.T) {
			raw := openRaw(t, d.driver, d.raw)
			// A table in the way makes the second migration fail after its
			// first statements.
			if _, err := raw.Exec(`CREATE TABLE handovers (x INTEGER)`); err != nil {
				t.Fatal(err)
			}
			s := openStore(t, d.dsn)
			if err := s.Migrate(t.Context()); err == nil {
				t.Fatal("the migration passed")
			}
			if _, err := raw.Exec(`SELECT count(*) FROM ecloud_keys`); err == nil {
				t.Error("a part of the failed migration stayed")
			}
			if err := s.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.Operators(); return err }); err != nil {
				t.Errorf("what was migrated before it: %v", err)
			}
			if _, err := raw.Exec(`DROP TABLE handovers`); err != nil {
				t.Fatal(err)
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Errorf("the next try: %v", err)
			}
			if err := s.CheckVersion(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// Several programs that start at once migrate one PostgreSQL database once.
func TestMigrateRace(t *testing.T) {
	dsn := pgtest.New(t).Owner
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s, err := store.Open(context.Background(), store.Config{DSN: dsn})
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if err := s.Migrate(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
