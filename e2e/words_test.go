//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/handlers"
	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/templates"
)

// words are the catalogs' texts in one language, with one authority's words
// put in: tests find what is on a page by what a person reads there.
type words struct {
	t       *testing.T
	catalog *templates.Catalog
	pack    *authorities.Pack
	lang    string
}

func wordsOf(t *testing.T, authority, lang string) words {
	t.Helper()
	pack, err := authorities.Load(authority)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := templates.LoadCatalog(handlers.CatalogWords(pack))
	if err != nil {
		t.Fatal(err)
	}
	return words{t: t, catalog: catalog, pack: pack, lang: lang}
}

// T is the text of a message.
func (w words) T(key string, args ...any) string {
	w.t.Helper()
	text, err := w.catalog.Text(w.lang, key, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// begins is a message up to its first placeholder, for texts with values that
// a test does not know.
func (w words) begins(key string, args ...any) string {
	w.t.Helper()
	const mark = "\x00"
	for i := 1; i < len(args); i += 2 {
		args[i] = mark
	}
	before, _, _ := strings.Cut(w.T(key, args...), mark)
	return strings.TrimSpace(before)
}

// in is the same in another language.
func (w words) in(lang string) words {
	w.lang = lang
	return w
}
