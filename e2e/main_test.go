//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// work holds what this run builds and keeps: binaries, the browser's profile.
var work string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	var err error
	if work, err = os.MkdirTemp("", "tamga-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(work) }()
	defer stopBrowser()
	return m.Run()
}

// tamga is the path of the server's binary, built once a run.
var tamga = sync.OnceValues(func() (string, error) { return build("tamga", "../cmd/tamga", "CGO_ENABLED=0") })

// stepCA is the path of the stock step-ca, built from our own module graph.
var stepCA = sync.OnceValues(func() (string, error) {
	return build("step-ca", "github.com/smallstep/certificates/cmd/step-ca", "CGO_ENABLED=0")
})

func build(name, pkg string, env ...string) (string, error) {
	path := filepath.Join(work, name)
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", path, pkg)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	return path, nil
}

func binary(t *testing.T, build func() (string, error)) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
