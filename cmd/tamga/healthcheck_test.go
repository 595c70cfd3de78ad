package main

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// logged is a writer for several at once.
type logged struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestHealthcheck(t *testing.T) {
	status := http.StatusOK
	asked := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.WriteHeader(status)
	})
	plain, secure := httptest.NewServer(asked), httptest.NewTLSServer(asked)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	own := filepath.Join(t.TempDir(), "own.pem")
	if err := os.WriteFile(own, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	address := func(s *httptest.Server) string {
		return strings.TrimPrefix(strings.TrimPrefix(s.URL, "http://"), "https://")
	}
	for name, c := range map[string]struct {
		status int
		args   []string
		want   int
	}{
		"ready":             {200, []string{"--listen", address(plain)}, 0},
		"not ready":         {503, []string{"--listen", address(plain)}, 1},
		"https":             {200, []string{"--listen", address(secure), "--tls-cert", own}, 0},
		"https not trusted": {200, []string{"--url", secure.URL + "/readyz"}, 1},
		"bundle":            {200, []string{"--url", secure.URL + "/readyz", "--bundle", own}, 0},
		"elsewhere":         {200, []string{"--url", plain.URL + "/none"}, 1},
		"nonsense":          {200, []string{"--url", "nonsense"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			status = c.status
			var out logged // a server's log goes there too, beside us
			if got := run(append([]string{"healthcheck"}, c.args...), strings.NewReader(""), io.Discard, &out); got != c.want {
				t.Errorf("exit status %d, want %d: %s", got, c.want, &out)
			}
		})
	}
}
