package storetest

import (
	"database/sql"
	"testing"

	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/migrations"
)

// Owner is a connection of the database's owner, who can do anything to it
// behind the program's back.
type Owner struct {
	*sql.DB
	dialect migrations.Dialect
}

// EachOwned is Each with the database's owner beside the program.
func EachOwned(t *testing.T, f func(t *testing.T, s *store.Store, owner *Owner)) {
	t.Helper()
	EachDSN(t, func(t *testing.T, s *store.Store, dsn string) { f(t, s, OwnerOf(t, s, dsn)) })
}

// OwnedSQLite is EachOwned on SQLite alone.
func OwnedSQLite(t *testing.T, f func(t *testing.T, s *store.Store, owner *Owner)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		dsn := SQLiteDSN(t)
		s := open(t, dsn)
		f(t, s, OwnerOf(t, s, dsn))
	})
}

// OwnerOf connects to the database of a store as its owner.
func OwnerOf(t testing.TB, s *store.Store, dsn string) *Owner {
	t.Helper()
	driver := "sqlite"
	if s.Dialect() == migrations.PostgreSQL {
		driver = "pgx"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	return &Owner{db, s.Dialect()}
}

// Do runs statements.
func (o *Owner) Do(t testing.TB, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := o.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// Disarm drops the triggers and foreign keys that protect the journal.
func (o *Owner) Disarm(t testing.TB) {
	t.Helper()
	list := `SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'`
	if o.dialect == migrations.PostgreSQL {
		list = `SELECT 'DROP TRIGGER ' || tgname || ' ON ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal
			UNION ALL SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || conname FROM pg_constraint
			WHERE contype = 'f' AND confrelid = 'journal_entries'::regclass`
	} else {
		o.Do(t, `PRAGMA foreign_keys = OFF`)
	}
	rows, err := o.QueryContext(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	var drop []string
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var q string
		if err := rows.Scan(&q); err != nil {
			t.Fatal(err)
		}
		drop = append(drop, q)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	o.Do(t, drop...)
}
