//go:build bench

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/pgtest"
)

// newStockAuthority starts the stock step-ca, built from our own module graph,
// as a process of its own on a PostgreSQL database of its own: the shape of
// production. The caller stops it.
func newStockAuthority(ctx context.Context, dir string, cluster *pgtest.Cluster, keys ca.KeyType) (*authority, error) {
	a, profile, err := founded(dir, keys)
	if err != nil {
		return nil, err
	}
	db, err := cluster.Create(ctx)
	if err != nil {
		return nil, err
	}
	database, err := ca.PostgresDatabase(db.Owner)
	if err != nil {
		return nil, err
	}
	if a.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if err := ca.WriteConfig(a.layout.Config(), ca.ConfigOptions{
		RootCertificate: a.layout.RootCertificate(), IssuingCertificate: a.layout.IssuingCertificate(), IssuingKey: a.layout.IssuingKey(),
		ProvisionerKey: a.layout.Provisioner(), Address: a.address, DNSNames: []string{"localhost"}, Database: database, Profile: profile,
	}); err != nil {
		return nil, err
	}
	issuer, err := ca.LoadIssuer(a.layout.IssuingCertificate(), a.layout.RootCertificate(), profile)
	if err != nil {
		return nil, err
	}
	a.name, a.bundle = "step-ca a process, "+string(keys), ca.PEM(issuer.Root)
	_, port, err := net.SplitHostPort(a.address)
	if err != nil {
		return nil, err
	}
	if a.client, err = ca.NewClient(ca.ClientOptions{
		URL: "https://localhost:" + port, CABundle: a.bundle, ProvisionerKey: a.layout.Provisioner(), Issuer: issuer,
	}); err != nil {
		return nil, err
	}
	return a, a.startStock(ctx)
}

// startStock runs step-ca and waits until it answers.
func (a *authority) startStock(ctx context.Context) error {
	binary, err := stockStepCA(ctx)
	if err != nil {
		return err
	}
	process := exec.Command(binary, a.layout.Config(), "--password-file", a.layout.Password())
	process.Env = append(os.Environ(), "STEPPATH="+a.layout.Dir)
	log, err := os.Create(filepath.Join(a.layout.Dir, "log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		return err
	}
	a.stop = func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = a.client.Health(ctx); err == nil {
			return nil
		}
	}
	a.stop()
	said, _ := os.ReadFile(log.Name())
	return fmt.Errorf("step-ca did not start: %w: %s", err, said)
}

// stockStepCA builds step-ca without smart cards, as its own releases are.
func stockStepCA(ctx context.Context) (string, error) {
	build := exec.CommandContext(ctx, "go", "tool", "-n", "github.com/smallstep/certificates/cmd/step-ca")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	var problem strings.Builder
	build.Stderr = &problem
	out, err := build.Output()
	if err != nil {
		return "", fmt.Errorf("building step-ca: %w: %s", err, problem.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// freeAddress is one of this machine that nobody listens at.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
