package token_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/token"
)

// Every refusal has a sentence in each catalog.
func TestRefusalsHaveTheirSentences(t *testing.T) {
	keys := []string{token.KeyExpired, token.KeyNotYetUsable}
	for _, e := range []*registry.Error{
		token.ErrChallenge, token.ErrTooLarge, token.ErrMalformed, token.ErrDetached, token.ErrContent, token.ErrSigners, token.ErrKeyID,
		token.ErrNoCert, token.ErrAttributes, token.ErrSHA1, token.ErrAlgorithm, token.ErrSignature, token.ErrForeignCA, token.ErrRevoked,
		token.ErrSuspended, token.ErrUnknown, token.ErrUsage, token.ErrPolicy, token.ErrNames, token.ErrStatusUnavailable,
	} {
		if e.Kind == 0 {
			t.Errorf("%s has no kind", e.Key)
		}
		keys = append(keys, e.Key)
	}
	for _, lang := range registry.Languages {
		b := must(os.ReadFile(filepath.Join("..", "..", "templates", "locales", string(lang)+".toml")))(t)
		for _, key := range keys {
			if !regexp.MustCompile(`(?m)^"` + regexp.QuoteMeta(key) + `" = `).Match(b) {
				t.Errorf("%s: no sentence for %s", lang, key)
			}
		}
	}
}
