// Package store owns the databases: SQLite by default, PostgreSQL by DSN, one
// schema (package migrations) and the same methods on both. GORM ends here:
// row types stay inside, the types of package registry go out.
//
// Reads run in a transaction that always rolls back, so that a hidden write
// fails. Writes are called by package workflow only, one transaction each.
// Every guarded UPDATE reports "nobody was there" as a registry.Conflict.
// Times are UTC with microseconds.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/migrations"
)

// Config says which database to open.
type Config struct {
	// DSN is a PostgreSQL connection string (postgres://… or key=value), or
	// the path of an SQLite file.
	DSN string
	// ReadDSN, if set, is a PostgreSQL connection string of a read-only role
	// for auditors' queries; otherwise DSN serves them too.
	ReadDSN string
	// MaxConns bounds the PostgreSQL pool; 0 means 20.
	MaxConns int
}

// Store is an open database.
type Store struct {
	dialect migrations.Dialect
	write   *gorm.DB
	read    *gorm.DB
	groups  *groups // SQLite's writes
	closers []*sql.DB

	watching sync.Mutex
	watchers []func([]registry.Serial) // of changes of status
}

// IsPostgres tells a PostgreSQL DSN from an SQLite path.
func IsPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") || strings.Contains(dsn, "host=") || strings.Contains(dsn, "dbname=")
}

// Open connects to the database; it does not migrate. A database that does
// not answer is an error.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.DSN == "" {
		return nil, errors.New("opening the database: no DSN given")
	}
	if IsPostgres(cfg.DSN) {
		return openPostgres(ctx, cfg)
	}
	return openSQLite(ctx, cfg)
}

func openSQLite(ctx context.Context, cfg Config) (*Store, error) {
	// recursive_triggers: REPLACE is a DELETE to the triggers that refuse it.
	const pragmas = "_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=recursive_triggers(1)&_pragma=synchronous(FULL)&_time_format=sqlite"
	base := "file:" + escapePath(cfg.DSN) + "?" + pragmas
	s := &Store{dialect: migrations.SQLite}
	open := func(more string, most int) (*gorm.DB, error) {
		connector, err := newConnector(base + more)
		if err != nil {
			return nil, err
		}
		db := sql.OpenDB(connector)
		db.SetMaxOpenConns(most)
		db.SetMaxIdleConns(most)
		s.closers = append(s.closers, db)
		if err := db.PingContext(ctx); err != nil {
			return nil, err
		}
		return gorm.Open(sqliteDialect{db}, gormConfig())
	}
	var err error
	// The journal of a savepoint is kept in memory: its file would be made and
	// filled anew by nearly every write.
	if s.write, err = open("&_txlock=immediate&_pragma=temp_store(MEMORY)", 1); err != nil {
		s.Close()
		return nil, fmt.Errorf("opening SQLite database %s: %w", cfg.DSN, err)
	}
	if s.read, err = open("&_pragma=query_only(1)", 8); err != nil {
		s.Close()
		return nil, fmt.Errorf("opening SQLite database %s for reading: %w", cfg.DSN, err)
	}
	s.groups = &groups{db: s.write, age: groupAge}
	return s, nil
}

func escapePath(p string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(p)
}

func openPostgres(ctx context.Context, cfg Config) (*Store, error) {
	s := &Store{dialect: migrations.PostgreSQL}
	open := func(dsn string) (*gorm.DB, error) {
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			return nil, err
		}
		// Every statement here ends in an index within milliseconds; compiling
		// one, because the planner thinks it long, takes tenths of a second.
		db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, `SET jit = off`)
			return err
		}))
		n := cfg.MaxConns
		if n == 0 {
			n = 20
		}
		db.SetMaxOpenConns(n)
		db.SetMaxIdleConns(n)
		db.SetConnMaxIdleTime(5 * time.Minute)
		s.closers = append(s.closers, db)
		if err := db.PingContext(ctx); err != nil {
			return nil, err
		}
		return gorm.Open(postgres.New(postgres.Config{Conn: db}), gormConfig())
	}
	var err error
	if s.write, err = open(cfg.DSN); err != nil {
		s.Close()
		return nil, fmt.Errorf("opening the PostgreSQL database: %w", err)
	}
	s.read = s.write
	if cfg.ReadDSN != "" {
		if s.read, err = open(cfg.ReadDSN); err != nil {
			s.Close()
			return nil, fmt.Errorf("opening the PostgreSQL database as the read-only role: %w", err)
		}
	}
	return s, nil
}

func gormConfig() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Default.LogMode(logger.Silent),
		SkipDefaultTransaction: true,
		NowFunc:                func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
	}
}

// Dialect says which SQL the database speaks.
func (s *Store) Dialect() migrations.Dialect { return s.dialect }

// Alone says that no other program works on the database, as on SQLite.
func (s *Store) Alone() bool { return s.dialect == migrations.SQLite }

// Ping asks the database for a sign of life.
func (s *Store) Ping(ctx context.Context) error {
	db, err := s.write.DB()
	if err != nil {
		return err
	}
	return db.PingContext(ctx)
}

// Close ends all connections.
func (s *Store) Close() error {
	var errs []error
	for _, db := range s.closers {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

// Tx is a transaction. Its methods are the store's whole vocabulary; those
// that change something work only inside Write.
type Tx struct {
	db      *gorm.DB
	dialect migrations.Dialect
	serials []registry.Serial // whose status it changed
	single  *single           // nil: any number of statements
}

var errReadDone = errors.New("read transaction over")

// Read runs f in a read-only transaction.
func (s *Store) Read(ctx context.Context, f func(*Tx) error) error {
	opts := &sql.TxOptions{ReadOnly: s.dialect == migrations.PostgreSQL, Isolation: sql.LevelDefault}
	err := s.read.WithContext(ctx).Transaction(func(db *gorm.DB) error {
		if err := f(&Tx{db: db, dialect: s.dialect}); err != nil {
			return err
		}
		return errReadDone
	}, opts)
	if errors.Is(err, errReadDone) {
		return nil
	}
	return mapError(err)
}

// Write runs f in one transaction: all of it or nothing.
func (s *Store) Write(ctx context.Context, f func(*Tx) error) error {
	var tx *Tx
	run := func(db *gorm.DB) error {
		tx = &Tx{db: db, dialect: s.dialect}
		return f(tx)
	}
	var err error
	if s.groups != nil {
		err = s.groups.write(ctx, run)
	} else {
		err = s.write.WithContext(ctx).Transaction(run)
	}
	if tx != nil {
		s.restated(tx.serials)
	}
	return mapError(err)
}

// exec runs a statement and returns how many rows it touched. GORM spreads a
// slice, bytes too, that stands right behind a parenthesis: never let a blob
// be the first of VALUES (?, …).
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	if err := tx.single.allow(query); err != nil {
		return 0, err
	}
	r := tx.db.Exec(query, args...)
	if r.Error != nil {
		return 0, mapError(r.Error)
	}
	return r.RowsAffected, nil
}

// scan reads the rows of a query into dst, a pointer to a value or a row
// struct, or to a slice of them, and says whether there was a row. It is GORM's
// Scan without the statement that Scan composes for a log.
func (tx *Tx) scan(dst any, query string, args ...any) (found bool, err error) {
	if err := tx.single.allow(query); err != nil {
		return false, err
	}
	rows, err := tx.db.Raw(query, args...).Rows()
	if err != nil {
		return false, mapError(err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return false, mapError(rows.Err())
	}
	return true, mapError(tx.db.ScanRows(rows, dst))
}

// query scans rows into dst, a pointer to a slice of row structs or values.
func (tx *Tx) query(dst any, query string, args ...any) error {
	_, err := tx.scan(dst, query, args...)
	return err
}

// one scans exactly one row, or reports NotFound.
func (tx *Tx) one(dst any, query string, args ...any) error {
	found, err := tx.scan(dst, query, args...)
	if err == nil && !found {
		return notFound()
	}
	return err
}

// blob scans the bytes of one column, named blob, of one row, or reports
// NotFound.
func (tx *Tx) blob(query string, args ...any) ([]byte, error) {
	var row struct{ Blob []byte }
	err := tx.one(&row, query, args...)
	return row.Blob, err
}

// insert adds a row and returns its id.
func (tx *Tx) insert(query string, args ...any) (int64, error) {
	var id int64
	_, err := tx.scan(&id, query+" RETURNING id", args...)
	return id, err
}

// skipLocked is the clause that lets several workers share a queue;
// SQLite's one writer needs none.
func (tx *Tx) skipLocked() string {
	if tx.dialect == migrations.PostgreSQL {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// forUpdate locks the rows read; SQLite's one writer has them already.
func (tx *Tx) forUpdate() string {
	if tx.dialect == migrations.PostgreSQL {
		return " FOR UPDATE"
	}
	return ""
}
