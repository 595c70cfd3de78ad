package pgtest_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tamga-ca/tamga/internal/pgtest"
)

func open(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func TestCloneFillsItsTemplateOnce(t *testing.T) {
	var fills atomic.Int32
	name := "once " + time.Now().String()
	fill := func(db pgtest.Database) error {
		fills.Add(1)
		c, err := pgx.Connect(context.Background(), db.Owner)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close(context.Background()) }()
		_, err = c.Exec(context.Background(), "CREATE TABLE a (x int); INSERT INTO a VALUES (1); GRANT SELECT ON a TO "+pgtest.ReadOnlyRole)
		return err
	}
	t.Run("clones", func(t *testing.T) {
		for _, who := range []string{"one", "two", "three"} {
			t.Run(who, func(t *testing.T) {
				t.Parallel()
				db := pgtest.Clone(t, name, fill)
				owner := open(t, db.Owner)
				if _, err := owner.Exec(t.Context(), "INSERT INTO a VALUES (2)"); err != nil {
					t.Fatal(err)
				}
				var n int
				if err := open(t, db.ReadOnly).QueryRow(t.Context(), "SELECT count(*) FROM a").Scan(&n); err != nil {
					t.Fatal(err)
				}
				if n != 2 {
					t.Errorf("%d rows in a clone, want its own 2", n)
				}
				if _, err := open(t, db.App).Exec(t.Context(), "SELECT x FROM a"); err == nil {
					t.Error("the application role reads what was not granted to it")
				}
			})
		}
	})
	if got := fills.Load(); got != 1 {
		t.Errorf("filled %d times, want once", got)
	}
}

// A killed test leaves neither server nor files behind.
func TestClusterEndsWithItsProcess(t *testing.T) {
	if os.Getenv("PGTEST_CHILD") != "" {
		c, err := pgtest.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = os.Stdout.WriteString("address " + c.Address() + "\n")
		time.Sleep(time.Minute)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestClusterEndsWithItsProcess$")
	child.Env = append(os.Environ(), "PGTEST_CHILD=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 200)
	n, _ := out.Read(buf)
	_, address, _ := strings.Cut(strings.TrimSpace(string(buf[:n])), "address ")
	dsn := "postgres://postgres@" + address + "/postgres?sslmode=disable"
	var dir string
	if err := open(t, dsn).QueryRow(t.Context(), "SHOW data_directory").Scan(&dir); err != nil {
		t.Fatal(err)
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	for range 200 {
		if _, err = os.Stat(filepath.Dir(dir)); os.IsNotExist(err) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !os.IsNotExist(err) {
		t.Errorf("%s is still there", filepath.Dir(dir))
	}
	if c, err := pgx.Connect(t.Context(), dsn); err == nil {
		_ = c.Close(t.Context())
		t.Error("the server still answers")
	}
}
