package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Database is one database of a test's own, by the DSN of each role.
type Database struct {
	Name      string
	Owner     string // owns the database and the schema public
	App       string
	ReadOnly  string
	Superuser string
}

// process is the cluster that this process's tests share.
var process = sync.OnceValues(func() (string, error) {
	if address := os.Getenv(EnvServer); address != "" {
		return address, nil
	}
	c, err := Start(context.Background())
	if err != nil {
		return "", err
	}
	return c.Address(), nil
})

// DSN is the owner's DSN of an empty database, dropped when the test ends.
func DSN(t testing.TB) string {
	t.Helper()
	return New(t).Owner
}

// New makes an empty database, dropped when the test ends.
func New(t testing.TB) Database {
	t.Helper()
	return create(t, "template1")
}

// Clone makes a copy of a template database, dropped when the test ends. The
// template is filled once per cluster by the first test that names it, so its
// name must say what is in it: take a hash of the migrations into it, not only
// a word. fill must close what it opens.
func Clone(t testing.TB, template string, fill func(Database) error) Database {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	sum := sha256.Sum256([]byte(template))
	name := "template_" + hex.EncodeToString(sum[:8])
	if err := ensureTemplate(ctx, name, fill); err != nil {
		t.Fatalf("pgtest: filling template %q: %v", template, err)
	}
	return create(t, name)
}

// ensureTemplate fills a template unless another test, maybe of another
// process, has done it. It is filled under another name and renamed, so that a
// half-filled one is never cloned.
func ensureTemplate(ctx context.Context, name string, fill func(Database) error) error {
	admin, err := connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close(ctx) }()
	if _, err := admin.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", name); err != nil {
		return err
	}
	var exists bool
	if err := admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil || exists {
		return err
	}
	half := "half_" + name
	if _, err := admin.Exec(ctx, "DROP DATABASE IF EXISTS "+half+" WITH (FORCE)"); err != nil {
		return err
	}
	if err := createDatabase(ctx, admin, half, "template1"); err != nil {
		return err
	}
	if err := fill(named(half)); err != nil {
		return err
	}
	// A server process outlives its client's Close by a moment.
	if _, err := admin.Exec(ctx, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", half); err != nil {
		return err
	}
	if _, err := admin.Exec(ctx, "ALTER DATABASE "+half+" ALLOW_CONNECTIONS false"); err != nil {
		return err
	}
	_, err = admin.Exec(ctx, "ALTER DATABASE "+half+" RENAME TO "+name)
	return err
}

func create(t testing.TB, template string) Database {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	admin, err := connect(ctx)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	defer func() { _ = admin.Close(ctx) }()
	name := "test_" + hex.EncodeToString(randomBytes(8))
	if err := createDatabase(ctx, admin, name, template); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() { drop(t, name) })
	return named(name)
}

func createDatabase(ctx context.Context, admin *pgx.Conn, name, template string) error {
	if _, err := admin.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s OWNER %s TEMPLATE %s STRATEGY FILE_COPY", name, OwnerRole, template)); err != nil {
		return fmt.Errorf("creating database %s: %w", name, err)
	}
	return nil
}

func drop(t testing.TB, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	admin, err := connect(ctx)
	if err != nil {
		t.Errorf("pgtest: %v", err)
		return
	}
	defer func() { _ = admin.Close(ctx) }()
	if _, err := admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		t.Errorf("pgtest: dropping %s: %v", name, err)
	}
}

func named(database string) Database {
	address, _ := process() // connected before
	return at(address, database)
}

func at(address, database string) Database {
	return Database{
		Name:      database,
		Owner:     dsn(address, OwnerRole, database),
		App:       dsn(address, AppRole, database),
		ReadOnly:  dsn(address, ReadOnlyRole, database),
		Superuser: dsn(address, superuser, database),
	}
}

func connect(ctx context.Context) (*pgx.Conn, error) {
	address, err := process()
	if err != nil {
		return nil, err
	}
	return pgx.Connect(ctx, dsn(address, superuser, superuser))
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand aborts the process instead
	return b
}
