package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"modernc.org/sqlite"
)

func openLite(t *testing.T) *sql.DB {
	t.Helper()
	c, err := newConnector("file:" + filepath.Join(t.TempDir(), "a.db") + "?_time_format=sqlite")
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	must(t, db, `CREATE TABLE a (n INTEGER PRIMARY KEY, word TEXT CHECK (word <> 'bad'), at TIMESTAMP)`)
	return db
}

func must(t *testing.T, db interface {
	Exec(string, ...any) (sql.Result, error)
}, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// A statement that is kept compiled serves again after an error, after rows
// that were not read to the end, after a rollback, and after the schema has
// changed; while its rows are being read it serves nobody else.
func TestCompiledStatementsServeAgain(t *testing.T) {
	db := openLite(t)
	const add, list = `INSERT INTO a (n, word) VALUES (?, ?)`, `SELECT n, word FROM a ORDER BY n`
	for i := range 20 {
		must(t, db, add, i, "good")
		_, err := db.Exec(add, 100+i, "bad")
		var lite *sqlite.Error
		if !errors.As(err, &lite) || lite.Code()&0xff != sqliteConstraint {
			t.Fatalf("a violated constraint: %v", err)
		}
		if _, err := db.Exec(add, i, "good"); !errors.As(err, &lite) || lite.Code() != sqliteConstraintPrimaryKey {
			t.Fatalf("a violated key: %v", err)
		}
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	outer, err := tx.Query(list)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; outer.Next(); n++ {
		var got int
		var word string
		if err := outer.Scan(&got, &word); err != nil || got != n {
			t.Fatalf("row %d of the outer reading: %d, %v", n, got, err)
		}
		var first int
		if err := tx.QueryRow(list).Scan(&first, &word); err != nil || first != 0 {
			t.Fatalf("the inner reading: %d, %v", first, err)
		}
		if n == 10 {
			break
		}
	}
	if err := errors.Join(outer.Err(), outer.Close()); err != nil { //nolint:sqlclosecheck // the transaction goes on without it
		t.Fatal(err)
	}
	must(t, tx, add, 50, "good")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	must(t, db, add, 50, "good")
	must(t, db, `ALTER TABLE a ADD COLUMN more TEXT NOT NULL DEFAULT 'x'`)
	const all = `SELECT * FROM a WHERE n = ?`
	for _, want := range []string{"n,word,at,more", "n,word,at,more,again"} {
		rows, err := db.Query(all, 50)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil || strings.Join(columns, ",") != want {
			t.Errorf("columns %v, %v, want %s", columns, err, want)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil { //nolint:sqlclosecheck // before the table changes
			t.Fatal(err)
		}
		if want == "n,word,at,more" {
			must(t, db, `ALTER TABLE a ADD COLUMN again TEXT`)
		}
	}
}

// However many different statements there are, a connection keeps a bounded
// number of them; one that is too long to keep works as well.
func TestCompiledStatementsAreBounded(t *testing.T) {
	db := openLite(t)
	for i := range 3 * mostCompiled {
		var n int
		if err := db.QueryRow(fmt.Sprintf(`SELECT %d + ?`, i), 1).Scan(&n); err != nil || n != i+1 {
			t.Fatalf("statement %d: %d, %v", i, n, err)
		}
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Raw(func(c any) error {
		kept := c.(*utcConn).compiled
		if n := len(kept.byText); n != mostCompiled || kept.recent.Len() != n {
			t.Errorf("%d statements are kept, %d in order, want %d", n, kept.recent.Len(), mostCompiled)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var n int
	long := `SELECT` + strings.Repeat(" ", longestCompiled) + `?`
	if err := conn.QueryRowContext(t.Context(), long, 7).Scan(&n); err != nil || n != 7 {
		t.Errorf("a long statement: %d, %v", n, err)
	}
}

// A reading that is given up in the middle leaves a connection that works.
func TestCompiledStatementsOutliveACancelledReading(t *testing.T) {
	db := openLite(t)
	for i := range 100 {
		must(t, db, `INSERT INTO a (n, word) VALUES (?, ?)`, i, "good")
	}
	const slow = `SELECT a.n FROM a, a AS b, a AS c, a AS d ORDER BY a.n + b.n + c.n + d.n`
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		rows, err := db.QueryContext(ctx, slow)
		if err == nil {
			for rows.Next() {
			}
			err = errors.Join(rows.Err(), rows.Close()) //nolint:sqlclosecheck // in a loop
		}
		cancel()
		if err == nil {
			t.Fatal("a long reading was not given up")
		}
		var n int
		if err := db.QueryRow(`SELECT COUNT(*) FROM a`).Scan(&n); err != nil || n != 100 {
			t.Fatalf("after it: %d, %v", n, err)
		}
	}
}

// Instants are stored as UTC text that sorts, and come back the same.
func TestInstantsAreStoredAsSortableText(t *testing.T) {
	db := openLite(t)
	at := time.Date(2026, 3, 1, 9, 30, 0, 123456789, time.FixedZone("", 6*3600))
	must(t, db, `INSERT INTO a (n, at) VALUES (1, ?)`, at)
	var text string
	var back time.Time
	if err := db.QueryRow(`SELECT CAST(at AS TEXT), at FROM a`).Scan(&text, &back); err != nil {
		t.Fatal(err)
	}
	if want := "2026-03-01 03:30:00.123456+00:00"; text != want || !back.Equal(at.Truncate(time.Microsecond)) {
		t.Errorf("stored %q, read %s", text, back)
	}
}
