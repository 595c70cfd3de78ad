package journal_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/journal"
)

func TestVerifierKeyIsTheSecretsOther(t *testing.T) {
	for range 50 { // base64 with and without "+"
		secret, want, err := journal.GenerateKey(rand.Reader, "ca.example.kg/journal")
		if err != nil {
			t.Fatal(err)
		}
		got, err := journal.VerifierKey(secret + "\n")
		if err != nil || got != want {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
	for _, bad := range []string{"", "PRIVATE+KEY", "PRIVATE+KEY+a+00000000+AAAA", strings.Repeat("+", 9)} {
		if _, err := journal.VerifierKey(bad); err == nil {
			t.Errorf("%q has a verifier", bad)
		}
	}
}
