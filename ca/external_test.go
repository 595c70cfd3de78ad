package ca

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crypto/x509"

	"github.com/jackc/pgx/v5"

	"github.com/tamga-ca/tamga/internal/pgtest"
	"github.com/tamga-ca/tamga/internal/registry"
)

// stepCA is the stock binary, built from our own module graph.
var stepCA = sync.OnceValues(func() (string, error) {
	build := exec.Command("go", "tool", "-n", "github.com/smallstep/certificates/cmd/step-ca")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=") // without smart cards; not instrumented
	var problem strings.Builder
	build.Stderr = &problem
	out, err := build.Output()
	if err != nil {
		return "", fmt.Errorf("building step-ca: %w: %s", err, problem.String())
	}
	return strings.TrimSpace(string(out)), nil
})

// external is the stock step-ca on its own PostgreSQL.
type external struct {
	t        *testing.T
	layout   Layout
	database Database
	client   *Client
	crl      string
	process  *exec.Cmd
}

func newExternal(t *testing.T) *external {
	t.Helper()
	l := initCA(t, P256)
	d, err := PostgresDatabase(pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	crl, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteConfig(l.Config(), ConfigOptions{
		RootCertificate: l.RootCertificate(), IssuingCertificate: l.IssuingCertificate(), IssuingKey: l.IssuingKey(),
		ProvisionerKey: l.Provisioner(), Address: address, DNSNames: []string{"127.0.0.1"}, CRLAddress: crl,
		Database: d, Profile: testProfile(),
	}); err != nil {
		t.Fatal(err)
	}
	i, err := LoadIssuer(l.IssuingCertificate(), l.RootCertificate(), testProfile())
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(ClientOptions{
		URL: "https://" + address, CABundle: PEM(i.Root), ProvisionerKey: l.Provisioner(), Issuer: i, Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	x := &external{t: t, layout: l, database: d, client: c, crl: "http://" + crl + "/crl"}
	x.start()
	t.Cleanup(x.kill)
	return x
}

func (x *external) start() {
	x.t.Helper()
	binary, err := stepCA()
	if err != nil {
		x.t.Fatal(err)
	}
	x.process = exec.Command(binary, x.layout.Config(), "--password-file", x.layout.Password())
	x.process.Env = append(os.Environ(), "STEPPATH="+x.layout.Dir)
	output, err := os.Create(filepath.Join(x.layout.Dir, "log"))
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = output.Close() }()
	x.process.Stdout, x.process.Stderr = output, output
	if err := x.process.Start(); err != nil {
		x.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = x.client.Health(x.t.Context()); err == nil {
			return
		}
	}
	b, _ := os.ReadFile(output.Name())
	x.t.Fatalf("step-ca did not start: %v\n%s", err, b)
}

func (x *external) kill() {
	_ = x.process.Process.Kill()
	_ = x.process.Wait()
}

func TestExternal(t *testing.T) {
	x := newExternal(t)
	w := wanted(t)
	intent := intend(t, x.client.Issuer(), w)
	got, err := x.client.Sign(t.Context(), intent, w.Request.DER)
	if err != nil {
		t.Fatal(err)
	}
	want, err := x.client.Issuer().expected(intent, w.Request.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.RawTBSCertificate) != string(want.RawTBSCertificate) {
		t.Error("what was linted is not what was signed")
	}
	opensslVerify(t, x.client.Issuer(), got)
	if err := raw(t, x.client, nil); !errors.Is(err, ErrRefused) {
		t.Errorf("a token without content: %v", err)
	}
	stray := newSerial()
	n, err := number(stray)
	if err != nil {
		t.Fatal(err)
	}
	if err := raw(t, x.client, map[string]any{"qs": map[string]any{"rawSubject": intent.Subject, "serial": n.String(), "profile": "holder"}}); err != nil {
		t.Fatal(err)
	}
	strays, err := Reconcile(t.Context(), x.database, func(s registry.Serial, _ string) (bool, error) { return s == intent.Serial, nil })
	if err != nil || len(strays) != 1 || strays[0].Serial != stray {
		t.Errorf("%d strays, %v", len(strays), err)
	}
	for range 2 {
		if err := x.client.Revoke(t.Context(), intent.Serial, Superseded); err != nil {
			t.Fatal(err)
		}
	}
	x.opensslRevoked(got)
	der, facts, err := x.client.FetchCRL(t.Context())
	if err != nil || len(der) == 0 || !facts.Lists(intent.Serial) || facts.Lists(stray) {
		t.Errorf("step-ca's own list: %+v %v", facts, err)
	}
	delegate(t, x.client) // step-ca delegates OCSP to us as the embedded one does
}

// opensslRevoked has openssl find the certificate on step-ca's own CRL.
func (x *external) opensslRevoked(c *x509.Certificate) {
	x.t.Helper()
	answer, err := http.Get(x.crl)
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	crl, err := io.ReadAll(answer.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	dir := x.t.TempDir()
	for name, b := range map[string][]byte{"crl.der": crl, "leaf.pem": PEM(c), "chain.pem": x.client.Issuer().Chain()} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			x.t.Fatal(err)
		}
	}
	verify := exec.Command("openssl", "verify", "-crl_check", "-CAfile", "chain.pem", "-CRLfile", "crl.der", "leaf.pem")
	verify.Dir = dir
	out, err := verify.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "certificate revoked") {
		x.t.Errorf("openssl: %v %s", err, out)
	}
}

// One token, used by several at once, serves once: the isolation level that
// PostgresDatabase demands does that.
func TestExternalTokensAreSingleUse(t *testing.T) {
	x := newExternal(t)
	subject := encode(t, testSubject())
	for range 15 {
		n, err := number(newSerial())
		if err != nil {
			t.Fatal(err)
		}
		ott, err := x.client.token("/sign", "x", map[string]any{"qs": map[string]any{"rawSubject": subject, "serial": n.String(), "profile": "holder"}})
		if err != nil {
			t.Fatal(err)
		}
		results := make([]error, 4)
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() { results[i] = rawToken(t, x.client, ott) })
		}
		wg.Wait()
		signed := 0
		for _, err := range results {
			if err == nil {
				signed++
			}
		}
		if signed > 1 {
			t.Fatalf("one token was used %d times", signed)
		}
	}
}

// kill -9 in the middle of signing, then the same intents again: each serial
// once, with the content that was first signed.
func TestExternalKilledInTheMiddle(t *testing.T) {
	x := newExternal(t)
	const workers, each = 4, 15
	type job struct {
		intent Intent
		csr    []byte
	}
	jobs := make([]job, workers*each)
	for i := range jobs {
		w := wanted(t)
		jobs[i] = job{intend(t, x.client.Issuer(), w), w.Request.DER}
	}
	first := make([]*x509.Certificate, len(jobs))
	unknown := make([]bool, len(jobs))
	var wg sync.WaitGroup
	signed := make(chan struct{}, len(jobs))
	for w := range workers {
		wg.Go(func() {
			for i := w * each; i < (w+1)*each; i++ {
				c, err := x.client.Sign(t.Context(), jobs[i].intent, jobs[i].csr)
				if err != nil && !errors.Is(err, ErrUnavailable) {
					t.Errorf("while it was killed: %v", err)
				}
				first[i], unknown[i] = c, err != nil
				signed <- struct{}{}
			}
		})
	}
	for range workers * 2 {
		<-signed
	}
	x.kill()
	wg.Wait()
	x.start()
	known := map[registry.Serial]bool{}
	outcomes := 0
	for i, j := range jobs {
		known[j.intent.Serial] = true
		if unknown[i] {
			outcomes++
		}
		again, err := x.client.Sign(t.Context(), j.intent, j.csr)
		if err != nil {
			t.Fatalf("after the restart: %v", err)
		}
		if first[i] != nil && string(first[i].RawTBSCertificate) != string(again.RawTBSCertificate) {
			t.Errorf("serial %s was signed with two contents", j.intent.Serial)
		}
	}
	if outcomes == 0 {
		t.Error("the kill came too late: every outcome was known")
	}
	counted := map[registry.Serial]int{}
	strays, err := Reconcile(t.Context(), x.database, func(s registry.Serial, _ string) (bool, error) {
		counted[s]++
		return known[s], nil
	})
	if err != nil || len(strays) > 0 || len(counted) != len(jobs) {
		t.Errorf("%d certificates of %d intents, %d strays, %v", len(counted), len(jobs), len(strays), err)
	}
}

// step-ca goes on saying that it is well; the canary does not.
func TestExternalWithoutItsDatabase(t *testing.T) {
	x := newExternal(t)
	conn, err := pgx.Connect(t.Context(), x.database.DataSource)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if _, err := conn.Exec(t.Context(), "ALTER TABLE used_ott RENAME TO gone"); err != nil {
		t.Fatal(err)
	}
	w := wanted(t)
	intent := intend(t, x.client.Issuer(), w)
	if _, err := x.client.Sign(t.Context(), intent, w.Request.DER); !errors.Is(err, ErrUnavailable) {
		t.Errorf("sign: %v", err)
	}
	x.client.canary.good = time.Time{}
	if err := x.client.Health(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("health: %v", err)
	}
	if _, err := conn.Exec(t.Context(), "ALTER TABLE gone RENAME TO used_ott"); err != nil {
		t.Fatal(err)
	}
	if _, err := x.client.Sign(t.Context(), intent, w.Request.DER); err != nil {
		t.Errorf("sign, when it is back: %v", err)
	}
	if err := x.client.Health(t.Context()); err != nil {
		t.Errorf("health, when it is back: %v", err)
	}
}
