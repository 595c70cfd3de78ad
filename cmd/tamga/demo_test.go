package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/tamga-ca/tamga/internal/demo"
	"github.com/tamga-ca/tamga/internal/store"
)

// A demo that an older program made is brought up to date; one that was made for
// another address is refused and stays as it was.
func TestDemoTakesUpOlderData(t *testing.T) {
	dir, base := t.TempDir(), "http://127.0.0.1:8080"
	place := Demo{}.place(dir)
	report, err := json.Marshal(demo.Report{BaseURL: base})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "demo.json"), report, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Demo{}).prepare(t.Context(), place, "http://127.0.0.1:9090"); err == nil {
		t.Error("another address is accepted")
	}
	if _, err := os.Stat(sqliteFile(place.DataDir)); err == nil {
		t.Error("a refused start made a database")
	}
	// An empty database is the oldest there is.
	if err := os.WriteFile(sqliteFile(place.DataDir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if fresh, err := (Demo{}).prepare(t.Context(), place, base); err != nil || fresh {
		t.Fatalf("fresh %v, %v", fresh, err)
	}
	s, err := store.Open(t.Context(), store.Config{DSN: sqliteFile(place.DataDir)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.CheckVersion(t.Context()); err != nil {
		t.Error(err)
	}
}
