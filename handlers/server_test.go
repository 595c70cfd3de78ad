package handlers

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/templates"
)

// testNow is the rules' clock of the tests.
var testNow = time.Date(2026, 4, 2, 3, 12, 40, 0, time.UTC)

var testWords = map[string]templates.Words{
	"ky": {
		Sig:    templates.Cases{Nom: "КЭК", Gen: "КЭКтин", Dat: "КЭКке", Acc: "КЭКти", Loc: "КЭКте", Abl: "КЭКтен"},
		Mark:   templates.Cases{Nom: "колтамга", Gen: "колтамганын", Dat: "колтамгага", Acc: "колтамганы", Loc: "колтамгада", Abl: "колтамгадан"},
		System: templates.Cases{Nom: "система", Gen: "системанын", Dat: "системага", Acc: "системаны", Loc: "системада", Abl: "системадан"},
	},
	"ru": {Sig: templates.Cases{Nom: "КЭП"}, Mark: templates.Cases{Nom: "подпись"}, System: templates.Cases{Nom: "система"}},
	"en": {Sig: templates.Cases{Nom: "CEP"}, Mark: templates.Cases{Nom: "signature"}, System: templates.Cases{Nom: "system"}},
}

var testRenderer = sync.OnceValues(func() (*templates.Renderer, error) { return templates.New(testWords) })

// testDeps are what a server needs, with nothing stored and nobody logged in.
func testDeps(t *testing.T) Deps {
	t.Helper()
	r, err := testRenderer()
	if err != nil {
		t.Fatal(err)
	}
	authority := map[registry.Language]templates.Authority{}
	for l, notice := range map[registry.Language]string{
		registry.Kyrgyz: "Сыноо сертификаты: юридикалык күчү жок.", registry.Russian: "Тестовый сертификат: юридической силы не имеет.", registry.English: "Test certificate: it has no legal force.",
	} {
		authority[l] = templates.Authority{Name: "Dos Tek Group", Phones: []string{"+996 312 000 100"}, Notice: notice}
	}
	return Deps{
		Log:       slog.New(slog.DiscardHandler),
		Now:       func() time.Time { return testNow },
		Renderer:  r,
		Sessions:  memstore.NewWithCleanupInterval(0),
		Authority: authority,
		BaseURL:   "http://127.0.0.1:8080",
		Demo:      true,
	}
}

func TestEveryPublicPageAnswers(t *testing.T) {
	e, err := New(testDeps(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/login", "/healthz", "/readyz", "/assets/x/app.css"} {
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		if rec.Code != http.StatusOK {
			t.Errorf("GET %s: %d\n%s", path, rec.Code, rec.Body)
		}
	}
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/nowhere", nil))
	if rec.Code != http.StatusNotFound {
		t.Errorf("GET /nowhere: %d", rec.Code)
	}
}
