package store_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tamga-ca/tamga/internal/pgtest"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/migrations"
)

// The application's role may not change what was journalled, and the read-only
// role may not change anything: PostgreSQL says so, not our code.
func TestGrant(t *testing.T) {
	ctx := t.Context()
	db := pgtest.New(t)
	owner, err := store.Open(ctx, store.Config{DSN: db.Owner})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = owner.Close() })
	if err := owner.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	for range 2 { // as after each migration
		if err := owner.Grant(ctx, pgtest.AppRole, pgtest.ReadOnlyRole); err != nil {
			t.Fatal(err)
		}
	}
	if err := owner.Grant(ctx, "nobody_of_that_name", ""); err == nil {
		t.Error("granted to a role that does not exist")
	}
	appendOnly, err := migrations.AppendOnly()
	if err != nil {
		t.Fatal(err)
	}
	const (
		work    = "UPDATE installation SET authority = 'x'"
		news    = "DELETE FROM news"
		altered = "UPDATE journal_entries SET kind = 'x'"
		dropped = "DELETE FROM journal_leaves"
		all     = "TRUNCATE journal_entries"
		counted = "SELECT count(*) FROM journal_entries"
		forgot  = "DELETE FROM journal_reveals"
		posed   = "UPDATE journal_reveals SET value = 'x'"
		made    = "CREATE TABLE mine (x int)"
	)
	for name, c := range map[string]struct {
		dsn     string
		allowed []string
		refused []string
	}{
		"application": {db.App, []string{work, news, counted, forgot}, []string{altered, dropped, all, posed, made}},
		"read-only":   {db.ReadOnly, []string{counted}, []string{work, news, altered, dropped, all, forgot, posed, made}},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := pgx.Connect(ctx, c.dsn)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close(context.Background()) })
			for _, statement := range c.allowed {
				if _, err := conn.Exec(ctx, statement); err != nil {
					t.Errorf("%s: %v", statement, err)
				}
			}
			for _, statement := range c.refused {
				if _, err := conn.Exec(ctx, statement); err == nil {
					t.Errorf("%s: allowed", statement)
				}
			}
			for _, table := range appendOnly {
				var more bool
				if err := conn.QueryRow(ctx, `SELECT has_any_column_privilege($1, 'UPDATE') OR has_table_privilege($1, 'DELETE, TRUNCATE')`, table).Scan(&more); err != nil || more {
					t.Errorf("%s may be changed: %v, %v", table, more, err)
				}
			}
			s, err := store.Open(ctx, store.Config{DSN: c.dsn})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if err := s.CheckVersion(ctx); err != nil {
				t.Errorf("reading the version: %v", err)
			}
		})
	}
}
