//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The harness notices what it has to notice; otherwise a green run says
// nothing.
func TestHarnessNoticesWhatGoesWrong(t *testing.T) {
	const clean = `<!doctype html><html lang="ky"><head><meta charset="utf-8"><title>Тамга</title></head><body><main><h1>Тамга</h1><p>Өтүнмө</p></main></body></html>`
	pages := map[string]string{
		"/clean":  clean,
		"/script": strings.Replace(clean, "</main>", "<script>1</script></main>", 1),
		"/style":  strings.Replace(clean, "<p>", `<p style="color:red">`, 1),
		"/throw":  strings.Replace(clean, "</main>", `<script src="/throw.js"></script></main>`, 1),
		"/other":  strings.Replace(clean, "</main>", `<img alt="" src="http://127.0.0.1:1/a.png"></main>`, 1),
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		switch {
		case r.URL.Path == "/throw.js":
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte(`throw new Error("broken")`))
		case pages[r.URL.Path] != "":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(pages[r.URL.Path]))
		case r.URL.Path == "/500":
			http.Error(w, "broken", http.StatusInternalServerError)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	t.Cleanup(site.Close)
	for path, want := range map[string]string{
		"/clean":  "",
		"/script": "script-src",
		"/style":  "style-src",
		"/throw":  "broken",
		"/other":  "img-src",
		"/500":    "answer 500",
	} {
		t.Run(path[1:], func(t *testing.T) {
			p := open(t, &Server{URL: site.URL})
			p.Goto(path)
			if path == "/clean" {
				p.See("Өтүнмө")
				p.Accessible()
				p.Size(360, 640)
				p.Fits()
				return
			}
			got := strings.Join(p.wait(), "\n")
			if !strings.Contains(got, want) {
				t.Errorf("noticed %q, want %q", got, want)
			}
			p.forget()
		})
	}
}
