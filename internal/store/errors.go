package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/migrations"
)

// ErrUnique and ErrCheck are what a violated constraint is, on both databases.
var (
	ErrUnique = errors.New("unique constraint violated")
	ErrCheck  = errors.New("constraint violated")
)

// SQLite's extended result codes (sqlite.org/rescode.html).
const (
	sqliteConstraint           = 19
	sqliteConstraintPrimaryKey = 1555
	sqliteConstraintTrigger    = 1811
	sqliteConstraintUnique     = 2067
)

// mapError turns the drivers' constraint errors into ErrUnique and ErrCheck.
func mapError(err error) error {
	if err == nil || errors.Is(err, ErrUnique) || errors.Is(err, ErrCheck) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == "23505":
			return fmt.Errorf("%w: %w", ErrUnique, err)
		case len(pg.Code) == 5 && pg.Code[:2] == "23":
			return fmt.Errorf("%w: %w", ErrCheck, err)
		}
		return err
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch {
		case lite.Code() == sqliteConstraintUnique || lite.Code() == sqliteConstraintPrimaryKey,
			lite.Code() == sqliteConstraintTrigger && strings.Contains(lite.Error(), migrations.KeyTaken):
			return fmt.Errorf("%w: %w", ErrUnique, err)
		case lite.Code()&0xff == sqliteConstraint:
			return fmt.Errorf("%w: %w", ErrCheck, err)
		}
	}
	return err
}

func notFound() error { return registry.Refuse(registry.NotFound, "error.not_found") }

// changed turns "zero rows" of a guarded UPDATE into a Conflict: somebody
// else was first.
func changed(n int64, err error) error {
	if err != nil {
		return err
	}
	if n == 0 {
		return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	return nil
}
