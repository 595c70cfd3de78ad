package pgtest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tamga-ca/tamga/internal/child"
)

// EnvServer names the variable that holds the address of a running cluster, as
// [Cluster.Address] returns it.
const EnvServer = "TAMGA_TEST_PG"

// The roles of a cluster; see the package comment.
const (
	OwnerRole    = "tamga_owner"
	AppRole      = "tamga_app"
	ReadOnlyRole = "tamga_readonly"
	superuser    = "postgres"
)

// supervise runs postgres below a shell that outlives a killed test by the
// moment it takes to stop the server and remove its files. $1 is the server, $2
// the cluster's directory, $3 the port; the rest are settings.
const supervise = `
trap 'kill -QUIT "$server" 2>/dev/null' INT TERM
program=$1 dir=$2 port=$3
shift 3
"$program" -D "$dir/data" -k "$dir" -p "$port" -c listen_addresses=127.0.0.1 -c max_connections=300 "$@" >"$dir/log" 2>&1 &
server=$!
wait "$server"
wait "$server" 2>/dev/null
rm -rf "$dir"
`

// careless are the settings of a cluster whose data nobody will miss.
var careless = []string{"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "autovacuum=off"}

// Cluster is a PostgreSQL server that this process started.
type Cluster struct {
	address string
	server  *child.Process
}

// Start makes a cluster and waits until it answers. The caller stops it; if the
// process ends first, however it ends, the server stops by itself.
func Start(ctx context.Context) (*Cluster, error) { return startWith(ctx, careless...) }

// StartDurable is Start of a cluster that syncs as in production: for measuring,
// and for what a crash must not lose.
func StartDurable(ctx context.Context) (*Cluster, error) { return startWith(ctx) }

func startWith(ctx context.Context, settings ...string) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	var last error
	for range 3 { // a free port may be taken between asking and using
		c, err := start(ctx, bin, settings)
		if err == nil {
			return c, nil
		}
		last = err
	}
	return nil, fmt.Errorf("starting postgresql: %w", last)
}

// Address is "127.0.0.1:port".
func (c *Cluster) Address() string { return c.address }

// Create makes an empty database, which lives as long as the cluster unless it
// is dropped.
func (c *Cluster) Create(ctx context.Context) (Database, error) {
	admin, err := pgx.Connect(ctx, dsn(c.address, superuser, superuser))
	if err != nil {
		return Database{}, err
	}
	defer func() { _ = admin.Close(ctx) }()
	name := "test_" + hex.EncodeToString(randomBytes(8))
	if err := createDatabase(ctx, admin, name, "template1"); err != nil {
		return Database{}, err
	}
	return at(c.address, name), nil
}

// Stop ends the server, dropping its clients, and waits until its files are
// gone.
func (c *Cluster) Stop() {
	_ = c.server.Stop(time.Minute)
}

func start(ctx context.Context, bin string, settings []string) (*Cluster, error) {
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	// Not os.TempDir: a socket's path may have 107 bytes, and the server's user
	// has to reach the directory.
	dir, err := os.MkdirTemp("/tmp", "tamga-pg-")
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*Cluster, error) {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return fail(err)
		}
	}
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"),
		"-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fail(fmt.Errorf("initdb: %w: %s", err, out))
	}
	port, err := freePort()
	if err != nil {
		return fail(err)
	}
	arguments := append([]string{"-c", supervise, "pgtest", filepath.Join(bin, "postgres"), dir, strconv.Itoa(port)}, settings...)
	server := exec.Command("/bin/sh", arguments...)
	server.Dir = dir
	server.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	process, err := child.Start(server)
	if err != nil {
		return fail(err)
	}
	c := &Cluster{address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), server: process}
	if err := c.prepare(ctx); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		c.Stop()
		return nil, fmt.Errorf("%w: %s", err, log)
	}
	return c, nil
}

// Checkpoint has everything written so far put on disk, so that a measurement
// after a bulk load is not one of the load.
func (c *Cluster) Checkpoint(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, dsn(c.address, superuser, superuser))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "CHECKPOINT")
	return err
}

// prepare waits for the server and makes the roles.
func (c *Cluster) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, dsn(c.address, superuser, superuser))
		if err == nil {
			defer func() { _ = conn.Close(ctx) }()
			_, err = conn.Exec(ctx, "CREATE ROLE "+OwnerRole+" LOGIN CREATEROLE; CREATE ROLE "+AppRole+" LOGIN; CREATE ROLE "+ReadOnlyRole+" LOGIN")
			return err
		}
		select {
		case <-c.server.Ended():
			return errors.New("the server ended at once")
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// binaries finds the newest server: PG_BINDIR, Debian's place, or PATH.
func binaries() (string, error) {
	if dir := os.Getenv("PG_BINDIR"); dir != "" {
		return dir, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return major(a) - major(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errors.New("no PostgreSQL server found: install the package postgresql, or set PG_BINDIR to the directory of its initdb")
}

func major(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

// unprivileged is the identity the server runs as: initdb refuses root. Nil
// means our own.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("started as root, and there is neither a user postgres nor nobody to run the server as")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func dsn(address, role, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(role), Host: address, Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}
