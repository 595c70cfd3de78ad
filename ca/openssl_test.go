package ca

import (
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// opensslVerify has openssl verify a certificate at the middle of its
// validity, strictly, under its policy.
func opensslVerify(t *testing.T, i *Issuer, c *x509.Certificate) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		f := filepath.Join(dir, name)
		if err := os.WriteFile(f, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return f
	}
	at := c.NotBefore.Add(c.NotAfter.Sub(c.NotBefore) / 2)
	out, err := exec.Command("openssl", "verify", "-x509_strict", "-explicit_policy", "-policy_check", "-policy", c.Policies[0].String(),
		"-purpose", "smimesign", "-attime", strconv.FormatInt(at.Unix(), 10),
		"-CAfile", write("root.pem", PEM(i.Root)), "-untrusted", write("issuing.pem", PEM(i.Certificate)), write("leaf.pem", PEM(c))).CombinedOutput()
	if err != nil {
		t.Errorf("openssl verify at %s: %v\n%s", at.Format(time.RFC3339), err, out)
	}
}
