package ca

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The procedure for the root's list works as docs/relying-parties.md has it:
// with it openssl checks the whole chain, and refuses an issuing CA that was
// revoked.
func TestRootCRLProcedure(t *testing.T) {
	doc, err := os.ReadFile("../docs/relying-parties.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```bash\n(.*?)```").FindSubmatch(doc)
	if block == nil {
		t.Fatal("the document has no procedure")
	}
	layout := initCA(t, P256)
	_, c := startCA(t, layout)
	dir := t.TempDir()
	for from, to := range map[string]string{
		layout.RootCertificate(): "root.crt", layout.IssuingCertificate(): "issuing.crt", layout.RootKey(): "root.key", layout.RootPassword(): "root-password",
	} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(env string) {
		t.Helper()
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", string(block[1]))
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(strings.Repeat("y\n", 2))
		cmd.Env = append(os.Environ(), env)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	signer := crlSigner(t, layout)
	leaf := leafOf(t, c)
	now := leaf.NotBefore
	der, err := signer.Sign(new(CRL), 1, now, now.AddDate(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	issuing := filepath.Join(dir, "issuing.der")
	if err := os.WriteFile(issuing, der, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "leaf.pem"), PEM(leaf), 0o600); err != nil {
		t.Fatal(err)
	}
	verify := func() string {
		t.Helper()
		pem := filepath.Join(dir, "issuing.pem")
		if out, err := exec.Command("openssl", "crl", "-inform", "DER", "-in", issuing, "-out", pem).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		cmd := exec.Command("openssl", "verify", "-crl_check_all", "-CAfile", "root.crt", "-untrusted", "issuing.crt", "-CRLfile", "issuing.pem", "-CRLfile", "root.pem", "leaf.pem")
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	for _, turn := range []struct{ env, says string }{{"REVOKE_ISSUING=", "leaf.pem: OK"}, {"REVOKE_ISSUING=CACompromise", "certificate revoked"}} {
		run(turn.env)
		if out := verify(); !strings.Contains(out, turn.says) {
			t.Errorf("%s: %s", turn.env, out)
		}
		list, err := c.Issuer().LoadRootCRL(filepath.Join(dir, "root.crl"))
		if err != nil || len(list) == 0 {
			t.Errorf("the server does not take it: %v", err)
		}
	}
	if _, err := c.Issuer().LoadRootCRL(issuing); err == nil {
		t.Error("a list that the root did not sign was taken")
	}
	if list, err := c.Issuer().LoadRootCRL(filepath.Join(dir, "nowhere")); err != nil || list != nil {
		t.Errorf("without a list: %v", err)
	}
}
