package token_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/token"
)

// keptAuthority is the CA of the signatures in testdata; its keys are gone.
func keptAuthority(tb testing.TB) *authority {
	tb.Helper()
	read := func(name string) *x509.Certificate {
		block, _ := pem.Decode(must(os.ReadFile(filepath.Join("testdata", name)))(tb))
		return parse(tb, block.Bytes)
	}
	return &authority{root: read("root.pem"), issuing: read("issuing.pem")}
}

// A signature that was good once stays good: stored decisions are evidence.
func TestKeptSignatures(t *testing.T) {
	a := keptAuthority(t)
	files := must(filepath.Glob("testdata/*.cms"))(t)
	if len(files) < 9 {
		t.Fatalf("only %d files", len(files))
	}
	for _, f := range files {
		_, err := token.Verify(t.Context(), must(os.ReadFile(f))(t), content, a.options())
		if refused := strings.Contains(f, "refused-"); (err != nil) != refused {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// FuzzVerify: whatever comes, it is refused in words, or is a signature over
// the expected bytes by somebody whom our CA named.
func FuzzVerify(f *testing.F) {
	a := keptAuthority(f)
	for _, file := range must(filepath.Glob("testdata/*.cms"))(f) {
		f.Add(must(os.ReadFile(file))(f))
	}
	f.Add([]byte("-----BEGIN CMS-----\n-----END CMS-----\n"))
	f.Fuzz(func(t *testing.T, cms []byte) {
		s, err := token.Verify(t.Context(), cms, content, a.options())
		switch {
		case err == nil && (s.PersonalNumber != person || s.INN != organisation):
			t.Errorf("accepted as %v", s.Serial)
		case err != nil && registry.KindOf(err) == 0:
			t.Errorf("not a refusal: %v", err)
		}
	})
}
