//go:build bench

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tamga-ca/tamga/internal/registry"
)

var organisationColumns = []string{"id", "inn", "kind", "name_ru", "name_ky", "requisites", "created_at", "updated_at"}

var termColumns = []string{"kind", "term", "ref_id"}

func organisationRow(a application, now time.Time) []any {
	o := a.decl.Organisation
	return []any{int64(a.n), string(o.INN), string(registry.LegalEntity), o.NameRu, o.NameKy, "{}", now, now}
}

// fillPostgres copies n applications with their organisations and search terms
// into an empty database, on two connections. Indexes of the terms are built
// afterwards.
func fillPostgres(ctx context.Context, dsn string, n int, people []int64) error {
	if err := execAll(ctx, dsn, `DROP INDEX search_terms_word`, `DROP INDEX search_terms_ref`); err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	var all sync.WaitGroup
	var rows, terms error
	all.Go(func() {
		rows = copyRows(ctx, dsn, "organisations", organisationColumns, n, func(a application) ([][]any, error) {
			return [][]any{organisationRow(a, now)}, nil
		})
		if rows == nil {
			rows = copyRows(ctx, dsn, "applications", applicationColumns, n, func(a application) ([][]any, error) {
				row, err := a.row(now, people)
				return [][]any{row}, err
			})
		}
	})
	all.Go(func() {
		terms = copyRows(ctx, dsn, "search_terms", termColumns, n, func(a application) ([][]any, error) {
			var out [][]any
			for _, t := range a.terms() {
				out = append(out, []any{"application", t, int64(a.n)})
			}
			return out, nil
		})
		if terms == nil {
			terms = execAll(ctx, dsn, `SET maintenance_work_mem = '1GB'`,
				`CREATE UNIQUE INDEX search_terms_word ON search_terms (kind, term, ref_id DESC)`, `CREATE INDEX search_terms_ref ON search_terms (kind, ref_id, term)`)
		}
	})
	all.Wait()
	if err := errors.Join(rows, terms); err != nil {
		return err
	}
	return execAll(ctx, dsn, `VACUUM ANALYZE`)
}

func execAll(ctx context.Context, dsn string, statements ...string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	for _, s := range statements {
		if _, err := c.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// copyRows copies what n applications have in a table.
func copyRows(ctx context.Context, dsn, table string, columns []string, n int, rows func(application) ([][]any, error)) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	i, waiting := 0, [][]any(nil)
	_, err = c.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() (row []any, err error) {
		for len(waiting) == 0 {
			if i++; i > n {
				return nil, nil
			}
			if waiting, err = rows(company(i)); err != nil {
				return nil, err
			}
		}
		row, waiting = waiting[0], waiting[1:]
		return row, nil
	}))
	if err != nil {
		return fmt.Errorf("copying into %s: %w", table, err)
	}
	return nil
}

// fillSQLite inserts the same in one transaction.
func fillSQLite(ctx context.Context, file string, n int, people []int64) error {
	db, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(10000)&_pragma=cache_size(-200000)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	now := time.Now().UTC().Truncate(time.Microsecond)
	into := map[string]*inserter{
		"organisations": {tx: tx, table: "organisations", columns: organisationColumns},
		"applications":  {tx: tx, table: "applications", columns: applicationColumns},
		"search_terms":  {tx: tx, table: "search_terms", columns: termColumns},
	}
	for i := 1; i <= n; i++ {
		a := company(i)
		row, err := a.row(now, people)
		if err != nil {
			return err
		}
		if err := into["organisations"].add(ctx, organisationRow(a, now)); err != nil {
			return err
		}
		if err := into["applications"].add(ctx, row); err != nil {
			return err
		}
		for _, t := range a.terms() {
			if err := into["search_terms"].add(ctx, []any{"application", t, int64(i)}); err != nil {
				return err
			}
		}
	}
	for _, table := range []string{"organisations", "applications", "search_terms"} {
		if err := into[table].flush(ctx); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// inserter gathers rows into statements of many.
type inserter struct {
	tx      *sql.Tx
	table   string
	columns []string
	n       int
	args    []any
}

func (i *inserter) add(ctx context.Context, row []any) error {
	i.args = append(i.args, row...)
	if i.n++; i.n < 200 {
		return nil
	}
	return i.flush(ctx)
}

func (i *inserter) flush(ctx context.Context) error {
	if i.n == 0 {
		return nil
	}
	one := "(?" + strings.Repeat(",?", len(i.columns)-1) + ")"
	query := "INSERT INTO " + i.table + " (" + strings.Join(i.columns, ",") + ") VALUES " + one + strings.Repeat(","+one, i.n-1)
	_, err := i.tx.ExecContext(ctx, query, i.args...)
	i.n, i.args = 0, i.args[:0]
	if err != nil {
		return fmt.Errorf("filling %s: %w", i.table, err)
	}
	return nil
}
