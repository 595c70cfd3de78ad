package store_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/migrations"
)

// Every table that the migrations call append-only refuses in the database
// itself, and of whoever owns it, each way to change, remove or replace a row.
func TestAppendOnlyTables(t *testing.T) {
	tables, err := migrations.AppendOnly()
	if err != nil || !slices.Contains(tables, "journal_entries") {
		t.Fatal(tables, err)
	}
	for name, d := range databases(t) {
		t.Run(name, func(t *testing.T) {
			if err := openStore(t, d.dsn).Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			raw := openRaw(t, d.driver, d.raw)
			raw.SetMaxOpenConns(1)
			for _, table := range tables {
				t.Run(table, func(t *testing.T) {
					a := newAppendOnly(t, raw, table, d.driver == "pgx")
					for i, k := range a.keys() {
						a.refuses(10*(i+1), k)
					}
				})
			}
		})
	}
}

// appendOnly is one table, whose rows a test may fill with anything.
type appendOnly struct {
	t       *testing.T
	db      *sql.DB
	name    string
	pg      bool
	columns []string // with the hidden number of SQLite's rows, if none shows it
	types   map[string]string
}

// key is a unique one of a table.
type key struct {
	columns   []string
	condition string // of a partial index
}

func newAppendOnly(t *testing.T, db *sql.DB, name string, pg bool) *appendOnly {
	t.Helper()
	a := &appendOnly{t: t, db: db, name: name, pg: pg, types: map[string]string{}}
	a.read()
	if !pg {
		if a.number() == "rowid" {
			a.columns = append(a.columns, "rowid")
		}
		a.do("PRAGMA foreign_keys = OFF")
		a.do("PRAGMA ignore_check_constraints = ON")
		return a
	}
	for _, constraint := range a.strings(`SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('c', 'f')`, name) {
		a.do("ALTER TABLE " + name + " DROP CONSTRAINT " + constraint)
	}
	return a
}

// read takes the columns from the database.
func (a *appendOnly) read() {
	a.t.Helper()
	rows, err := a.db.Query("SELECT * FROM " + a.name + " LIMIT 0")
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.ColumnTypes()
	if err != nil {
		a.t.Fatal(err)
	}
	for _, c := range columns {
		a.columns = append(a.columns, c.Name())
		a.types[c.Name()] = c.DatabaseTypeName()
	}
	if err := rows.Err(); err != nil {
		a.t.Fatal(err)
	}
}

func (a *appendOnly) do(q string) {
	a.t.Helper()
	if _, err := a.db.Exec(q); err != nil {
		a.t.Fatalf("%s: %v", q, err)
	}
}

func (a *appendOnly) strings(q string, args ...any) []string {
	a.t.Helper()
	rows, err := a.db.Query(q, args...)
	if err != nil {
		a.t.Fatalf("%s: %v", q, err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			a.t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		a.t.Fatal(err)
	}
	return out
}

// number is the column that shows the number that SQLite gives each row.
func (a *appendOnly) number() string {
	a.t.Helper()
	primary := a.strings(`SELECT name || ' ' || type FROM pragma_table_info(?) WHERE pk > 0`, a.name)
	if name, ok := strings.CutSuffix(primary[0], " INTEGER"); ok && len(primary) == 1 {
		return name
	}
	return "rowid"
}

// keys are the primary one on PostgreSQL, where a row is replaced by UPDATE, and
// on SQLite, which removes whatever is in the way, all of them.
func (a *appendOnly) keys() []key {
	if a.pg {
		return []key{{columns: a.strings(`SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
			WHERE i.indrelid = $1::regclass AND i.indisprimary`, a.name)}}
	}
	out := []key{{columns: []string{a.number()}}}
	for _, index := range a.strings(`SELECT name FROM pragma_index_list(?) WHERE "unique"`, a.name) {
		k := key{columns: a.strings(`SELECT name FROM pragma_index_info(?)`, index)}
		if made := a.strings(`SELECT sql FROM sqlite_master WHERE name = ? AND sql IS NOT NULL`, index); len(made) > 0 {
			_, k.condition, _ = strings.Cut(made[0], " WHERE ")
		}
		out = append(out, k)
	}
	return out
}

var (
	isWord = regexp.MustCompile(`^(\w+) (?:= |IN \()('\w+')`)
	isNull = regexp.MustCompile(`^(\w+) IS (NOT )?NULL$`)
)

// row is one made of n, but of m where it is in the key, that the key's index
// holds.
func (a *appendOnly) row(n, m int, k key) string {
	a.t.Helper()
	values := make([]string, len(a.columns))
	for i, c := range a.columns {
		number := n
		if slices.Contains(k.columns, c) {
			number = m
		}
		values[i] = fmt.Sprintf("'%d'", number)
		switch typ := a.types[c]; {
		case strings.HasPrefix(typ, "TIMESTAMP"):
			values[i] = fmt.Sprintf("'%d-01-01 00:00:00'", 2000+number)
		case strings.HasPrefix(typ, "BOOL"):
			values[i] = "TRUE"
		}
	}
	if k.condition != "" {
		var column, value string
		if m := isWord.FindStringSubmatch(k.condition); m != nil {
			column, value = m[1], m[2]
		} else if m := isNull.FindStringSubmatch(k.condition); m != nil && m[2] == "" {
			column, value = m[1], "NULL"
		} else if m == nil {
			a.t.Fatalf("%s: this test cannot read the condition %q", a.name, k.condition)
		}
		if i := slices.Index(a.columns, column); i >= 0 {
			values[i] = value
		}
	}
	return "INTO " + a.name + " (" + strings.Join(a.columns, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
}

// refuses adds a row and tries to change it, by one of its keys too.
func (a *appendOnly) refuses(n int, k key) {
	a.t.Helper()
	a.do("INSERT " + a.row(n, n, k))
	before := a.content()
	set := " SET " + a.columns[0] + " = " + a.columns[0]
	excluded := " SET " + a.columns[0] + " = excluded." + a.columns[0]
	tries := []string{"UPDATE " + a.name + set, "DELETE FROM " + a.name}
	another := a.row(n+1, n, k)
	if a.pg {
		tries = append(tries, "TRUNCATE "+a.name+" CASCADE", "INSERT "+another+" ON CONFLICT ("+strings.Join(k.columns, ", ")+") DO UPDATE"+excluded)
	} else {
		tries = append(tries, "UPDATE OR REPLACE "+a.name+set, "INSERT OR REPLACE "+another, "INSERT "+another+" ON CONFLICT DO UPDATE"+excluded)
	}
	for _, q := range tries {
		if _, err := a.db.Exec(q); err == nil || !strings.Contains(err.Error(), "append-only") {
			a.t.Errorf("%s: %v", q, err)
		}
	}
	if after := a.content(); !slices.Equal(before, after) {
		a.t.Errorf("before: %v\nafter: %v", before, after)
	}
}

func (a *appendOnly) content() []string {
	a.t.Helper()
	var columns []string
	for _, c := range a.columns {
		columns = append(columns, "COALESCE(CAST("+c+" AS TEXT), '')")
	}
	return a.strings("SELECT " + strings.Join(columns, " || ' ' || ") + " FROM " + a.name + " ORDER BY 1")
}
