//go:build bench

package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/store"
)

// rows writes what a login writes, in bare SQL.
type rows struct {
	db *sql.DB
	// numbered placeholders are PostgreSQL's.
	numbered bool
}

func openRows(ctx context.Context, o *office) (*rows, error) {
	r := &rows{numbered: store.IsPostgres(o.dsn)}
	var err error
	if r.numbered {
		r.db, err = sql.Open("pgx", o.dsn)
	} else {
		r.db, err = sql.Open("sqlite", o.dsn+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)&_txlock=immediate")
	}
	if err != nil {
		return nil, err
	}
	r.db.SetMaxOpenConns(atOnce)
	r.db.SetMaxIdleConns(atOnce)
	if !r.numbered {
		r.db.SetMaxOpenConns(1)
	}
	return r, r.db.PingContext(ctx)
}

func (r *rows) close() { _ = r.db.Close() }

// rate is how many logins' rows are written a second.
func (r *rows) rate(ctx context.Context, n int) (float64, error) {
	hash, session, expected := make([][]byte, n), make([]byte, 32), make([]byte, 160)
	for i := range hash {
		hash[i] = make([]byte, 32)
		_, _ = rand.Read(hash[i])
	}
	asked, err := rate(n, func(i int) error {
		now := time.Now().UTC().Truncate(time.Microsecond)
		return r.commit(ctx, func(tx *sql.Tx) error {
			return r.exec(ctx, tx, `INSERT INTO challenges (typ, hash, session_hash, expected, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
				"token-login/1", hash[i], session, expected, now, now.Add(time.Minute))
		})
	})
	if err != nil {
		return 0, err
	}
	answered, err := rate(n, func(i int) error {
		if err := r.commit(ctx, func(tx *sql.Tx) error {
			return r.exec(ctx, tx, `DELETE FROM challenges WHERE hash = ?`, hash[i])
		}); err != nil {
			return err
		}
		return r.commit(ctx, func(tx *sql.Tx) error {
			var id int64
			err := tx.QueryRowContext(ctx, r.sql(`INSERT INTO journal_entries (at, kind, actor_kind, actor_id, details, commitments) VALUES (?, ?, ?, ?, ?, ?) RETURNING id`),
				time.Now().UTC().Truncate(time.Microsecond), "bench", "system", "", "{}", "{}").Scan(&id)
			if err != nil {
				return err
			}
			for p, kind := range []string{"certificate", "organisation"} {
				if err := r.exec(ctx, tx, `INSERT INTO journal_subjects (entry_id, position, kind, subject_id) VALUES (?, ?, ?, ?)`, id, p, kind, "1"); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return 1 / (1/asked + 1/answered), err
}

func (r *rows) commit(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (r *rows) exec(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, r.sql(query), args...)
	return err
}

// sql numbers the placeholders where the database wants that.
func (r *rows) sql(query string) string {
	if !r.numbered {
		return query
	}
	parts := strings.Split(query, "?")
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteString("$" + strconv.Itoa(i))
		}
		b.WriteString(p)
	}
	return b.String()
}
