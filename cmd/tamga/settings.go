package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tamga-ca/tamga/internal/store"
)

// wrong is a setting that cannot be used: a sentence that names it by flag and
// variable and says why. Values are shown only where they cannot be secret.
func wrong(flag, why string, args ...any) error {
	return fmt.Errorf("--%s (%s): %s", flag, variable(flag), fmt.Sprintf(why, args...))
}

// variable is the environment's name of a flag.
func variable(flag string) string {
	return "TAMGA_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func checkListen(flag, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return wrong(flag, "%q is not an address like 127.0.0.1:8080 or :8080", address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return wrong(flag, "%q is not a port: a number from 0 to 65535 is needed", port)
	}
	if host != "" && host != "localhost" {
		if _, err := netip.ParseAddr(host); err != nil {
			return wrong(flag, "%q is not an IP address of this machine; leave it out to listen on all", host)
		}
	}
	return nil
}

// checkURL wants an address without path, query and user: "https://host[:port]".
func checkURL(flag, address string, schemes ...string) error {
	u, err := url.Parse(address)
	if err != nil {
		return wrong(flag, "%q is not a URL", address)
	}
	ok := false
	for _, s := range schemes {
		ok = ok || u.Scheme == s
	}
	switch {
	case !ok:
		return wrong(flag, "%q must begin with %s://", address, strings.Join(schemes, ":// or "))
	case u.Host == "" || u.Hostname() == "":
		return wrong(flag, "%q names no host", address)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return wrong(flag, "%q must be scheme, host and port only", address)
	}
	return nil
}

func checkDuration(flag string, d, least, most time.Duration) error {
	if d < least || d > most {
		return wrong(flag, "%s is not between %s and %s", d, least, most)
	}
	return nil
}

// checkPostgres wants a PostgreSQL DSN. It never shows it: it may hold a
// password.
func checkPostgres(flag, dsn string) error {
	if !store.IsPostgres(dsn) {
		return wrong(flag, "not a PostgreSQL DSN: it must look like postgres://user@host/database")
	}
	if _, err := pgx.ParseConfig(dsn); err != nil {
		why := errors.Unwrap(err)
		if why == nil {
			return wrong(flag, "not a readable PostgreSQL DSN")
		}
		return wrong(flag, "not a readable PostgreSQL DSN: %v", why)
	}
	return nil
}

func checkFile(flag, path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return wrong(flag, "there is no file %s", path)
	case err != nil:
		return wrong(flag, "%v", err)
	case info.IsDir():
		return wrong(flag, "%s is a directory; a file is needed", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return wrong(flag, "%v", err)
	}
	return f.Close()
}

// checkDirectory wants an existing directory in which we may make files.
func checkDirectory(flag, path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return wrong(flag, "there is no directory %s", path)
	case err != nil:
		return wrong(flag, "%v", err)
	case !info.IsDir():
		return wrong(flag, "%s is not a directory", path)
	}
	probe, err := os.CreateTemp(path, ".writable-*")
	if err != nil {
		return wrong(flag, "nothing can be written to %s: %v", path, errors.Unwrap(err))
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// within says whether a path is a directory or something below it.
func within(path, directory string) bool {
	p, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	d, err := filepath.Abs(directory)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(d, p)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
