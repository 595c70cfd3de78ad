package templates

import (
	"net/http"
	"net/http/httptest"
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
