//go:build bench

package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
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
// into an empty database. Indexes of the terms are built afterwards.
func fillPostgres(ctx context.Context, dsn string, n int, people []int64) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	now := time.Now().UTC().Truncate(time.Microsecond)
	copyRows := func(table string, columns []string, row func(a application) ([]any, error)) error {
		i := 0
		_, err := c.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
			if i++; i > n {
				return nil, nil
			}
			return row(company(i))
		}))
		if err != nil {
			return fmt.Errorf("copying into %s: %w", table, err)
		}
		return nil
	}
	if err := copyRows("organisations", organisationColumns, func(a application) ([]any, error) { return organisationRow(a, now), nil }); err != nil {
		return err
	}
	if err := copyRows("applications", applicationColumns, func(a application) ([]any, error) { return a.row(now, people) }); err != nil {
		return err
	}
	if _, err := c.Exec(ctx, `DROP INDEX search_terms_word; DROP INDEX search_terms_ref; SET maintenance_work_mem = '1GB'`); err != nil {
		return err
	}
	i, waiting := 0, []string(nil)
	_, err = c.CopyFrom(ctx, pgx.Identifier{"search_terms"}, termColumns, pgx.CopyFromFunc(func() ([]any, error) {
		for len(waiting) == 0 {
			if i++; i > n {
				return nil, nil
			}
			waiting = company(i).terms()
		}
		t := waiting[0]
		waiting = waiting[1:]
		return []any{"application", t, int64(i)}, nil
	}))
	if err != nil {
		return fmt.Errorf("copying into search_terms: %w", err)
	}
	for _, statement := range []string{
		`CREATE UNIQUE INDEX search_terms_word ON search_terms (kind, term, ref_id DESC)`, `CREATE INDEX search_terms_ref ON search_terms (kind, ref_id, term)`, `VACUUM ANALYZE`,
	} {
		if _, err := c.Exec(ctx, statement); err != nil {
			return err
		}
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
