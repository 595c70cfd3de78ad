//go:build bench

package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// obstacles lists what makes a table slow to fill (indexes, foreign and other keys): how
// to drop each and how to make it again. Foreign keys come first, because they
// need the keys.
const obstacles = `SELECT drop, make FROM (
	SELECT CASE contype WHEN 'f' THEN 0 ELSE 1 END AS place, conname AS name, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
		format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS make
	FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'p', 'u')
	UNION ALL SELECT 2, c.relname, format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
	FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
	WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_constraint x WHERE x.conindid = i.indexrelid AND x.contype IN ('p', 'u'))
) x ORDER BY place, name`

// bulk runs statements that fill a PostgreSQL database: without indexes, keys
// and foreign keys, all of which are made again afterwards, which proves that
// the rows obey them. The statements run on one connection.
func bulk(ctx context.Context, dsn string, statements []string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	rows, err := c.Query(ctx, obstacles)
	if err != nil {
		return err
	}
	type pair struct{ Drop, Make string }
	pairs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[pair])
	if err != nil {
		return err
	}
	all := []string{`SET maintenance_work_mem = '1GB'`, `SET work_mem = '256MB'`}
	for _, p := range pairs {
		all = append(all, p.Drop)
	}
	all = append(all, statements...)
	slices.Reverse(pairs)
	for _, p := range pairs {
		all = append(all, p.Make)
	}
	for _, s := range append(all, `VACUUM ANALYZE`) {
		if _, err := c.Exec(ctx, s); err != nil {
			return fmt.Errorf("%.200s: %w", s, err)
		}
	}
	return nil
}
