package workflow_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/ocsp"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/pgtest"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/store/storetest"
	"github.com/tamga-ca/tamga/internal/token"
	"github.com/tamga-ca/tamga/workflow"
)

// answering is how a victim tells relying parties; nil: it does not.
func (v *victim) answering(layout ca.Layout) (*workflow.Answering, error) {
	if v.Answers == nil {
		return nil, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(v.Answers)
	if err != nil {
		return nil, err
	}
	issuing, err := layout.IssuingSigner()
	return &workflow.Answering{Key: key.(crypto.Signer), KeyID: "ocsp.1", CRLKey: issuing}, err
}

// revoke says that it is up and carries out the decisions, over and over until
// every report is concluded, and says on its output what it has acknowledged: a
// serial that is revoked, the number of a list that is published. Nothing that
// fails ends it.
func (v *victim) revoke(ctx context.Context, s *store.Store, f *workflow.Flow, who *colleague) error {
	_, _ = fmt.Fprintln(os.Stdout, "up")
	rounds := 400
	if v.FullAfter > 0 {
		rounds = 20 // a full disk stays full
	}
	acknowledged := 0
	for range rounds {
		open := 0
		for _, id := range v.Reports {
			serial, done, err := v.decide(ctx, s, f, who, id)
			if err != nil || !done {
				open++
			}
			if serial != "" {
				_, _ = fmt.Fprintln(os.Stdout, "revoked", serial)
				if acknowledged++; acknowledged == v.FullAfter {
					if err := fillDisk(); err != nil {
						return err
					}
				}
			}
		}
		f.Rested()
		for _, work := range []func(context.Context) (bool, error){f.KeepSigner, f.Follow, f.Answer, f.PublishCRL} {
			if _, err := work(ctx); err != nil {
				open++
			}
		}
		if l, err := f.CRL(ctx); err == nil {
			_, _ = fmt.Fprintln(os.Stdout, "list", l.Number, l.SHA256)
		}
		if open == 0 {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

// fillDisk lets this program write no further than the first page of any file.
func fillDisk() error {
	signal.Ignore(syscall.SIGXFSZ)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: 4096})
}

// decide revokes the certificate of a report that is open; serial names it if
// this call did.
func (v *victim) decide(ctx context.Context, s *store.Store, f *workflow.Flow, who *colleague, id registry.ReportID) (serial registry.Serial, done bool, err error) {
	var r *registry.Report
	var cert *registry.Certificate
	if err := s.Read(ctx, func(tx *store.Tx) (err error) {
		if r, err = tx.Report(id); err == nil {
			cert, err = tx.Certificate(r.CertificateID)
		}
		return err
	}); err != nil {
		return "", false, err
	}
	if r.Status != registry.ReportReceived {
		return "", true, nil
	}
	in := workflow.ReportDecision{ID: id, Version: r.Version, Action: registry.ReportRevoke, Cause: r.Cause, Text: "Чечим", Origin: "https://ca.example.kg", Session: "browser"}
	q, err := f.AskReportDecision(ctx, who.Actor, in)
	if err != nil {
		return "", false, err
	}
	cms, err := token.Sign(q.Expected, who.cert, who.key, time.Now())
	if err != nil {
		return "", false, err
	}
	if err := f.DecideReport(ctx, who.Actor, in, q.Challenge, cms); err != nil {
		return "", false, err
	}
	return cert.Serial, true, nil
}

// disaster is an office whose revocations are carried out by programs that come
// to harm.
type disaster struct {
	*responder
	dsn     string
	answers []byte

	mu      sync.Mutex
	up      int                      // programs that have started
	said    map[registry.Serial]bool // acknowledged
	numbers map[string]string        // SHA-256 of a list by its number
	last    int64
}

func newDisaster(t *testing.T, dsn string) *disaster {
	t.Helper()
	d := &disaster{responder: newResponder(t, storetest.Open(t, dsn)), dsn: dsn, said: map[registry.Serial]bool{}, numbers: map[string]string{}}
	var err error
	if d.answers, err = x509.MarshalPKCS8PrivateKey(d.cfg.Answering.Key); err != nil {
		t.Fatal(err)
	}
	return d
}

// reported are n certificates that somebody has reported, from the first'th
// person on.
func (d *disaster) reported(first, n int) (ids []registry.ReportID, certs []*x509.Certificate) {
	d.t.Helper()
	for i := range n {
		cert := d.issued(first + i)
		d.catchUp()
		r, err := d.flow.Report(d.t.Context(), d.clerk.Actor, called(&registry.Certificate{Serial: ca.SerialOf(cert.SerialNumber), HolderName: "Асанова Гүлнара"}, "device_stolen"))
		if err != nil {
			d.t.Fatal(err)
		}
		ids, certs = append(ids, r.ID), append(certs, cert)
	}
	return ids, certs
}

// start runs a program against the reports; what it says is kept.
func (d *disaster) start(v victim) *exec.Cmd {
	d.t.Helper()
	v.DSN, v.Answers = d.dsn, d.answers
	cmd := d.program(v)
	cmd.Stdout, cmd.Stderr = d, os.Stderr
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	return cmd
}

// Write takes what a program says; a line is written at once.
func (d *disaster) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for line := range strings.SplitSeq(string(p), "\n") {
		words := strings.Fields(line)
		switch {
		case line == "up":
			d.up++
		case len(words) == 2 && words[0] == "revoked":
			d.said[registry.Serial(words[1])] = true
		case len(words) == 3 && words[0] == "list":
			if before, ok := d.numbers[words[1]]; ok && before != words[2] {
				d.t.Errorf("two lists have the number %s", words[1])
			}
			d.numbers[words[1]] = words[2]
		}
	}
	return len(p), nil
}

func (d *disaster) acknowledged() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.said)
}

func (d *disaster) started() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.up
}

// until waits until n are counted.
func (d *disaster) until(n int, what string, count func() int) {
	d.t.Helper()
	eventually(d.t, what, func() error {
		if have := count(); have < n {
			return fmt.Errorf("%d of %d", have, n)
		}
		return nil
	})
}

// ended waits for a program that is to come to its end by itself.
func (d *disaster) ended(cmd *exec.Cmd) {
	d.t.Helper()
	if err := cmd.Wait(); err != nil {
		d.t.Errorf("a program that nobody killed: %v", err)
	}
}

func (d *disaster) kill(cmd *exec.Cmd) {
	d.t.Helper()
	_ = cmd.Process.Kill()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
}

// whole looks for what was lost: every acknowledged revocation stands in the
// register, OCSP and the CRL tell it, and the list's number is a new one. all
// says that none is left open.
func (d *disaster) whole(what string, certs []*x509.Certificate, all bool) {
	d.t.Helper()
	d.catchUp()
	machine := time.Now().UTC().Add(time.Hour) // the leases of the dead are over
	f := d.another()
	f.OnMachine(func() time.Time { return machine })
	d.advance(2 * time.Second)
	f.Rested()
	d.round(f)
	listed, l := d.listed(f)
	if l.Number < d.last {
		d.t.Errorf("%s: list %d after list %d", what, l.Number, d.last)
	}
	d.last = l.Number
	n := 0
	for _, cert := range certs {
		serial := ca.SerialOf(cert.SerialNumber)
		var c *registry.Certificate
		d.read(func(tx *store.Tx) (err error) {
			c, err = tx.CertificateBySerial(serial)
			return err
		})
		if d.said[serial] || all {
			n++
			if c.Status != registry.CertRevoked {
				d.t.Errorf("%s: the revocation of %s was lost", what, serial)
			}
		}
		revoked := c.Status == registry.CertRevoked
		if got := d.ask(f, cert); (got.Status == ocsp.Revoked) != revoked {
			d.t.Errorf("%s: %s is %s and OCSP says %d", what, serial, c.Status, got.Status)
		}
		if _, there := listed[serial]; there != revoked {
			d.t.Errorf("%s: %s is %s and on the list: %t", what, serial, c.Status, there)
		}
	}
	if n == 0 {
		d.t.Errorf("%s: nothing was revoked", what)
	}
	countKill(d.t, "revoking", what)
}

// TestKilledRevocations revokes with programs that are killed -9, whose disk is
// full, whose CA is away, whose rules' clock goes back by an hour: no revocation
// that was acknowledged is lost, nothing is "good" after it, and no number of a
// list is used twice.
func TestKilledRevocations(t *testing.T) {
	d := newDisaster(t, filepath.Join(t.TempDir(), "tamga.db"))
	var every []*x509.Certificate
	next := 1
	batch := func(n int) []registry.ReportID {
		ids, certs := d.reported(next, n)
		next += n
		every = append(every, certs...)
		return ids
	}
	for range 2 {
		before := d.acknowledged()
		cmd := d.start(victim{Reports: batch(6)})
		d.until(before+2, "revocations", d.acknowledged)
		d.kill(cmd)
		d.whole("killed", every, false)
	}
	ids, before := batch(6), d.acknowledged()
	d.ended(d.start(victim{Reports: ids, FullAfter: 2}))
	if n := d.acknowledged() - before; n != 2 {
		t.Errorf("with a full disk after two %d of %d were revoked", n, len(ids))
	}
	d.whole("disk full", every, false)
	d.ended(d.start(victim{Reports: ids}))
	d.ended(d.start(victim{Reports: batch(3), CAURL: "https://localhost:1"}))
	d.whole("CA away", every, false)
	d.ended(d.start(victim{Reports: batch(3), Behind: time.Hour}))
	d.whole("clock an hour back", every, false)
	var open []registry.ReportID
	d.read(func(tx *store.Tx) error {
		all, err := tx.OpenReports(1000)
		for _, r := range all {
			open = append(open, r.ID)
		}
		return err
	})
	d.ended(d.start(victim{Reports: open}))
	d.whole("in the end", every, true)
}

// TestKilledDatabase revokes with two servers on one PostgreSQL that crashes and
// starts again in the middle, one of the servers with it.
func TestKilledDatabase(t *testing.T) {
	cluster, err := pgtest.StartDurable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Stop)
	db, err := cluster.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := newDisaster(t, db.Owner)
	ids, certs := d.reported(1, 16)
	one, two := d.start(victim{Reports: ids[:8]}), d.start(victim{Reports: ids[8:], Behind: time.Hour})
	d.until(2, "programs", d.started) // one that starts in a crash ends, as it may
	for _, n := range []int{2, 5} {
		d.until(n, "revocations", d.acknowledged)
		crash(t, db.Superuser)
	}
	d.until(7, "revocations", d.acknowledged)
	d.kill(one)
	d.ended(two)
	d.settled()
	d.whole("PostgreSQL crashed", certs, false)
	d.ended(d.start(victim{Reports: ids}))
	d.whole("in the end", certs, true)
}

// crash kills -9 the process that serves a connection: PostgreSQL ends every
// other one, forgets its memory and recovers from its log.
func crash(t *testing.T, dsn string) {
	t.Helper()
	var conn *pgx.Conn
	eventually(t, "the database answers", func() (err error) { // it may still recover
		conn, err = pgx.Connect(t.Context(), dsn)
		return err
	})
	if err := syscall.Kill(int(conn.PgConn().PID()), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(t.Context())
}

// settled waits until the database answers and our own connections are new.
func (d *disaster) settled() {
	d.t.Helper()
	eventually(d.t, "the store answers", func() error {
		return d.store.Write(d.t.Context(), func(tx *store.Tx) error { _, err := tx.Operators(); return err })
	})
}

// eventually tries until there is no error, for a minute.
func eventually(t testing.TB, what string, try func() error) {
	t.Helper()
	for waited := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Since(waited) > time.Minute {
			t.Fatalf("%s: not after a minute: %v", what, err)
		}
	}
}
