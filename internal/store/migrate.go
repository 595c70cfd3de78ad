package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/tamga-ca/tamga/migrations"
)

// ErrNewer says that the database was migrated by a newer program.
var ErrNewer = errors.New("the database is newer than this program: use the program that migrated it, or a newer one")

// ErrOlder says that the database lacks migrations that this program needs.
var ErrOlder = errors.New("the database is older than this program: run \"tamga migrate\"")

// Migrate brings the schema up to date, each migration in a transaction of
// its own, so that an interrupted one leaves the database as it was before
// it. Several programs may call it at once; on PostgreSQL an advisory lock
// lets one work.
func (s *Store) Migrate(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	if err := s.refuseNewer(ctx, p); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating the database: %w", err)
	}
	return nil
}

// CheckVersion returns ErrNewer or ErrOlder where the schema is not this
// program's.
func (s *Store) CheckVersion(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	if err := s.refuseNewer(ctx, p); err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("reading the database's version: %w", err)
	}
	if pending {
		return ErrOlder
	}
	return nil
}

func (s *Store) refuseNewer(ctx context.Context, p *goose.Provider) error {
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("reading the database's version: %w", err)
	}
	if have > latest(p) {
		return fmt.Errorf("%w (it has version %d, this program knows %d)", ErrNewer, have, latest(p))
	}
	return nil
}

func latest(p *goose.Provider) int64 {
	var v int64
	for _, s := range p.ListSources() {
		v = max(v, s.Version)
	}
	return v
}

func (s *Store) provider() (*goose.Provider, error) {
	files, err := migrations.Render(s.dialect)
	if err != nil {
		return nil, err
	}
	return newProvider(s.dialect, s.closers[0], files)
}

func newProvider(d migrations.Dialect, db *sql.DB, files fs.FS) (*goose.Provider, error) {
	dialect, opts := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if d == migrations.PostgreSQL {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		dialect, opts = goose.DialectPostgres, append(opts, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, db, files, opts...)
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	return p, nil
}

// CheckWords returns the words that the CHECK constraint of a column allows,
// as the migrations have them; a test compares them with package registry.
func CheckWords(table, column string) ([]string, error) {
	files, err := migrations.Render(migrations.SQLite)
	if err != nil {
		return nil, err
	}
	var all strings.Builder
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		b, err := fs.ReadFile(files, n)
		if err != nil {
			return nil, err
		}
		all.Write(b)
	}
	start := strings.LastIndex(all.String(), "CREATE TABLE "+table+" (") // a later file may have made the table anew
	if start < 0 {
		return nil, fmt.Errorf("no table %s in the migrations", table)
	}
	_, rest, ok := strings.Cut(all.String()[start:], "CHECK ("+column+" IN (")
	if !ok {
		return nil, fmt.Errorf("no CHECK on %s.%s in the migrations", table, column)
	}
	list, _, _ := strings.Cut(rest, ")")
	var words []string
	for _, w := range strings.Split(list, ",") {
		words = append(words, strings.Trim(strings.TrimSpace(w), "'"))
	}
	return words, nil
}
