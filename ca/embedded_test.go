package ca

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smallstep/certificates/authority/config"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Stopped in the middle of signing, the CA leaves unknown outcomes; the same
// intents finish when it is back, through the same client.
func TestEmbeddedStopsInTheMiddle(t *testing.T) {
	e, c := startCA(t, initCA(t, P256))
	type job struct {
		intent Intent
		csr    []byte
		err    error
	}
	jobs := make([]job, 40)
	for i := range jobs {
		w := wanted(t)
		jobs[i] = job{intent: intend(t, c.Issuer(), w), csr: w.Request.DER}
	}
	var wg sync.WaitGroup
	begun := make(chan struct{}, len(jobs))
	for i := range jobs {
		wg.Go(func() {
			begun <- struct{}{}
			_, jobs[i].err = c.Sign(t.Context(), jobs[i].intent, jobs[i].csr)
		})
	}
	for range len(jobs) / 2 {
		<-begun
	}
	stopping := time.Now()
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(stopping); took > 10*time.Second {
		t.Errorf("stopping took %s", took)
	}
	wg.Wait()
	if err := c.Health(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("health of a stopped CA: %v", err)
	}
	if err := e.Stop(); err != nil {
		t.Errorf("stopped twice: %v", err)
	}
	for range 2 { // the second start does nothing
		if err := e.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, j := range jobs {
		if j.err != nil && !errors.Is(j.err, ErrUnavailable) {
			t.Errorf("while stopping: %v", j.err)
		}
		if _, err := c.Sign(t.Context(), j.intent, j.csr); err != nil {
			t.Errorf("after the restart: %v", err)
		}
	}
	known := map[registry.Serial]bool{}
	for _, j := range jobs {
		known[j.intent.Serial] = true
	}
	strays, err := e.Reconcile(t.Context(), func(s registry.Serial, _ string) (bool, error) { return known[s], nil })
	if err != nil || len(strays) > 0 {
		t.Errorf("%d strays, %v", len(strays), err)
	}
}

func TestSecondStartIsRefused(t *testing.T) {
	e, _ := sharedCA(t)
	second, err := NewEmbedded(e.layout, testProfile())
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(t.Context()); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
	_, err = Reconcile(t.Context(), BoltDatabase(e.layout.Database()), func(registry.Serial, string) (bool, error) { return true, nil })
	if !errors.Is(err, ErrLocked) {
		t.Errorf("reading the file of a running CA: %v", err)
	}
}

// A start that fails leaves nothing locked.
func TestFailedStart(t *testing.T) {
	l := initCA(t, P256)
	password, err := os.ReadFile(l.Password())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.Password(), []byte("wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := NewEmbedded(l, testProfile())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context()); err == nil || strings.Contains(err.Error(), "wrong\n") {
		t.Fatalf("with a wrong password: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := os.WriteFile(l.Password(), password, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.Start(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled start: %v", err)
	}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
}

func TestInit(t *testing.T) {
	l := initCA(t, P256)
	if err := Init(InitOptions{Layout: l, Organisation: "x", Name: "x", Profile: testProfile()}); !errors.Is(err, ErrExists) {
		t.Errorf("over a CA: %v", err)
	}
	fresh := layoutIn(t.TempDir())
	if err := Init(InitOptions{Layout: fresh, Organisation: "x", Name: "x", KeyType: "RSA-1024", Profile: testProfile()}); err == nil {
		t.Error("a weak CA was made")
	}
	err := filepath.WalkDir(fresh.Dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSecretFiles(t *testing.T) {
	l, err := originals[P256]()
	if err != nil {
		t.Fatal(err)
	}
	for file, mode := range map[string]os.FileMode{
		l.Dir: 0o700, l.Secrets: 0o700, l.Offline(): 0o700, l.IssuingKey(): 0o600, l.Config(): 0o600, l.Password(): 0o600,
		l.Provisioner(): 0o600, l.RootKey(): 0o600, l.RootPassword(): 0o600, l.RootCertificate(): 0o644, l.IssuingCertificate(): 0o644,
	} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %o, want %o", file, info.Mode().Perm(), mode)
		}
	}
	for _, file := range []string{l.IssuingKey(), l.RootKey()} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), "BEGIN ENCRYPTED PRIVATE KEY") {
			t.Errorf("%s is not encrypted PKCS#8", file)
		}
	}
	cfg, err := config.LoadConfiguration(l.Config())
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(l.Config())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), `"d":`) || strings.Contains(string(b), "encryptedKey") {
		t.Error("ca.json contains the provisioner's private key")
	}
}

func TestRootKeyPresent(t *testing.T) {
	l := initCA(t, P256)
	expect := func(want ...string) {
		t.Helper()
		found, err := l.RootKeyPresent()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(found, " ") != strings.Join(want, " ") {
			t.Errorf("found %v, want %v", found, want)
		}
	}
	expect(l.RootKey())
	// In the clear under another name it is found too.
	hidden := filepath.Join(l.Secrets, "backup.pem")
	out, err := exec.Command("openssl", "pkey", "-in", l.RootKey(), "-passin", "file:"+l.RootPassword(), "-out", hidden).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if err := os.Rename(l.Offline(), filepath.Join(t.TempDir(), "elsewhere")); err != nil {
		t.Fatal(err)
	}
	expect(hidden)
	if err := os.Remove(hidden); err != nil {
		t.Fatal(err)
	}
	expect()
}

func TestPostgresDatabase(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://u@h/ca": "postgres://u@h/ca?default_transaction_isolation=repeatable%20read",
		"postgresql://h/ca?sslmode=disable&default_transaction_isolation=serializable": "postgresql://h/ca?default_transaction_isolation=serializable&sslmode=disable",
		"postgres://h/ca?default_transaction_isolation=read%20committed":               "",
		"host=h dbname=ca": "",
		"mysql://h/ca":     "",
	} {
		d, err := PostgresDatabase(dsn)
		if d.DataSource != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v", dsn, d.DataSource, err)
		}
	}
}

// A certificate made with the provisioner's key behind our back.
func TestReconcileFindsStrays(t *testing.T) {
	l := initCA(t, P256)
	e, c := startCA(t, l)
	w := wanted(t)
	intent := intend(t, c.Issuer(), w)
	if _, err := c.Sign(t.Context(), intent, w.Request.DER); err != nil {
		t.Fatal(err)
	}
	secret := newSerial()
	n, err := number(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := raw(t, c, map[string]any{"qs": map[string]any{"rawSubject": intent.Subject, "serial": n.String(), "profile": "operator"}}); err != nil {
		t.Fatal(err)
	}
	known := func(s registry.Serial, key string) (bool, error) {
		return s == intent.Serial && key == w.Request.KeyHash, nil
	}
	check := func(how string, strays []Stray, err error) {
		t.Helper()
		if err != nil || len(strays) != 1 || strays[0].Serial != secret || len(strays[0].Certificate) == 0 {
			t.Errorf("%s: %d strays, %v", how, len(strays), err)
		}
	}
	strays, err := e.Reconcile(t.Context(), known)
	check("running", strays, err)
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
	strays, err = Reconcile(t.Context(), BoltDatabase(l.Database()), known)
	check("stopped", strays, err)
	failing := errors.New("database")
	if _, err := e.Reconcile(t.Context(), func(registry.Serial, string) (bool, error) { return false, failing }); !errors.Is(err, failing) {
		t.Errorf("got %v", err)
	}
}
