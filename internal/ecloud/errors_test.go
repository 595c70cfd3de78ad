package ecloud_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
)

// Every refusal has a sentence in each catalog.
func TestRefusalsHaveTheirSentences(t *testing.T) {
	keys := []string{ecloud.KeyLocked, ecloud.KeyThrottled}
	for _, e := range []*registry.Error{
		ecloud.ErrWrong, ecloud.ErrBusy, ecloud.ErrPINShape, ecloud.ErrPINEasy, ecloud.ErrPINPersonal,
		ecloud.ErrCodeTyped, ecloud.ErrCode, ecloud.ErrCodeExpired, ecloud.ErrCodeBurnt, ecloud.ErrAddress,
	} {
		if e.Kind == 0 {
			t.Errorf("%s has no kind", e.Key)
		}
		keys = append(keys, e.Key)
	}
	for _, lang := range registry.Languages {
		b, err := os.ReadFile(filepath.Join("..", "..", "templates", "locales", string(lang)+".toml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if !regexp.MustCompile(`(?m)^"` + regexp.QuoteMeta(key) + `" = `).Match(b) {
				t.Errorf("%s: no sentence for %s", lang, key)
			}
		}
	}
}
