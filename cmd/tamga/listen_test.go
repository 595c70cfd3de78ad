package main

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A request under way finishes; a new one finds nobody.
func TestServeAllFinishesWhatIsUnderWay(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "done")
	})
	pages, err := listen(t.Context(), "127.0.0.1:0", slow, "", "")
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := listen(t.Context(), "127.0.0.1:0", metricsHandler(prometheus.NewRegistry()), "", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serveAll(ctx, 10*time.Second, pages, metrics) }()

	answer := make(chan string, 1)
	go func() { answer <- get(t, "http://"+pages.address()) }()
	<-entered
	if got := get(t, "http://"+metrics.address()+"/metrics"); got == "" {
		t.Error("no metrics")
	}
	stop()
	time.Sleep(50 * time.Millisecond)
	close(release)
	if got := <-answer; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://" + pages.address()); err == nil {
		t.Error("still answers")
	}
}

func TestServeAllCutsOffWhoTakesTooLong(t *testing.T) {
	entered := make(chan struct{})
	pages, err := listen(t.Context(), "127.0.0.1:0", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	}), "", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serveAll(ctx, 20*time.Millisecond, pages) }()
	go func() {
		if answer, err := http.Get("http://" + pages.address()); err == nil {
			_ = answer.Body.Close()
		}
	}()
	<-entered
	stop()
	if err := <-ended; err == nil {
		t.Error("a request that was cut off is not reported")
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}
