package templates

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestAssetsAreKeptForEverUnderTheirChecksum(t *testing.T) {
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	url, err := a.URL("app.css")
	if err != nil {
		t.Fatal(err)
	}
	get := func(path, encoding string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", encoding)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		return w
	}
	w := get(url, "gzip")
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("%s: %d %v", url, w.Code, w.Header())
	}
	if w := get("/assets/old/app.css", ""); w.Code != http.StatusOK || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("another build's checksum: %d %v", w.Code, w.Header())
	}
	if w := get("/assets/old/../templates/doc.go", ""); w.Code != http.StatusNotFound {
		t.Errorf("outside the folder: %d", w.Code)
	}
	if _, err := a.URL("nothing.css"); err == nil {
		t.Error("an asset that does not exist has an address")
	}
}

func TestTheStyleSheetLoadsOnlyOurFiles(t *testing.T) {
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`url\((?:"([^"]*)"|'([^']*)'|([^)]*))\)`).FindAllStringSubmatch(string(a.files["app.css"].body), -1) {
		name := m[1] + m[2] + m[3]
		if strings.HasPrefix(name, "vendor/") && !a.Complete() {
			continue
		}
		if _, ok := a.files[name]; !ok {
			t.Errorf("app.css asks for %.60q, which we do not serve", name)
		}
	}
}

func TestScriptsNeedNoEval(t *testing.T) {
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range a.files {
		if strings.HasPrefix(name, "js/") && regexp.MustCompile(`\beval\(|new Function\(|innerHTML|document\.write`).Match(f.body) {
			t.Errorf("%s evaluates or writes markup", name)
		}
	}
}

// Everything that can go wrong with a token has a sentence: the codes of the
// agent's protocol, the plug-in's, and those of our own scripts.
func TestEveryTokenErrorHasASentence(t *testing.T) {
	read := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	has := map[string]bool{}
	for _, m := range regexp.MustCompile(`data-code="(\w+)"`).FindAllStringSubmatch(read("partials/token.html"), -1) {
		has[m[1]] = true
	}
	// A page never reads these: the agent lets no script see them.
	hidden := map[string]bool{"HOST_NOT_ALLOWED": true, "ORIGIN_NOT_ALLOWED": true, "METHOD_NOT_ALLOWED": true, "CONTENT_TYPE": true, "TOO_LARGE": true, "POST": true}
	// A device that is gone, or a name that the provider answers itself.
	lost := map[string]bool{"TOKEN_INVALID": true, "TOKEN_NOT_PRESENT": true, "DEVICE_ERROR": true, "SESSION_INVALID": true}
	codes := []string{ // of the plug-in, as docs/agent.md does not name them
		"CERTIFICATE_NOT_FOUND", "MECHANISM_INVALID", "FUNCTION_REJECTED", "ALREADY_LOGGED_IN", "UNKNOWN_ERROR",
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z0-9_]+)` \\|").FindAllStringSubmatch(read("../docs/agent.md"), -1) {
		codes = append(codes, m[1])
	}
	if len(codes) < 20 {
		t.Fatalf("docs/agent.md has %d codes", len(codes)-5)
	}
	scripts, err := filepath.Glob("assets/js/token/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		for _, m := range regexp.MustCompile(`(?:TokenError|phrase)\('([A-Z_]+)'`).FindAllStringSubmatch(read(s), -1) {
			codes = append(codes, m[1])
		}
	}
	for _, code := range codes {
		if !has[code] && !hidden[code] && !lost[code] {
			t.Errorf("%s has no sentence in partials/token.html", code)
		}
	}
}
